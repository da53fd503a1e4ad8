package experiments

import (
	"context"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/data"
)

// HeldOut is images of the run's set that it was not trained on, of its normal classes and without their labels: the
// other part of a drawn split, else the other split of the set's files, or what an evaluation keeps for its threshold. It
// fails when the set has none.
func (o *Opened) HeldOut(ctx context.Context) (*data.Source, error) {
	d := o.Settings.Data
	if d.Part != nil {
		return d.Part.heldOut(ctx, d)
	}
	part, err := parseDivision(d.Split)
	if err != nil {
		return nil, err
	}
	switch {
	case part.first > 0:
		part.later = !part.later
	case part.files == "test":
		part.files = "train"
	default: // of "all" there is nothing else, as the hash will tell
		part.files = "test"
	}
	d.Split = part.String()
	held, err := openData(ctx, d, o.Settings.Seed, nil)
	if err != nil {
		return nil, err
	}
	own, err := o.Data(ctx)
	if err != nil {
		return nil, err
	}
	if part.first == 0 && (o.Settings.Data.Split == "all" || held.Hash() == own.Hash()) {
		return nil, fmt.Errorf("experiments: %s was trained on all that there is of %s; train on a part with --set split=80/20", o.Run.Dir(), own.Name())
	}
	return held, nil
}
