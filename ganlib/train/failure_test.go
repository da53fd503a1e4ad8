package train

import (
	"bytes"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/runlog"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// poison makes alpha a NaN from some image on.
type poison int64

func (p poison) At(images int64) ganlib.Phase {
	if images >= int64(p) {
		return ganlib.Phase{Alpha: math.NaN()}
	}
	return ganlib.Phase{Alpha: 1}
}

// poisoned is the tiny GAN with one step's loss times alpha.
func poisoned(step int, from int64) *ganlib.GAN {
	gan := tinyGAN()
	gan.Schedule = poison(from)
	loss := gan.Steps[step].Loss
	gan.Steps[step].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		l, terms := loss(in)
		return Mul(l, in.Alpha), terms
	}
	return gan
}

// A NaN stops the training, says where it was, and leaves the snapshot before, from which a healthy game goes on as if
// nothing had happened.
func TestDivergence(t *testing.T) {
	for i, step := range []string{"D", "G"} {
		m := matches[0]
		healthy := m
		healthy.gan = func() *ganlib.GAN { return poisoned(i, math.MaxInt64) }
		m.gan = func() *ganlib.GAN { return poisoned(i, 27) } // from the seventh iteration on: 22 + 5 images
		run := create(t)
		err := sit(t, t.Context(), m, run, func(o *Options) { o.SnapshotEvery = 1 })
		var diverged *Diverged
		if !errors.As(err, &diverged) {
			t.Fatalf("%s: %v", step, err)
		}
		if diverged.Step != step || diverged.Value != step+"/loss" || diverged.Iteration != 7 || !math.IsNaN(diverged.Number) || diverged.GAN != "tiny" {
			t.Errorf("%+v", diverged)
		}
		if !diverged.Kept || !strings.Contains(err.Error(), "last snapshot is from before") {
			t.Errorf("%s: there is a snapshot, and the error does not say so: %v", step, err)
		}
		if text := err.Error(); !strings.Contains(text, "step "+step+": "+step+"/loss is NaN at iteration 7") {
			t.Errorf("%s", text)
		}
		if r := read(t, run.Dir()); r.state.Iteration != 6 || len(r.points) != 6 {
			t.Errorf("%s: the last snapshot is of iteration %d, the last point %d; want 6", step, r.state.Iteration, len(r.points))
		}
		same(t, step+": gone on", read(t, finish(t, healthy, reopen(t, run.Dir()))), read(t, finish(t, healthy, create(t))))
	}
}

// breakSnapshots puts a file where the snapshots' folder is; repair puts the folder back.
func breakSnapshots(t *testing.T, dir string) (repair func()) {
	t.Helper()
	folder, aside := filepath.Join(dir, "snapshots"), filepath.Join(dir, "aside")
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	must(os.Rename(folder, aside))
	must(os.WriteFile(folder, []byte("no folder"), 0o644))
	return func() {
		must(os.Remove(folder))
		must(os.Rename(aside, folder))
	}
}

// Snapshots that cannot be written are warned of; at the third in a row the training stops and says why.
func TestFailingSnapshots(t *testing.T) {
	m, run, log := matches[0], create(t), &bytes.Buffer{}
	opt := m.options()
	opt.Run, opt.Log, opt.SnapshotEvery = run, log, 1
	repair := func() {}
	var trainer *Trainer
	opt.Watch = []runlog.Sink{at{3, func() {
		if err := trainer.saver.wait(); err != nil {
			t.Error(err)
		}
		repair = breakSnapshots(t, run.Dir())
	}}}
	trainer = begin(t, m.gan(), opt)
	err := trainer.Run(t.Context(), m.src(t))
	if err == nil || !strings.Contains(err.Error(), "3 snapshots in a row failed, training stops") ||
		!strings.Contains(err.Error(), filepath.Join(run.Dir(), "snapshots")) || !strings.Contains(err.Error(), "disk has room") {
		t.Errorf("want an error with the folder and a remedy: %v", err)
	}
	if n := strings.Count(log.String(), "warning: a snapshot failed, training goes on"); n != 2 {
		t.Errorf("%d warnings, want 2:\n%s", n, log)
	}
	// Begun after iterations 3, 4 and 5; the third failure is seen when the next is due.
	if n := trainer.State().Iteration; n != 6 {
		t.Errorf("stopped after iteration %d", n)
	}
	repair()
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	if r := read(t, finish(t, m, reopen(t, run.Dir()))); r.state.Iteration != 15 || len(r.points) != 15 {
		t.Errorf("gone on to iteration %d with %d points", r.state.Iteration, len(r.points))
	}
}

