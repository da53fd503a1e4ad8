package train

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	. "github.com/gomlx/gomlx/core/graph"
)

// patient is the tiny GAN, reporting what the doctor asks for, with other learning rates and another loss of G; nil:
// the −log D(G(z)) that it has.
func patient(rateD, rateG float64, lossG func(fake *Node) *Node) *ganlib.GAN {
	gan := tinyGAN()
	gan.Steps[0].Adam.LearningRate, gan.Steps[1].Adam.LearningRate = rateD, rateG
	fakes := func(in ganlib.Inputs) *Node { return in.Once("G(z)", func() *Node { return gan.Generate(in) }) }
	lossD := gan.Steps[0].Loss
	gan.Steps[0].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		l, terms := lossD(in)
		fake := gan.Discriminate(in, fakes(in)).Logits
		return l, append(terms, ganlib.Term{Name: health.FakeScore, Value: ReduceAllMean(nn.Sigmoid(fake))})
	}
	if lossG != nil {
		gan.Steps[1].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return lossG(gan.Discriminate(in, fakes(in)).Logits), nil
		}
	}
	return gan
}

// examine trains a patient in a run of its own and returns what was found, as the run keeps it.
func examine(t *testing.T, gan *ganlib.GAN, iterations int64) []runlog.Finding {
	t.Helper()
	run := create(t)
	opt := Options{Images: 8 * iterations, BatchSize: 8, Seed: 3, Run: run, SampleEvery: 50, SampleCount: 8, Sheet: greySheet}
	trainer, err := New(gantest.Backend(t), gan, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	err = trainer.Run(t.Context(), blobs(t, 64, 8, 8))
	var diverged *Diverged
	if err != nil && !errors.As(err, &diverged) && !errors.Is(err, ErrNotSaved) {
		t.Fatalf("%+v", err)
	}
	findings, err := run.Findings()
	if err := errors.Join(err, run.Close()); err != nil {
		t.Fatal(err)
	}
	return findings
}

// deaf shows G no z, so that it draws one picture, between two counts of images.
type deaf struct{ from, to int64 }

func (d deaf) At(images int64) ganlib.Phase {
	if images >= d.from && images < d.to {
		return ganlib.Phase{Alpha: 0}
	}
	return ganlib.Phase{Alpha: 1}
}

func withSchedule(gan *ganlib.GAN, s ganlib.Schedule) *ganlib.GAN {
	gan.Schedule = s
	generate := gan.Generate
	gan.Generate = func(in ganlib.Inputs) *Node { return generate(in.WithZ(Mul(in.Z, in.Alpha))) }
	return gan
}

// Each illness is provoked in a training and found, it alone, and so is the end of one.
func TestDoctorFindsWhatGoesWrong(t *testing.T) {
	const healthy = 1e-3
	for _, tc := range []struct {
		name       string
		gan        *ganlib.GAN
		iterations int64
		want       []string // kinds, with + where an episode ends
	}{
		{"nothing", patient(healthy, healthy, nil), 600, nil},
		{"a fast D saturates", patient(0.3, 1e-4, nil), 300, []string{health.Saturated}},
		{"G hears nothing of z for a while", withSchedule(patient(healthy, healthy, nil), deaf{8 * 120, 8 * 320}), 450, []string{health.Collapse, health.Collapse + "+"}},
		{"the original loss against a fast D", patient(0.05, 1e-4, loss.Minimax), 400, []string{health.Vanishing}},
		{"D stands still", patient(1e-12, healthy, nil), 300, []string{health.Imbalance}},
		{"steps out of range", patient(1e20, 1e20, nil), 20, []string{health.Diverged}},
		{"steps of G out of range, which its ReLU hides from the losses", patient(healthy, 1e38, nil), 20, []string{health.Diverged}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var kinds []string
			for _, f := range examine(t, tc.gan, tc.iterations) {
				kind := f.Kind
				if f.Resolved {
					kind += "+"
				}
				kinds = append(kinds, kind)
				if f.Since < 1 || f.Since > f.Iteration || f.Images != 8*f.Iteration || f.Cause == "" || f.Remedy == "" {
					t.Errorf("%+v", f)
				}
			}
			if !slices.Equal(kinds, tc.want) {
				t.Errorf("found %v, want %v", kinds, tc.want)
			}
		})
	}
}

// What is found does not depend on interruptions: before an episode, while one is about to be noticed, in its midst;
// nor on a kill that throws back behind the finding, nor on a record that lost it.
func TestFindingsOfAResumedRun(t *testing.T) {
	m := match{"patient", func() *ganlib.GAN { return patient(1e-12, 1e-3, nil) },
		func(t testing.TB) *data.Source { return blobs(t, 22, 8, 8) }, Options{Images: 22 * 50, SampleEvery: 50, BatchSize: 5}}
	want := read(t, finish(t, m, create(t)))
	if len(want.findings) != 1 {
		t.Fatalf("found %+v, want one imbalance", want.findings)
	}
	noticed := want.findings[0].Iteration
	run := create(t)
	for _, k := range []int64{10, noticed - 5, noticed - 1, noticed, noticed + 3} {
		stopAfter(t, m, run, k)
		run = reopen(t, run.Dir())
	}
	same(t, "stopped five times", read(t, finish(t, m, run)), want)

	run = create(t)
	stopAfter(t, m, run, noticed-20)
	run, copied := reopen(t, run.Dir()), ""
	kill := at{noticed + 5, func() { copied = copyRun(t, run.Dir()) }}
	if err := sit(t, t.Context(), m, run, func(o *Options) { o.Watch = []runlog.Sink{kill} }); err != nil {
		t.Fatal(err)
	}
	same(t, "killed after the finding", read(t, finish(t, m, reopen(t, copied))), want)

	run = create(t)
	stopAfter(t, m, run, noticed+5)
	if err := os.Remove(filepath.Join(run.Dir(), "findings.jsonl")); err != nil {
		t.Fatal(err)
	}
	same(t, "the finding was lost", read(t, finish(t, m, reopen(t, run.Dir()))), want)
}

// The reported norm is that of the gradient that Adam is given.
func TestGradientNorm(t *testing.T) {
	gan := tinyGAN()
	trainer := begin(t, gan, Options{BatchSize: 5, Seed: 5})
	stream := blobs(t, 22, 8, 8).Stream(5, trainer.State().Position)
	defer stream.Close()
	values := iterate(t, trainer, stream, 1)
	for _, step := range gan.Steps {
		sum := 0.0
		for v := range trainer.Store().IterVariables() {
			if v.Trainable && within(v.Path(), step.Scope) {
				for _, g := range gradientOf(t, trainer.Store(), step, v.Path()) {
					sum += g * g
				}
			}
		}
		gantest.Close(t, step.Name, []float64{values[step.Name+"/gradient"]}, []float64{math.Sqrt(sum)}, gantest.Tolerance)
	}
}
