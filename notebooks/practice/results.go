package practice

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

// LogLines are lines of a run as the practice prints them, every so many batches: the first and the last few of them.
// Lines of the record that are damaged are left out.
func LogLines(run *experiments.Opened, first, last int) (string, error) {
	points, err := run.Run.Points()
	if len(points) == 0 {
		return "", errors.Join(fmt.Errorf("practice: run %s has no iteration yet: wait for the first, or train again", run.Run.Info().ID), err)
	}
	var lines []string
	for _, p := range points {
		if p.Batch%max(1, run.Settings.LogEvery) == 0 {
			lines = append(lines, run.Experiment.LogLine(p, run.Settings.Epochs))
		}
	}
	if len(lines) > first+last {
		left := len(lines) - first - last
		lines = append(append(lines[:first:first], fmt.Sprintf("… %d more …", left)), lines[len(lines)-last:]...)
	}
	return strings.Join(lines, "\n"), nil
}

// distances is the mean of a distance over pairs of pictures.
func distances(pictures [][]float64, between func(a, b []float64) float64) float64 {
	sum, pairs := 0.0, 0
	for i := range pictures {
		for j := range i {
			sum += between(pictures[i], pictures[j])
			pairs++
		}
	}
	return sum / float64(pairs)
}

func squaredDistance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return sum
}

func euclidean(a, b []float64) float64 { return math.Sqrt(squaredDistance(a, b)) }

// Diversity is the mean distance between two pictures of a sheet: the square root of the sum of squared differences of
// pixels, over all pairs. It falls to 0 when a generator always draws the same.
func Diversity(pictures [][]float64) float64 { return distances(pictures, euclidean) }

// pictures cuts a batch of pixels into pictures.
func pictures(pixels []float32, n int) [][]float64 {
	out := make([][]float64, n)
	size := len(pixels) / n
	for i := range out {
		out[i] = make([]float64, size)
		for k, v := range pixels[i*size : (i+1)*size] {
			out[i][k] = float64(v)
		}
	}
	return out
}

// Spread says how far n pictures are apart on average ([Diversity]), real ones and fakes of a run.
func Spread(run *experiments.Opened, n int) (string, error) {
	src, err := run.Data(context.Background())
	if err != nil {
		return "", err
	}
	n = min(n, src.Len())
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	real := make([]float32, n*src.Height()*src.Width()*src.Channels())
	src.Fill(real, indices)
	fake, _, err := run.Generate(run.Latents(n, 1), train.BatchStatistics)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("mean distance of two pictures: real %.1f, fake %.1f", Diversity(pictures(real, n)), Diversity(pictures(fake, n))), nil
}

// SameLatent shows one latent in two batches, with batch statistics and with running averages, and says how far the
// pictures are apart (the largest difference of a pixel; pixels lie between −1 and 1).
func SameLatent(run *experiments.Opened) (image.Image, string, error) {
	const others = 15
	size := run.GAN.Prior.Size
	one := run.Latents(1, 7)
	var panels []plots.Panel
	var said []string
	for _, mode := range []struct {
		name string
		mode func(ganlib.Inputs) ganlib.Inputs
	}{{"batch statistics", train.BatchStatistics}, {"running averages", train.RunningAverages}} {
		var seen [2][]float32
		var shape []int
		for i := range seen {
			z := append(append(make([]float32, 0, (others+1)*size), one...), run.Latents(others, int64(100+i))...)
			pixels, d, err := run.Generate(z, mode.mode)
			if err != nil {
				return nil, "", err
			}
			seen[i], shape = pixels[:d[1]*d[2]*d[3]], d
		}
		pair := sheet.Batch{Pixels: append(seen[0][:len(seen[0]):len(seen[0])], seen[1]...), N: 2, Height: shape[1], Width: shape[2], Channels: shape[3]}
		drawn, err := sheet.Draw(pair, sheet.Samples)
		if err != nil {
			return nil, "", err
		}
		panels = append(panels, plots.Panel{Caption: mode.name + ": batch 1, batch 2", Image: drawn})
		said = append(said, fmt.Sprintf("%s: %.4f apart", mode.name, furthest(seen[0], seen[1])))
	}
	figure, err := plots.Panels(panels...)
	return figure, strings.Join(said, "; "), err
}

// furthest is the largest difference of two pictures.
func furthest(a, b []float32) float64 {
	largest := 0.0
	for i := range a {
		largest = math.Max(largest, math.Abs(float64(a[i]-b[i])))
	}
	return largest
}

// Contributions counts, with the layer itself, how many inputs reach each output of a transposed convolution: kernel
// and inputs are all ones.
func Contributions(kernel, stride, inputs int) (Matrix, error) {
	one := func(int, int) float64 { return 1 }
	return Transposed(filled(inputs, inputs, one), filled(kernel, kernel, one), stride, 0, 0)
}

// Checkerboards draws Contributions for kernels with stride 2.
func Checkerboards(kernels ...int) (image.Image, error) {
	var tables []plots.Matrix
	for _, k := range kernels {
		m, err := Contributions(k, 2, 4)
		if err != nil {
			return nil, err
		}
		tables = append(tables, plots.Matrix{Caption: fmt.Sprintf("k%d s2", k), Values: m})
	}
	return plots.Matrices(0, tables...)
}
