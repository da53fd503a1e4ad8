package dcgan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Tolerances after several steps: losses, D values, single weights and averages as for one operation, norms of tensors
// and of their changes relative to themselves. Adam moves a weight by up to 2e-4 a step, so a step too many or of the
// wrong sign shows.
const (
	lossTolerance = gantest.Tolerance
	normTolerance = 1e-4
)

// play trains the game on the file's batches; after looks at the trainer after each step.
func (f *trajectory) play(t *testing.T, gan *ganlib.GAN, after func(i int, point runlog.Point, store *model.Store)) *model.Store {
	t.Helper()
	trainer, err := train.New(gantest.Backend(t), gan, train.Options{BatchSize: f.Header.Config.Batch, Images: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	f.start(t, trainer.Store())
	stream := &reals{t, f.Real}
	for i := range f.Steps {
		point, err := trainer.Iterate(t.Context(), stream)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		after(i, point, trainer.Store())
	}
	return trainer.Store()
}

// The practice's training, step by step, against float64.
func TestTrajectoryGolden(t *testing.T) {
	f := readTrajectory(t)
	moments := map[string][]float64{}
	beta1 := f.Header.Config.Beta1
	store := f.play(t, f.game(t), func(i int, point runlog.Point, store *model.Store) {
		t.Run(fmt.Sprintf("step%d", f.Steps[i].Step), func(t *testing.T) {
			want := f.Steps[i]
			want.checkLosses(t, point)
			want.checkParameters(t, store, f.Weights)
			for _, v := range slices.Collect(maps.Keys(f.Weights)) {
				// m' = β₁m + (1−β₁)g, so the gradient can be read off the moments.
				m := values(t, store, momentPath(v))
				g := make([]float64, len(m))
				for k := range m {
					g[k] = m[k] / (1 - beta1)
					if old := moments[v]; old != nil {
						g[k] = (m[k] - beta1*old[k]) / (1 - beta1)
					}
				}
				moments[v] = m
				for _, list := range []map[string]gantest.Numbers{want.GradD, want.GradG} {
					if n, ok := list[v]; ok {
						n.Close(t, "gradient of "+v, g, gantest.Tolerance)
					}
				}
			}
		})
	})
	t.Run("final", func(t *testing.T) {
		for name, n := range f.Final {
			n.Close(t, name, values(t, store, path(name)), gantest.Tolerance)
		}
	})
	if f.Eval.G.Given() {
		t.Run("inference", func(t *testing.T) { f.checkInference(t, store) })
	}
}

func momentPath(name string) string {
	step := name[:1] // the networks are named as their steps
	return "/adam/" + step + path(name) + "/m"
}

func (want expectedStep) checkLosses(t *testing.T, point runlog.Point) {
	for name, v := range map[string]float64{
		RealLoss: want.ErrDReal, FakeLoss: want.ErrDFake, "D/loss": want.ErrD, "G/loss": want.ErrG,
		RealScore: want.DX, FakeBefore: want.DGZ1, FakeAfter: want.DGZ2,
	} {
		gantest.Close(t, name, []float64{point.Values[name]}, []float64{v}, lossTolerance)
	}
}

// checkParameters compares weights, their changes since the start, and running averages.
func (want expectedStep) checkParameters(t *testing.T, store *model.Store, start map[string]gantest.Numbers) {
	for _, list := range []map[string]gantest.Numbers{want.ParamsAfter, want.RunningAfter} {
		for name, n := range list {
			got := values(t, store, path(name))
			n.Close(t, name, got, gantest.Tolerance)
			if l2 := norm(got); math.Abs(l2-n.L2) > normTolerance*n.L2 {
				t.Errorf("%s: norm %.9g, want %.9g", name, l2, n.L2)
			}
		}
	}
	for name, l2 := range want.DeltaFromStart {
		change := values(t, store, path(name))
		for k, v := range start[name].Values() {
			change[k] -= v
		}
		// The rounding of weights around 1, which move in steps of 1.2e-7, takes up to 6e-5 of it; of others 1e-6.
		if got := norm(change); math.Abs(got-l2) > normTolerance*l2 {
			t.Errorf("change of %s: norm %.6g, want %.6g", name, got, l2)
		}
	}
}

func norm(values []float64) float64 {
	squares := 0.0
	for _, v := range values {
		squares += v * v
	}
	return math.Sqrt(squares)
}

// checkInference runs both networks with their running averages.
func (f *trajectory) checkInference(t *testing.T, store *model.Store) {
	gan := f.game(t)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, real *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithMode(nn.Inference).WithZ(Reshape(z, -1, f.Header.Config.NZ))
		return []*Node{gantest.ToChannelsFirst(gan.Generate(in)), gan.Discriminate(in, gantest.ToChannelsLast(real)).Logits}
	}, f.Z[0].Tensor(dtypes.Float32), f.Real[0].Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	f.Eval.G.Close(t, "G(z1)", gantest.Flat(t, out[0]), gantest.Tolerance)
	gantest.Close(t, "D(real1)", gantest.Flat(t, out[1]), f.Eval.D, gantest.Tolerance)
}

// The output of every block of the first step, D on the real batch and G on z, and single pixels of the fakes.
func TestFirstForwardGolden(t *testing.T) {
	f := readTrajectory(t)
	want, c := f.Steps[0], f.config(t)
	store := ganlib.NewStore(0)
	f.start(t, store)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, real *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithMode(nn.BatchStatistics)
		var taps []*Node
		x := gantest.ToChannelsLast(z)
		for _, b := range c.generatorBlocks() {
			x = b.apply(in, c, in.Scope(ganlib.ScopeGenerator), x)
			taps = append(taps, gantest.ToChannelsFirst(x))
		}
		fake := x
		x = gantest.ToChannelsLast(real)
		for _, b := range c.discriminatorBlocks() {
			x = b.apply(in, c, in.Scope(ganlib.ScopeDiscriminator), x)
			taps = append(taps, gantest.ToChannelsFirst(x))
		}
		return append(taps, c.discriminator(in, fake).Logits)
	}, f.Z[0].Tensor(dtypes.Float32), f.Real[0].Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	blocks := len(c.generatorBlocks())
	for name, n := range want.FirstForward {
		var i int
		if _, err := fmt.Sscanf(name[1:], ".block%d", &i); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name[0] == 'D' {
			i += blocks
		}
		n.Close(t, name, gantest.Flat(t, out[i-1]), gantest.Tolerance)
	}
	fakes := out[blocks-1].Shape().Dimensions
	pixels := gantest.Flat(t, out[blocks-1])
	for _, s := range want.FakeSamples {
		at := ((s.NCHW[0]*fakes[1]+s.NCHW[1])*fakes[2]+s.NCHW[2])*fakes[3] + s.NCHW[3]
		gantest.Close(t, fmt.Sprintf("pixel %v", s.NCHW), []float64{pixels[at]}, []float64{s.V}, gantest.Tolerance)
	}
	gantest.Close(t, "logits of the real batch", gantest.Flat(t, out[len(out)-2]), want.LogitsReal, gantest.Tolerance)
	gantest.Close(t, "logits of the fakes", gantest.Flat(t, out[len(out)-1]), want.LogitsFake, gantest.Tolerance)
}
