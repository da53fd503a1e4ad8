package train

import (
	"errors"
	"fmt"
	"image"
	"math"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/gomlx/core/tensors"
)

// What the steps report stays where it was computed until somebody wants to see it: on a GPU, fetching a few numbers after
// every iteration would make the device wait for the host.
const (
	readEvery  = 50                     // iterations between two readings on a device
	readAtOnce = 100 * time.Millisecond // unless the last one is longer ago: people watch
)

// reading is what an iteration reported and nobody has read yet.
type reading struct {
	point runlog.Point
	calls []report
}

// report is the numbers of one call.
type report struct {
	of      string // the call
	terms   []term
	numbers *tensors.Tensor
}

func (r reading) free() {
	for _, c := range r.calls {
		c.numbers.FinalizeAll()
	}
}

// readDue says whether what was reported is to be read after the iteration just done. A sample sheet goes with its
// point.
func (t *Trainer) readDue() bool {
	return len(t.unread) >= t.opt.ReadEvery || time.Since(t.lastRead) >= readAtOnce || t.sheetDue() || t.state.Images >= t.opt.Images
}

// read fetches what was reported since the last reading, iteration by iteration. One that reports what is no number ends
// the training; the points before it are returned.
func (t *Trainer) read() ([]runlog.Point, error) {
	unread := t.unread
	t.unread, t.lastRead = nil, time.Now()
	points := make([]runlog.Point, 0, len(unread))
	for i, r := range unread {
		if err := t.fill(&r); err != nil {
			for _, later := range unread[i:] {
				later.free()
			}
			t.broken = true
			return points, err
		}
		r.free()
		t.score(r.point.Values)
		points = append(points, r.point)
	}
	return points, nil
}

// fill puts the numbers of an iteration into its point. A loss that is not a number means that the weights are beyond
// repair; the last snapshot is not. So does a gradient that is not one: the backend's ReLU and tanh turn what is not a
// number into 0 and −1, so that a generator may be broken while every loss looks well.
func (t *Trainer) fill(r *reading) error {
	r.point.Values = runlog.Values{}
	for _, c := range r.calls {
		numbers, err := tensors.CopyFlatData[float32](c.numbers)
		if err != nil {
			return fmt.Errorf("train: %s: %w", c.of, err)
		}
		for i, v := range numbers {
			of, v64 := c.terms[i], float64(v)
			r.point.Values[of.name] = v64
			if math.IsNaN(v64) || !of.gradient && math.IsInf(v64, 0) {
				return &Diverged{GAN: t.gan.Name, Step: of.step, Value: of.name, Number: v64, Iteration: r.point.Iteration, Images: r.point.Images, Kept: t.kept()}
			}
		}
	}
	return nil
}

// show reads what was reported and hands it to everyone who watches, with the sample sheet where one is due. Broken weights
// draw none.
func (t *Trainer) show() error {
	points, err := t.read()
	if len(points) == 0 {
		return t.endOf(err)
	}
	last := points[len(points)-1]
	var sheet image.Image
	var unsheeted error
	if !t.broken {
		sheet, unsheeted = t.addSheet(last.Values)
	}
	for _, p := range points {
		t.each(func(s runlog.Sink) error { return s.Point(p) })
		t.tell(t.doctor.Observe(p))
	}
	if sheet != nil {
		t.each(func(s runlog.Sink) error { return s.Image("", last.Images, sheet) })
	}
	return errors.Join(t.endOf(err), unsheeted)
}

// endOf lets everyone who watches know of an error that ends the training.
func (t *Trainer) endOf(err error) error {
	if err != nil {
		t.reportEnd(err)
	}
	return err
}
