package experiments

import (
	"context"
	"errors"
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
	NotThen []int64     // iterations of which only the repetition has a point
	NotNow  []int64     // iterations of which only the run has one
	Metrics *Difference // the first one that differs; nil: none does
	Tensors int         // of the snapshots at the end: weights, running averages, moments
	Weights *Difference // nil: none differs
}

// Compared says whether there was anything to compare: numbers as well as tensors.
func (r Replayed) Compared() bool { return r.Numbers > 0 && r.Tensors > 0 }

// Equal says whether the repetition is equal to the bit. What was not compared is not equal.
func (r Replayed) Equal() bool {
	return r.Compared() && r.Metrics == nil && r.Weights == nil && len(r.NotThen)+len(r.NotNow) == 0
}

// Difference is how two recordings of the same thing differ.
type Difference struct {
	Where        string  // the first place: "D/loss at iteration 12", "generator/block1/w[17]"
	Was, Is      float64 // there; NaN where one of the two has no such number
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
	a, err := r.recorded(was)
	if err != nil {
		return err
	}
	b, err := r.recorded(r.Run)
	if err != nil {
		return err
	}
	r.comparePoints(a, b)
	return nil
}

// recorded is what a run reports of each iteration up to the snapshot. A damaged line is an iteration that is missing.
func (r *Replayed) recorded(run *runlog.Run) (map[int64]runlog.Values, error) {
	points, err := run.Points()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return nil, err
	}
	of := map[int64]runlog.Values{}
	for _, p := range points {
		if p.Images <= r.Images {
			of[p.Iteration] = p.Values
		}
	}
	return of, nil
}

// comparePoints compares what both report of each iteration; the time it took is no part of it.
func (r *Replayed) comparePoints(was, is map[int64]runlog.Values) {
	d := &Difference{}
	for _, iteration := range slices.Sorted(maps.Keys(was)) {
		then := was[iteration]
		now, both := is[iteration]
		if !both {
			r.NotNow = append(r.NotNow, iteration)
			continue
		}
		r.Points++
		names := slices.AppendSeq(slices.Collect(maps.Keys(then)), maps.Keys(now))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			r.Numbers++
			x, had := then[name]
			y, has := now[name]
			where := func() string { return fmt.Sprintf("%s at iteration %d", name, iteration) }
			switch {
			case !has:
				d.missing(x, math.NaN(), where()+", which the repetition has not")
			case !had:
				d.missing(math.NaN(), y, where()+", which the run has not")
			default:
				d.add(x, y, where)
			}
		}
	}
	for _, iteration := range slices.Sorted(maps.Keys(is)) {
		if _, both := was[iteration]; !both {
			r.NotThen = append(r.NotThen, iteration)
		}
	}
	r.Metrics = d.any()
}

// compareTensors compares snapshots tensor by tensor, in the order of the first.
func compareTensors(was []runlog.Tensor, now *runlog.Snapshot) (count int, diff *Difference, err error) {
	d := &Difference{}
	for _, b := range now.Tensors {
		if !slices.ContainsFunc(was, func(a runlog.Tensor) bool { return a.Name == b.Name }) {
			return 0, nil, fmt.Errorf("experiments: the repetition has a tensor %s, which the run has not: the networks were changed since", b.Name)
		}
	}
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
	d.count(was, is, where())
}

// missing counts a number that one side has not.
func (d *Difference) missing(was, is float64, where string) {
	d.Of++
	d.count(was, is, where)
}

func (d *Difference) count(was, is float64, where string) {
	if d.Count == 0 {
		d.Where, d.Was, d.Is = where, was, is
	}
	d.Count++
	if by := math.Abs(was - is); d.LargestWhere == "" || by > d.Largest || math.IsNaN(by) {
		d.Largest, d.LargestWhere = by, where
	}
}

func (d *Difference) any() *Difference {
	if d.Count == 0 {
		return nil
	}
	return d
}
