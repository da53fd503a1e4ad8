package train

import (
	"errors"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// RealSample chooses up to n images by the seed and returns their pixels: what sample sheets are compared with.
func RealSample(src *data.Source, master int64, n int) (pixels []float32, chosen int) {
	n = min(n, src.Len())
	pixels = make([]float32, n*src.Height()*src.Width()*src.Channels())
	src.Fill(pixels, seed.Rand(master, "real sheet").Perm(src.Len())[:n])
	return pixels, n
}

// measure finds out how far real images are apart, before the first iteration of a run that draws sheets.
func (t *Trainer) measure(src *data.Source) {
	if t.state.Iteration == 0 && t.opt.SampleEvery > 0 && t.opt.Sheet != nil {
		t.real = health.Distance(RealSample(src, t.opt.Seed, t.opt.SampleCount))
	}
}

// tell hands findings to every sink that wants to know.
func (t *Trainer) tell(findings []runlog.Finding) {
	for _, f := range findings {
		t.each(func(s runlog.Sink) error {
			if to, ok := s.(runlog.FindingSink); ok {
				return to.Finding(f)
			}
			return nil
		})
	}
}

// reportEnd tells that a training ended because its numbers did.
func (t *Trainer) reportEnd(err error) {
	var d *Diverged
	if errors.As(err, &d) {
		at := runlog.Point{Iteration: d.Iteration, Images: d.Images}
		t.tell(t.doctor.Ended(at, d.Value, d.Number))
	}
}

// recall shows the monitor the points of earlier sittings, so that it goes on as if there had been one. What a full
// disk kept out of the record, or a program without a monitor never looked for, is found again and written.
func (t *Trainer) recall() error {
	points, err := t.opt.Run.Points()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return fmt.Errorf("train: %s: %w", t.gan.Name, err)
	}
	kept, err := t.opt.Run.Findings()
	if err != nil && !errors.As(err, &damaged) {
		return fmt.Errorf("train: %s: %w", t.gan.Name, err)
	}
	known := map[runlog.Finding]bool{}
	for _, f := range kept {
		known[mark(f)] = true
	}
	for _, p := range points {
		for _, f := range t.doctor.Observe(p) {
			if known[mark(f)] {
				continue
			}
			if err := t.opt.Run.Finding(f); err != nil {
				t.warn("what the training reports could not be kept, training goes on: %v", err)
			}
		}
	}
	return nil
}

// mark is what makes two findings the same one, whatever their words.
func mark(f runlog.Finding) runlog.Finding {
	return runlog.Finding{Kind: f.Kind, Iteration: f.Iteration, Since: f.Since, Resolved: f.Resolved}
}
