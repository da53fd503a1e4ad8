package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// widen turns a Float32 tensor into a Float64 one.
func widen(t testing.TB, x *tensors.Tensor) *tensors.Tensor {
	t.Helper()
	return tensors.FromFlatDataAndDimensions(gantest.Flat(t, x), x.Shape().Dimensions...)
}

// criticStep is the progressive GAN's D step in float64: its loss and gradients as functions of the weights.
type criticStep struct {
	t     *testing.T
	store *model.Store
	exec  *model.Exec
	fed   []any
	vars  []*model.Variable
}

func newCriticStep(t *testing.T, resolution int, alpha float64) *criticStep {
	const master, n = 5, 5
	gan := miniProGAN()
	c := &criticStep{t: t, store: ganlib.NewStore(master)}
	exec, err := model.NewExec(gantest.Backend(t), c.store, func(s *model.Scope, fed []*Node) []*Node {
		in := ganlib.NewInputs(c.store, fed[2])
		in.Real, in.Z, in.Resolution, in.Alpha = fed[0], fed[1], resolution, Const(fed[0].Graph(), alpha)
		l, gp := proCriticLoss(gan, in)
		vars, grads := gradients(c.store, l.Graph(), l, named(gan, "D"))
		c.vars = vars
		return append([]*Node{l, gp}, grads...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	c.exec = exec
	src := blobs(t, 50, proSize, proSize)
	c.fed = []any{widen(t, firstBatch(t, src, master, n, resolution)), widen(t, firstLatents(gan, master, 0, n)), firstRandom(master, 0)}
	return c
}

func (c *criticStep) run() [][]float64 {
	c.t.Helper()
	out, err := c.exec.Call(c.fed...)
	if err != nil {
		c.t.Fatalf("%+v", err)
	}
	flat := make([][]float64, len(out))
	for i, o := range out {
		flat[i] = gantest.Flat(c.t, o)
	}
	return flat
}

// The D step of WGAN-GP contains a gradient and is differentiated again: every parameter of the critic against central
// differences in float64, at the first size and while the second fades in.
func TestCriticStepAgainstDifferences(t *testing.T) {
	for _, tc := range []struct {
		resolution int
		alpha      float64
	}{{4, 1}, {8, 0.4}} {
		t.Run(fmt.Sprint(tc.resolution), func(t *testing.T) {
			const h = 1e-6 // of a loss with kinks (LeakyReLU, not crossed at this size), rounding about 1e-9
			c := newCriticStep(t, tc.resolution, tc.alpha)
			here := c.run()
			if here[1][0] <= 0 {
				t.Fatalf("gradient penalty %v", here[1][0])
			}
			rng := rand.New(rand.NewPCG(1, 1))
			for i, v := range c.vars {
				if v.DType() != dtypes.Float64 {
					t.Fatalf("%s is %s", v.Path(), v.DType())
				}
				values, dims := gantest.Flat(t, v.MustValue()), v.Shape().Dimensions
				direction, slope := make([]float64, len(values)), 0.0
				for k := range direction {
					direction[k] = rng.NormFloat64()
					slope += direction[k] * here[2+i][k]
				}
				at := func(h float64) float64 {
					moved := make([]float64, len(values))
					for k := range moved {
						moved[k] = values[k] + h*direction[k]
					}
					if err := v.SetValue(tensors.FromFlatDataAndDimensions(moved, dims...)); err != nil {
						t.Fatal(err)
					}
					return c.run()[0][0]
				}
				difference := (at(h) - at(-h)) / (2 * h)
				at(0)
				gantest.Close(t, v.Path(), []float64{slope}, []float64{difference}, 1e-6)
			}
		})
	}
}

// What the trainer feeds and does in float32 is that step: same weights, latents, images and mixing factors.
func TestTrainerTakesTheCriticStep(t *testing.T) {
	c := newCriticStep(t, 4, 1)
	want := c.run()
	gan := miniProGAN()
	trainer := begin(t, gan, Options{BatchSize: 5, Seed: 5})
	stream := blobs(t, 50, proSize, proSize).Stream(5, trainer.State().Position)
	defer stream.Close()
	got := iterate(t, trainer, stream, 1)
	gantest.Close(t, "D/loss", []float64{got["D/loss"]}, want[0], gantest.Tolerance)
	gantest.Close(t, "gp", []float64{got["gp"]}, want[1], gantest.Tolerance)
	for i, v := range c.vars {
		gantest.Close(t, v.Path(), gradientOf(t, trainer.Store(), named(gan, "D"), v.Path()), want[2+i], gantest.Tolerance)
	}
}

// At half size the step's penalty is the document's: that of full-size images, constant on 2×2 squares, with target 1.
func TestPenaltyAtLowerResolution(t *testing.T) {
	c := newCriticStep(t, 4, 1)
	gan := miniProGAN()
	out, err := model.CallOnceN(gantest.Backend(t), c.store, func(s *model.Scope, fed []*Node) []*Node {
		in := ganlib.NewInputs(c.store, fed[2])
		in.Real, in.Z, in.Resolution, in.Alpha = fed[0], fed[1], 4, Const(fed[0].Graph(), 1.0)
		mixed := lerp(in.Real, gan.Generate(in), in.Uniform(in.Real.Shape().Dimensions[0], 1, 1, 1))
		critic := func(x *Node) *Node { return gan.Discriminate(in, x).Logits }
		full := func(x *Node) *Node { return critic(nn.Downsample2D(x, 2)) }
		return []*Node{
			loss.GradientPenalty(full, nn.Upsample2D(mixed, 2), 1),
			loss.GradientPenalty(critic, mixed, 1), // forgetting the factor must show
		}
	}, c.fed...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	native, full, wrong := c.run()[1][0], gantest.Flat(t, out[0])[0], gantest.Flat(t, out[1])[0]
	gantest.Close(t, "penalty", []float64{native}, []float64{full}, 1e-12)
	if math.Abs(wrong-full) < 0.01 {
		t.Errorf("without the factor the penalty is %v as well: the test sees nothing", wrong)
	}
}

// E learns through a G that stays: its gradient against differences, and none for G.
func TestEncoderStepAgainstDifferences(t *testing.T) {
	gan, store := miniProGAN(), ganlib.NewStore(6)
	step := named(gan, "E")
	var vars []*model.Variable
	exec, err := model.NewExec(gantest.Backend(t), store, func(s *model.Scope, z []*Node) []*Node {
		in := ganlib.NewInputs(store, nil)
		in.Z, in.Resolution, in.Alpha = z[0], 8, Const(z[0].Graph(), 0.3)
		l, _ := step.Loss(in)
		var grads []*Node
		vars, grads = gradients(store, l.Graph(), l, step)
		return append([]*Node{l}, grads...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	z := gantest.Random(4, 1, 7, 4)
	run := func() []*tensors.Tensor {
		out, err := exec.Call(z)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		return out
	}
	here := run()
	const h = 1e-6
	for i, v := range vars {
		if !within(v.Path(), ganlib.ScopeEncoder) {
			t.Fatalf("E's step moves %s", v.Path())
		}
		values := gantest.Flat(t, v.MustValue())
		for _, k := range []int{0, len(values) / 2, len(values) - 1} {
			at := func(h float64) float64 {
				moved := append([]float64{}, values...)
				moved[k] += h
				if err := v.SetValue(tensors.FromFlatDataAndDimensions(moved, v.Shape().Dimensions...)); err != nil {
					t.Fatal(err)
				}
				return gantest.Flat(t, run()[0])[0]
			}
			difference := (at(h) - at(-h)) / (2 * h)
			at(0)
			gantest.Close(t, fmt.Sprintf("%s[%d]", v.Path(), k), []float64{gantest.Flat(t, here[1+i])[k]}, []float64{difference}, 1e-6)
		}
	}
}
