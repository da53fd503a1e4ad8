package experiments

import (
	"context"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/data"
)

// HeldOut is images of the run's set that it was not trained on, of its normal classes and without their labels: the
// other part of a drawn split, else the other split of the set's files, or what an evaluation keeps for its threshold: its
// test images are of all classes, and which of them are normal is sealed. It fails when the set has none.
// [Opened.HeldOutWords] says which of these they are.
func (o *Opened) HeldOut(ctx context.Context) (*data.Source, error) {
	d := o.Settings.Data
	if d.Part != nil {
		return d.Part.heldOut(ctx, d)
	}
	part, _, err := d.otherPart()
	if err != nil {
		return nil, err
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

// HeldOutWords says which images [Opened.HeldOut] is, such as "the test images of its classes 0".
func (o *Opened) HeldOutWords() string {
	d := o.Settings.Data
	if d.Part != nil {
		return fmt.Sprintf("the normal training images that evaluation %s keeps for its threshold; none of its test images, whose labels are sealed", d.Part.Evaluation)
	}
	_, words, err := d.otherPart()
	if err != nil { // and no run either
		return "none"
	}
	if d.Normal != "" && d.Normal != "all" {
		words += " of its normal classes, " + d.Normal
	}
	return words
}

// otherPart is the division that a run does not train on, and what it is called.
func (d DataSettings) otherPart() (part division, words string, err error) {
	if part, err = parseDivision(d.Split); err != nil {
		return part, "", err
	}
	switch {
	case part.first > 0:
		part.later = !part.later
		words = "the part " + part.String() + " of the images"
	case part.files == "test":
		part.files, words = "train", "the training images"
	default: // of "all" there is nothing else, as the hash will tell
		part.files, words = "test", "the test images"
	}
	return part, words, nil
}
