package main

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots"
)

// joinSheets sets the newest sample sheets that all members have side by side, under their labels.
func joinSheets(members []member) (image.Image, error) {
	newest, err := newestCommonSheet(members)
	if err != nil {
		return nil, err
	}
	var panels []plots.Panel
	for _, m := range members {
		samples := m.run.Samples()
		i := slices.IndexFunc(samples, func(s runlog.SampleFile) bool { return s.Name == "" && s.Images == newest })
		img, err := samples[i].Load()
		if err != nil {
			return nil, err
		}
		panels = append(panels, plots.Panel{Caption: fmt.Sprintf("%s, %s images", m.label, grouped(newest)), Image: img})
	}
	return plots.Panels(panels...)
}

// newestCommonSheet is the largest count of images at which all members have a sample sheet.
func newestCommonSheet(members []member) (int64, error) {
	having := map[int64]int{}
	newest := int64(-1)
	for _, m := range members {
		for _, s := range m.run.Samples() {
			if s.Name != "" {
				continue
			}
			if having[s.Images]++; having[s.Images] == len(members) {
				newest = max(newest, s.Images)
			}
		}
	}
	if newest < 0 {
		return 0, fmt.Errorf("the runs have no sample sheet after the same number of images; train them with the same --batch, or longer")
	}
	return newest, nil
}

// directions is how many ways pictures are sliced: with 128 the distance is known to a few per cent.
const directions = 128

// pictures draws n pictures of a run, and takes 2n real ones of its data.
type pictures func(ctx context.Context, run *runlog.Run, n int) (fake, real []float32, err error)

// distanceTable compares n pictures of every member, from the same latents, with each other and with the data of the
// first. What two halves of the data are apart is the least one can ask for.
func distanceTable(ctx context.Context, members []member, n int, draw pictures) (table, error) {
	t := table{
		title:   fmt.Sprintf("Sliced Wasserstein distance between %d pictures each (pixels in [-1, 1], %d directions)", n, directions),
		columns: []string{""},
	}
	var sets []eval.Slices
	add := func(name string, pixels []float32) error {
		s, err := eval.Slice(pixels, n, directions, seed.Rand(1, "directions"))
		sets, t.columns = append(sets, s), append(t.columns, name)
		return err
	}
	var real []float32
	for _, m := range members {
		fake, own, err := draw(ctx, m.run, n)
		if err != nil {
			return t, err
		}
		if real == nil {
			real = own
		}
		if err := add(m.label, fake); err != nil {
			return t, err
		}
	}
	half := len(real) / 2
	if err := add("data", real[:half]); err != nil {
		return t, err
	}
	if err := add("other data", real[half:]); err != nil {
		return t, err
	}
	for i, a := range sets {
		row := []string{t.columns[i+1]}
		for _, b := range sets {
			d, err := a.Wasserstein(b)
			if err != nil {
				return t, err
			}
			row = append(row, fmt.Sprintf("%.4f", d))
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// generate shows latents to a generator, as [experiments.Opened.Generate] does.
type generate func(z []float32, mode func(ganlib.Inputs) ganlib.Inputs) ([]float32, []int, error)

// inBatches draws pictures 64 at a time, as a sample sheet's: batch norm sees as many as in training.
func inBatches(z []float32, n int, draw generate) ([]float32, error) {
	const most = 64
	size := len(z) / n
	var pixels []float32
	for at := 0; at < n; at += most {
		more, _, err := draw(z[at*size:min(at+most, n)*size], train.BatchStatistics)
		if err != nil {
			return nil, err
		}
		pixels = append(pixels, more...)
	}
	return pixels, nil
}

// realPictures are two disjoint samples of n images each, one after the other.
func realPictures(src *data.Source, n int) ([]float32, error) {
	if src.Len() < 2*n {
		return nil, fmt.Errorf("%s has %d images; comparing %d pictures needs twice as many", src.Name(), src.Len(), n)
	}
	pixels, _ := train.RealSample(src, 1, 2*n)
	return pixels, nil
}
