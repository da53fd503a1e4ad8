package train

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
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
// and nothing of the time since is kept.
func TestDivergenceBetweenReadings(t *testing.T) {
	m := matches[0]
	m.gan = func() *ganlib.GAN { return poisoned(0, 27) } // from the seventh iteration on
	m.opt.SampleEvery = 0
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
		t.Errorf("%d points, %v", len(points), err)
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

// A trainer on a device chooses by itself to read seldom and to draw ahead, and leaves nothing unread or undrawn. On the
// host it reads at once.
func TestIterationsOfADevice(t *testing.T) {
	m := matches[0]
	opt := m.options()
	opt.Sheet = nil
	run := create(t)
	opt.Run = run
	trainer := begin(t, m.gan(), opt)
	device := onDevice(gantest.Backend(t))
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
