package experiments

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Replayed is what came of repeating a run.
type Replayed struct {
	Run     *runlog.Run // the repetition
	Images  int64       // shown when both were compared
	Changes []string    // of machine and program since, as far as they can change a number

	Points  int         // iterations that both have
	Numbers int         // reported in them
	Metrics *Difference // the first one that differs; nil: none does
	Tensors int         // of the snapshots at the end: weights, running averages, moments
	Weights *Difference // nil: none differs
}

// Equal says whether the repetition is equal to the bit.
func (r Replayed) Equal() bool { return r.Metrics == nil && r.Weights == nil }

// Difference is how two recordings of the same thing differ.
type Difference struct {
	Where        string  // the first place: "D/loss at iteration 12", "generator/block1/w[17]"
	Was, Is      float64 // there
	Count, Of    int     // numbers that differ
	Largest      float64 // |difference|, NaN where one of two is no number
	LargestWhere string
}

// Replay trains a run once more, from its run.json alone, up to its newest snapshot, and compares the two. The repetition
// is a run below o.Out; o.Data says where the images lie if they were moved. Other images than the run's are refused.
func Replay(ctx context.Context, dir string, o Options) (Replayed, error) {
	was, err := runlog.Open(dir)
	if err != nil {
		return Replayed{}, err
	}
	_, s, _, err := rebuild(was)
	if err != nil {
		return Replayed{}, err
	}
	snap, _, err := was.Latest()
	if err != nil {
		return Replayed{}, fmt.Errorf("experiments: there is nothing to compare a repetition of %s with: %w", dir, err)
	}
	defer snap.Close()
	if err := s.Data.choose(o.Data); err != nil {
		return Replayed{}, err
	}
	info := was.Info()
	src, err := openData(ctx, s.Data, s.Seed, o.Progress)
	if err != nil {
		return Replayed{}, err
	}
	if src.Hash() != info.Data.Hash {
		return Replayed{}, fmt.Errorf("experiments: %s was trained on other images (%s, hash %.12s) than %s (hash %.12s); name the old ones with --data",
			dir, info.Data.Name, info.Data.Hash, src.Name(), src.Hash())
	}
	s.Images = snap.Images
	o.Given, o.Data, o.Backend = &s, "", orDefault(o.Backend, info.Backend)
	r := Replayed{Images: snap.Images, Changes: info.Changes(here(backend.Config(o.Backend)))}
	if r.Run, err = Train(ctx, s.Experiment, o); err != nil {
		return r, err
	}
	return r, r.compare(was, snap)
}

func (r *Replayed) compare(was *runlog.Run, snap *runlog.Snapshot) error {
	now, err := r.Run.Snapshot(r.Images)
	if err != nil {
		return err
	}
	defer now.Close()
	if r.Tensors, r.Weights, err = compareTensors(snap.Tensors, now); err != nil {
		return err
	}
	a, err := was.Points()
	if err != nil {
		return err
	}
	b, err := r.Run.Points()
	if err != nil {
		return err
	}
	r.comparePoints(a, b)
	return nil
}

// comparePoints compares what both report of each iteration; the time it took is no part of it.
func (r *Replayed) comparePoints(was, is []runlog.Point) {
	d := &Difference{}
	for i := range min(len(was), len(is)) {
		for _, name := range slices.Sorted(maps.Keys(was[i].Values)) {
			x, has := is[i].Values[name]
			if !has {
				x = math.NaN()
			}
			r.Numbers++
			d.add(was[i].Values[name], x, func() string { return fmt.Sprintf("%s at iteration %d", name, was[i].Iteration) })
		}
		r.Points++
	}
	r.Metrics = d.any()
}

// compareTensors compares snapshots tensor by tensor, in the order of the first.
func compareTensors(was []runlog.Tensor, now *runlog.Snapshot) (count int, diff *Difference, err error) {
	d := &Difference{}
	for _, a := range was {
		b, ok := now.Tensor(a.Name)
		if !ok || a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) {
			return count, nil, fmt.Errorf("experiments: tensor %s %s %v of the run is %s %v in the repetition: the networks were changed since", a.Name, a.DType, a.Shape, b.DType, b.Shape)
		}
		count++
		if a.DType != "F32" {
			if !slices.Equal(a.Data, b.Data) {
				d.add(0, math.NaN(), func() string { return a.Name + " (" + a.DType + ")" })
			}
			continue
		}
		x, err := a.Float32s()
		if err != nil {
			return count, nil, err
		}
		y, err := b.Float32s()
		if err != nil {
			return count, nil, err
		}
		for i := range x {
			d.add(float64(x[i]), float64(y[i]), func() string { return fmt.Sprintf("%s[%d]", a.Name, i) })
		}
	}
	return count, d.any(), nil
}

// add counts two numbers, which are equal if their bits are.
func (d *Difference) add(was, is float64, where func() string) {
	d.Of++
	if math.Float64bits(was) == math.Float64bits(is) {
		return
	}
	if d.Count == 0 {
		d.Where, d.Was, d.Is = where(), was, is
	}
	d.Count++
	if by := math.Abs(was - is); d.LargestWhere == "" || by > d.Largest || math.IsNaN(by) {
		d.Largest, d.LargestWhere = by, where()
	}
}

func (d *Difference) any() *Difference {
	if d.Count == 0 {
		return nil
	}
	return d
}
