package train

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// A run that was stopped and resumed equals the uninterrupted one to the bit: before its first iteration, in the midst
// of an epoch, after a short last batch, at the border of a stage, many times over.
func TestResumeEqualsUninterrupted(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			want := read(t, finish(t, m, create(t)))
			last := want.state.Iteration
			if len(want.points) != int(last) || last < 8 || m.opt.SampleEvery > 0 && len(want.sheets) < 3 {
				t.Fatalf("%d iterations, %d points, %d sheets: too little to compare", last, len(want.points), len(want.sheets))
			}
			same(t, "the same again", read(t, finish(t, m, create(t))), want)
			for _, stops := range [][]int64{{0}, {1}, {3}, {last - 1}, {1, 2, 4, last / 2, last - 2}} {
				run := create(t)
				for _, k := range stops {
					stopAfter(t, m, run, k)
					run = reopen(t, run.Dir())
				}
				same(t, fmt.Sprintf("stopped after %v", stops), read(t, finish(t, m, run)), want)
			}
		})
	}
}

// A killed run has metrics and sheets from after its last snapshot; they are made again, not kept twice.
func TestResumeFromAnOlderSnapshot(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			want := read(t, finish(t, m, create(t)))
			for _, every := range []time.Duration{0, 1} { // never, after every iteration
				run, copied := create(t), ""
				kill := at{want.state.Iteration - 2, func() { copied = copyRun(t, run.Dir()) }}
				if err := sit(t, t.Context(), m, run, func(o *Options) { o.SnapshotEvery, o.Watch = every, []runlog.Sink{kill} }); err != nil {
					t.Fatal(err)
				}
				same(t, "with snapshots", read(t, run.Dir()), want)
				same(t, fmt.Sprintf("killed with snapshots every %v", every), read(t, finish(t, m, reopen(t, copied))), want)
			}
		})
	}
}

// Told to stop while a stage begins, with its copies made and no iteration done, the run goes on all the same.
func TestStopWhileAStageBegins(t *testing.T) {
	for _, m := range matches[1:] {
		t.Run(m.name, func(t *testing.T) {
			want := read(t, finish(t, m, create(t)))
			run := create(t)
			for stops := 0; ; stops++ {
				if !stopAtStage(t, m, run) {
					if stops < 1 {
						t.Error("no stage began")
					}
					break
				}
				run = reopen(t, run.Dir())
			}
			same(t, "stopped at every stage", read(t, run.Dir()), want)
		})
	}
}

// stopAtStage trains until a stage has begun and then ends, as when there is no batch ready; false: to the end.
func stopAtStage(t *testing.T, m match, run *runlog.Run) bool {
	t.Helper()
	opt := m.options()
	opt.Run = run
	trainer := begin(t, m.gan(), opt)
	inner := m.src(t).Stream(opt.Seed, trainer.State().Position)
	defer inner.Close()
	was := trainer.State().Stage
	s := &hooked{Stream: inner, do: func(context.Context, int) error {
		if trainer.state.Fresh && trainer.state.Stage != was {
			return context.Canceled
		}
		return nil
	}}
	trainer.measure(m.src(t))
	err := trainer.loop(t.Context(), s)
	if err != nil && !errors.Is(err, context.Canceled) || trainer.broken {
		t.Fatalf("%v, broken %v", err, trainer.broken)
	}
	if err := errors.Join(trainer.saveNow(), run.Close()); err != nil {
		t.Fatal(err)
	}
	return err != nil
}
