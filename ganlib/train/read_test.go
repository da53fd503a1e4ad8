package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// sitAsOnDevice trains as on a device: batches are drawn ahead, and what is reported is read now and then.
func sitAsOnDevice(t *testing.T, m match, run *runlog.Run, every int) (*Trainer, error) {
	t.Helper()
	opt := m.options()
	opt.Run, opt.ReadEvery = run, every
	trainer := begin(t, m.gan(), opt)
	trainer.early = true
	err := trainer.Run(t.Context(), m.src(t))
	if e := run.Close(); e != nil {
		t.Fatal(e)
	}
	return trainer, err
}

// When what is reported is read changes nothing but when it is seen: points, findings, sheets, state and weights are
// the same to the bit, over changes of stage, resolution and batch size.
func TestReadingNowAndThen(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			want := read(t, finish(t, m, create(t)))
			for _, every := range []int{3, 1000} {
				run := create(t)
				trainer, err := sitAsOnDevice(t, m, run, every)
				if err != nil {
					t.Fatal(err)
				}
				if len(trainer.unread) > 0 || trainer.ahead != nil {
					t.Errorf("%d iterations unread, drawn ahead: %v", len(trainer.unread), trainer.ahead != nil)
				}
				same(t, fmt.Sprintf("read every %d", every), read(t, run.Dir()), want)
			}
		})
	}
}

// A network that diverges between two readings is told of under its own iteration, after the healthy points before it,
// and nothing of the time since is kept: no snapshot, and no sheet, though one is due when it is found out.
func TestDivergenceBetweenReadings(t *testing.T) {
	m := matches[0]
	m.gan = func() *ganlib.GAN { return poisoned(0, 27) } // from the seventh iteration on
	m.opt.SampleEvery = 9                                 // after the first iteration and the tenth
	run := create(t)
	_, err := sitAsOnDevice(t, m, run, 1000)
	var diverged *Diverged
	if !errors.As(err, &diverged) || diverged.Iteration != 7 || diverged.Images != 32 || diverged.Kept {
		t.Fatalf("%+v, %v", diverged, err)
	}
	kept, err := runlog.Open(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	points, err := kept.Points()
	if err != nil || len(points) != 6 {
		t.Fatalf("%d points, %v", len(points), err)
	}
	if _, drawn := points[5].Values[health.SheetDistance]; drawn {
		t.Error("a healthy point tells of a sheet drawn after the divergence")
	}
	if sheets, err := os.ReadDir(filepath.Join(run.Dir(), "samples")); err != nil || len(sheets) != 1 {
		t.Errorf("%d sheets, want the first iteration's: %v", len(sheets), err)
	}
	if n := len(kept.Snapshots()); n > 0 {
		t.Errorf("%d snapshots of a network that diverged", n)
	}
}

// A batch that could not be drawn ahead is asked for again, and its error is the stream's.
func TestDrawingAheadFails(t *testing.T) {
	m := matches[0]
	trainer := begin(t, m.gan(), m.options())
	trainer.early = true
	inner := m.src(t).Stream(1, data.Position{})
	defer inner.Close()
	gone := errors.New("the file is gone")
	failures := 0
	s := &hooked{Stream: inner, do: func(_ context.Context, n int) error {
		if n == 2 {
			failures++
			return gone
		}
		return nil
	}}
	for range 2 {
		if _, err := trainer.Iterate(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for len(trainer.ahead) == 0 {
		time.Sleep(time.Millisecond)
	}
	s.do = func(context.Context, int) error { return gone }
	if _, err := trainer.Iterate(t.Context(), s); err != nil { // drawn before
		t.Errorf("the batch drawn ahead: %v", err)
	}
	if _, err := trainer.Iterate(t.Context(), s); !errors.Is(err, gone) || trainer.broken {
		t.Errorf("%v, broken %v", err, trainer.broken)
	}
	trainer.forgetAhead()
	if failures != 1 {
		t.Errorf("it failed %d times, want once", failures)
	}
}

// full is a backend to which nothing more can be carried.
type full struct{ compute.Backend }

func (full) BufferFromFlatData(compute.DeviceNum, any, shapes.Shape) (compute.Buffer, error) {
	return nil, errors.New("the device is full")
}

// A batch that was drawn ahead but could not be carried to the device is an error: the one after it in its place would
// leave its images out.
func TestCarryingAheadFails(t *testing.T) {
	m := matches[0]
	trainer := begin(t, m.gan(), m.options())
	trainer.early = true
	inner := m.src(t).Stream(1, data.Position{})
	defer inner.Close()
	s := &hooked{Stream: inner, do: func(context.Context, int) error { return nil }}
	iterate(t, trainer, s, 1)
	for len(trainer.ahead) == 0 {
		time.Sleep(time.Millisecond)
	}
	trainer.backend = full{trainer.backend}
	iterate(t, trainer, s, 1) // with the batch carried before
	before := trainer.State().Position
	_, err := trainer.Iterate(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "could not be carried to the device") || trainer.broken {
		t.Errorf("%v, broken %v", err, trainer.broken)
	}
	if after := trainer.State().Position; after != before || s.n != 3 {
		t.Errorf("from %+v to %+v; %d batches were drawn, want 3", before, after, s.n)
	}
}

// A training told to stop while a batch is drawn ahead goes on with that batch.
func TestStopAsOnDevice(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			want := read(t, finish(t, m, create(t)))
			run := create(t)
			ctx, cancel := context.WithCancel(t.Context())
			opt := m.options()
			opt.Run, opt.Watch = run, []runlog.Sink{at{3, cancel}}
			trainer := begin(t, m.gan(), opt)
			trainer.early = true
			if err := trainer.Run(ctx, m.src(t)); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if err := run.Close(); err != nil {
				t.Fatal(err)
			}
			run = reopen(t, run.Dir())
			if _, err := sitAsOnDevice(t, m, run, 3); err != nil {
				t.Fatal(err)
			}
			same(t, "stopped after 3", read(t, run.Dir()), want)
		})
	}
}

// A trainer on a device chooses by itself to read seldom and to draw ahead, and leaves nothing unread or undrawn. On the
// host it reads at once.
func TestIterationsOfADevice(t *testing.T) {
	m := matches[0]
	opt := m.options()
	opt.Sheet = nil
	run := create(t)
	opt.Run = run
	trainer := begin(t, m.gan(), opt)
	device := nn.OnXLA(gantest.Backend(t))
	if want := map[bool]int{false: 1, true: readEvery}[device]; trainer.opt.ReadEvery != want {
		t.Errorf("reads every %d iterations, want %d", trainer.opt.ReadEvery, want)
	}
	if err := errors.Join(trainer.Run(t.Context(), m.src(t)), run.Close()); err != nil {
		t.Fatal(err)
	}
	points, err := run.Points()
	if err != nil || len(points) != 15 || points[14].Images != 66 || points[14].Iteration != 15 {
		t.Errorf("%d points, %v", len(points), err)
	}
	if len(trainer.unread) > 0 || trainer.ahead != nil || trainer.early {
		t.Errorf("%d iterations unread, drawn ahead: %v", len(trainer.unread), trainer.ahead != nil)
	}
}
