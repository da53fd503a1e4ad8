package anomaly

import (
	"fmt"
	"image"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/kernelext"
	"github.com/ganbook/ganbook/plots"
)

// every is how many steps lie between two frames of a search that is watched; ten times as many at smoke scale.
const every = 5

// Live searches the first normal or the first abnormal query alone and shows it on the way: the original's figure, drawn
// anew every few steps on one output of the cell.
func Live(run *experiments.Opened, abnormal bool) error {
	_, test, err := Held(run)
	if err != nil {
		return err
	}
	places := test.balanced(1)
	i := places[0]
	if abnormal {
		i = places[1]
	}
	one, err := test.of([]int{i})
	if err != nil {
		return err
	}
	frames := every
	if run.Settings.Scale == experiments.Smoke {
		frames *= 10
	}
	screen := kernelext.NewScreen()
	show := func(mapped []float32, losses []float32) { screen.Show(figure(one, mapped, losses)) }
	results, said, err := search(run, one, nil, anogan.MapperOptions{Batch: 1, Every: frames, Watch: func(_ int, f anogan.Frame, losses []float32) {
		show(f.Mapped, append(losses[:len(losses):len(losses)], float32(f.Score)))
	}})
	if err != nil {
		return err
	}
	r := results[0]
	show(r.Mapped, r.Losses)
	fmt.Printf("%s: A(x) = %.4f (R = %.4f, D = %.4f)\n%s\n", one.name(0), r.Score, r.Residual, r.Discrimination, said)
	return nil
}

// figure is the original's: mapped image, query, loss.
func figure(q Queries, mapped, losses []float32) (image.Image, error) {
	left, err := q.picture(mapped)
	if err != nil {
		return nil, err
	}
	right, err := q.picture(q.pixels(0))
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, len(losses))
	for i, l := range losses {
		numbers[i] = float64(l)
	}
	return plots.Mapping(left, right, numbers)
}

// Morphs searches so many normal and as many abnormal queries and shows their mapped images at some steps, and after the
// last one. Steps are multiples of 5.
func Morphs(run *experiments.Opened, each int, steps ...int) (image.Image, error) {
	_, test, err := Held(run)
	if err != nil {
		return nil, err
	}
	some, err := test.of(test.balanced(each))
	if err != nil {
		return nil, err
	}
	results, _, err := search(run, some, nil, anogan.MapperOptions{Batch: some.Len(), Every: every})
	if err != nil {
		return nil, err
	}
	var rows []plots.Morph
	for i, r := range results {
		row, err := morph(some, i, r, steps)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return plots.Morphs(rows...)
}

func morph(q Queries, i int, r anogan.Result, steps []int) (row plots.Morph, err error) {
	row.Name = q.name(i)
	if row.Query, err = q.picture(q.pixels(i)); err != nil {
		return row, err
	}
	frames := map[int]anogan.Frame{len(r.Losses) - 1: {Mapped: r.Mapped, Residual: r.Residual}}
	for _, f := range r.Frames {
		frames[f.Step] = f
	}
	for _, step := range append(steps[:len(steps):len(steps)], len(r.Losses)-1) {
		f, seen := frames[step]
		if !seen {
			return row, fmt.Errorf("anomaly: step %d was not kept; those from 0 to %d in fives are", step, len(r.Losses)-1)
		}
		picture, err := q.picture(f.Mapped)
		if err != nil {
			return row, err
		}
		row.Steps = append(row.Steps, plots.Mapped{Step: step, Image: picture, Residual: f.Residual})
	}
	return row, nil
}
