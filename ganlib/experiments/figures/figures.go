// Package figures draws the figures of a run. It is apart from package experiments because only it links what draws curves.
package figures

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/plots"
)

// Dir is the folder of a run's figures.
const Dir = "figures"

// mostFrames bounds the animation of a run's sample sheets; the practice has 17.
const mostFrames = 40

// Draw draws the document's figures of a run into its folder: the losses, the progression of the samples as an
// animation and as a strip, real beside fake.
func Draw(run *runlog.Run, e experiments.Experiment, s experiments.Settings, src *data.Source) error {
	dir := filepath.Join(run.Dir(), Dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	for _, draw := range []func() error{
		func() error { return drawLosses(run, e, dir) },
		func() error { return drawSamples(run, s, src, dir) },
	} {
		if err := draw(); err != nil {
			return fmt.Errorf("figures: %w", err)
		}
	}
	return nil
}

func drawLosses(run *runlog.Run, e experiments.Experiment, dir string) error {
	p, err := plots.Losses(run, e.Losses...)
	if err != nil {
		return err
	}
	if err := plots.WriteSVG(filepath.Join(dir, "losses.svg"), p); err != nil {
		return err
	}
	return plots.WritePNG(filepath.Join(dir, "losses.png"), plots.Render(p))
}

func drawSamples(run *runlog.Run, s experiments.Settings, src *data.Source, dir string) error {
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
	real, err := experiments.RealSheet(src, s.Seed, s.SampleCount)
	if err != nil {
		return err
	}
	pair, err := plots.RealVsFake(real, frames[len(frames)-1].Image)
	if err != nil {
		return err
	}
	return plots.WritePNG(filepath.Join(dir, "real_vs_fake.png"), pair)
}
