package experiments

import (
	"fmt"
	"image"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots"
)

// FiguresDir is the folder of a run's figures.
const FiguresDir = "figures"

// mostFrames bounds the animation of a run's sample sheets; the practice has 17.
const mostFrames = 40

// Figures draws the document's figures of a run into its folder: the losses, the progression of the samples as an
// animation and as a strip, real beside fake.
func Figures(run *runlog.Run, e Experiment, s Settings, src *data.Source) error {
	dir := filepath.Join(run.Dir(), FiguresDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("experiments: figures: %w", err)
	}
	for _, draw := range []func() error{
		func() error { return drawLosses(run, e, dir) },
		func() error { return drawSamples(run, s, src, dir) },
	} {
		if err := draw(); err != nil {
			return fmt.Errorf("experiments: figures: %w", err)
		}
	}
	return nil
}

func drawLosses(run *runlog.Run, e Experiment, dir string) error {
	p, err := plots.Losses(run, e.Losses...)
	if err != nil {
		return err
	}
	if err := plots.WriteSVG(filepath.Join(dir, "losses.svg"), p); err != nil {
		return err
	}
	return plots.WritePNG(filepath.Join(dir, "losses.png"), plots.Render(p))
}

func drawSamples(run *runlog.Run, s Settings, src *data.Source, dir string) error {
	frames, err := plots.Frames(run, "", mostFrames)
	if err != nil || len(frames) == 0 {
		return err
	}
	animation, err := plots.Progression(frames)
	if err != nil {
		return err
	}
	if err := plots.WriteGIF(filepath.Join(dir, "progression.gif"), animation); err != nil {
		return err
	}
	strip, err := plots.Strip(frames)
	if err != nil {
		return err
	}
	if err := plots.WritePNG(filepath.Join(dir, "progression.png"), strip); err != nil {
		return err
	}
	real, err := RealSheet(src, s.Seed, s.SampleCount)
	if err != nil {
		return err
	}
	pair, err := plots.RealVsFake(real, frames[len(frames)-1].Image)
	if err != nil {
		return err
	}
	return plots.WritePNG(filepath.Join(dir, "real_vs_fake.png"), pair)
}

// RealSheet is a sheet of n training images, chosen by the seed.
func RealSheet(src *data.Source, master int64, n int) (image.Image, error) {
	pixels, n := train.RealSample(src, master, n)
	return sheet(pixels, n, src.Height(), src.Width(), src.Channels())
}

// sheet lays images in [−1, 1] out as the practice does: eight in a row, two pixels apart, black and white at the
// sheet's own minimum and maximum.
func sheet(pixels []float32, n, height, width, channels int) (image.Image, error) {
	return plots.Sheet(
		plots.Batch{Pixels: pixels, N: n, Height: height, Width: width, Channels: channels},
		plots.Layout{PerRow: 8, Padding: 2, Normalize: true})
}