// Two failures are forgiven: the disk has room again.
func TestSnapshotsRecover(t *testing.T) {
	m, run, log := matches[0], create(t), &bytes.Buffer{}
	opt := m.options()
	opt.Run, opt.Log, opt.SnapshotEvery = run, log, 1
	var repair func()
	var trainer *Trainer
	settle := func(do func()) func() {
		return func() {
			if err := trainer.settle(trainer.saver.wait()); err != nil {
				t.Error(err)
			}
			do()
		}
	}
	opt.Watch = []runlog.Sink{
		at{3, settle(func() { repair = breakSnapshots(t, run.Dir()) })}, at{5, settle(func() { repair() })},
		at{8, settle(func() { repair = breakSnapshots(t, run.Dir()) })}, at{10, settle(func() { repair() })},
	}
	trainer = begin(t, m.gan(), opt)
	if err := trainer.Run(t.Context(), m.src(t)); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if n := strings.Count(log.String(), "warning: a snapshot failed"); n != 4 {
		t.Errorf("%d warnings, want 4:\n%s", n, log)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, "with failures between", read(t, run.Dir()), read(t, finish(t, m, create(t))))
}

// The last snapshot failing is an error, and the one before is still there.
func TestLastSnapshotFails(t *testing.T) {
	m, run := matches[0], create(t)
	opt := m.options()
	opt.Run = run
	opt.Watch = []runlog.Sink{at{15, func() {
		if err := os.WriteFile(filepath.Join(run.Dir(), "snapshots"), nil, 0o644); err != nil {
			t.Error(err)
		}
	}}}
	if err := begin(t, m.gan(), opt).Run(t.Context(), m.src(t)); err == nil || !strings.Contains(err.Error(), "the last snapshot failed") {
		t.Errorf("%v", err)
	}
}

// Weights that are no numbers are not saved, even if no loss has shown it yet.
func TestPoisonedWeightsAreNotSaved(t *testing.T) {
	for name, bad := range map[string]float64{"NaN": math.NaN(), "infinite": math.Inf(-1)} {
		m, run, log := matches[0], create(t), &bytes.Buffer{}
		opt := m.options()
		opt.Run, opt.Log, opt.SnapshotEvery = run, log, 1
		var trainer *Trainer
		opt.Watch = []runlog.Sink{at{4, func() {
			v := trainer.Store().GetVariable("/generator/bn/moving_mean") // no loss in training mode depends on it
			if err := v.SetValue(tensors.FromFlatDataAndDimensions([]float32{0, float32(bad), 0, 0}, 4)); err != nil {
				t.Error(err)
			}
		}}}
		trainer = begin(t, m.gan(), opt)
		err := trainer.Run(t.Context(), m.src(t))
		if err == nil || !strings.Contains(err.Error(), "generator/bn/moving_mean holds numbers that are not finite") {
			t.Errorf("%s: %v", name, err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		if r := read(t, run.Dir()); r.state.Iteration != 3 {
			t.Errorf("%s: the last snapshot is of iteration %d, want 3", name, r.state.Iteration)
		}
	}
}

// moody is a sink that fails sometimes.
type moody struct{ fail func(iteration int64) bool }

func (m moody) Point(p runlog.Point) error {
	if m.fail(p.Iteration) {
		return errors.New("no room in the margin")
	}
	return nil
}
func (moody) Image(string, int64, image.Image) error { return nil }
func (moody) Close() error                           { return nil }

// A view that fails is warned of once until it works again, and never ends the training.
func TestFailingView(t *testing.T) {
	m, log := matches[0], &bytes.Buffer{}
	opt := m.options()
	opt.Log, opt.SampleEvery = log, 0
	opt.Watch = []runlog.Sink{moody{func(i int64) bool { return i >= 2 && i < 6 || i == 9 }}, moody{func(int64) bool { return false }}}
	trainer := begin(t, m.gan(), opt)
	if err := trainer.Run(t.Context(), m.src(t)); err != nil || trainer.State().Iteration != 15 {
		t.Errorf("after iteration %d: %v", trainer.State().Iteration, err)
	}
	if n := strings.Count(log.String(), "no room in the margin"); n != 2 {
		t.Errorf("%d warnings, want 2:\n%s", n, log)
	}
}
