package train

import (
	"math"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// anoNets are the MNIST AnoGAN networks at any width: z → 7×7 → 14×14 → 28×28×1 and back to a logit, with TensorFlow's
// "same" padding, biases everywhere, and batch norm in G alone.
type anoNets struct {
	z, base, g1, g2, d1, d2 int
	slope                   float64
	rule                    nn.NormRule
}

func (n anoNets) generate(in ganlib.Inputs) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	norm := func(name string, x *Node) *Node {
		return nn.LeakyReLU(nn.BatchNorm(s.At("%s", name), x, nn.BatchNormOptions{Mode: in.Mode, Rule: n.rule}), n.slope)
	}
	up := func(name string, x *Node, out, stride int) *Node {
		size := x.Shape().Dimensions[1] * stride
		return nn.ConvTranspose2D(s.At("%s", name), x, nn.Conv{Out: out, Kernel: 3, Stride: stride, Pad: nn.SamePadding(size, size, 3, stride), Bias: true})
	}
	x := nn.Dense(s.At("dense"), in.Z, nn.DenseOptions{Out: 7 * 7 * n.base, Bias: true})
	x = norm("bn1", Reshape(x, -1, 7, 7, n.base))
	x = norm("bn2", up("convT2", x, n.g1, 2))
	x = norm("bn3", up("convT3", x, n.g2, 2))
	return nn.Tanh(up("convT4", x, 1, 1))
}

func (n anoNets) discriminate(in ganlib.Inputs, x *Node) ganlib.Scores {
	s := in.Scope(ganlib.ScopeDiscriminator)
	down := func(name string, x *Node, out int) *Node {
		size := x.Shape().Dimensions[1]
		return nn.LeakyReLU(nn.Conv2D(s.At("%s", name), x, nn.Conv{Out: out, Kernel: 3, Stride: 2, Pad: nn.SamePadding(size, size, 3, 2), Bias: true}), n.slope)
	}
	features := down("conv1", x, n.d1)
	h := Reshape(down("conv2", features, n.d2), -1, 7*7*n.d2)
	return ganlib.Scores{Logits: nn.Dense(s.At("dense"), h, nn.DenseOptions{Out: 1, Bias: true}), Features: features}
}

// lateAt is AnoGAN's schedule: from some image on another Adam, with a tenth of the learning rate.
type lateAt int64

func (l lateAt) At(images int64) ganlib.Phase {
	if images < int64(l) {
		return ganlib.Phase{Stage: "early", Alpha: 1}
	}
	return ganlib.Phase{Stage: "late", Alpha: 1, FreshAdam: true, LearningRate: map[string]float64{"D": 1e-4, "G": 1e-4}}
}

// miniAnoGAN is AnoGAN's training: one D step, two G steps on the same z. G's moving averages stay in D's step. Batch
// norm counts its updates under the Debiased rule.
func miniAnoGAN(schedule ganlib.Schedule) *ganlib.GAN {
	nets := anoNets{z: 3, base: 3, g1: 2, g2: 2, d1: 2, d2: 3, slope: 0.2, rule: nn.Debiased}
	gan := &ganlib.GAN{
		Name: "anogan", Image: ganlib.Image{Height: 28, Width: 28, Channels: 1}, Prior: ganlib.Uniform(3), Schedule: schedule,
		Generate: nets.generate, Discriminate: nets.discriminate,
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, EpsilonHat: true}
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			fake := gan.Generate(in.WithMode(nn.BatchStatistics))
			return loss.Discriminator(gan.Discriminate(in, in.Real).Logits, gan.Discriminate(in, fake).Logits),
				[]ganlib.Term{{Name: "D/z", Value: ReduceAllSum(in.Z)}}
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, Batch: ganlib.SameBatch, Repeats: 2, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.NonSaturating(gan.Discriminate(in, gan.Generate(in)).Logits), []ganlib.Term{{Name: "G/z", Value: ReduceAllSum(in.Z)}}
		}},
	}
	return gan
}

func TestAnoGANIteration(t *testing.T) {
	gan := miniAnoGAN(nil)
	trainer := begin(t, gan, Options{BatchSize: 4, Seed: 3})
	stream := blobs(t, 16, 28, 28).Stream(3, trainer.State().Position)
	defer stream.Close()
	for i := range 3 {
		values := iterate(t, trainer, stream, 1)
		if values["D/z"] != values["G/z"] {
			t.Errorf("iteration %d: D saw other latents than G", i)
		}
		if n := len(trainer.compiled); n != 1 {
			t.Errorf("%d compiled calls, want one", n)
		}
		state := trainer.State()
		if d, g := state.Updates["D"], state.Updates["G"]; d != int64(i+1) || g != int64(2*i+2) {
			t.Errorf("after iteration %d: %d updates of D and %d of G", i+1, d, g)
		}
		for _, bn := range []string{"bn1", "bn2", "bn3"} {
			gantest.Close(t, bn+" moved", variable(t, trainer.Store(), "/generator/"+bn+"/moving_updates"), []float64{float64(2*i + 2)}, 0)
		}
		if images := state.Images; images != int64(4*(i+1)) {
			t.Errorf("%d images after %d batches of 4: G's steps show no new ones", images, i+1)
		}
	}
}

// The one compiled call does what three plain ones do: D, then G on the updated D, then G on the updated G.
func TestAnoGANIterationStepByStep(t *testing.T) {
	gan := miniAnoGAN(nil)
	trainer := begin(t, gan, Options{BatchSize: 4, Seed: 3})
	src := blobs(t, 16, 28, 28)
	stream := src.Stream(3, trainer.State().Position)
	defer stream.Close()
	got := iterate(t, trainer, stream, 1)

	store := ganlib.NewStore(3)
	batch := firstBatch(t, src, 3, 4, 0)
	z := firstLatents(gan, 3, 0, 4)
	want := map[string]float64{}
	updates := map[string]int64{}
	for _, name := range []string{"D", "G", "G"} {
		step := named(gan, name)
		updates[name]++
		rate, eps := step.Adam.Rates(updates[name], step.Adam.LearningRate)
		out, err := model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, real, z *Node) *Node {
			in := ganlib.NewInputs(store, nil)
			in.Real, in.Z = real, z
			l, _ := step.Loss(in)
			vars := ganlib.Parameters(store, l.Graph(), step.Scope)
			nodes := make([]*Node, len(vars))
			for i, v := range vars {
				nodes[i] = v.NodeValue(l)
			}
			step.Adam.Update(store, name, vars, Gradient(l, nodes...), Const(l.Graph(), float32(rate)), Const(l.Graph(), float32(eps)))
			return l
		}, batch, z)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		want[name+"/loss"] = gantest.Flat(t, out)[0]
	}
	for name, v := range want { // the G loss reported is the second step's
		gantest.Close(t, name, []float64{got[name]}, []float64{v}, 1e-6)
	}
	for path, values := range contents(t, store) {
		gantest.Close(t, path, variable(t, trainer.Store(), path), values, 1e-6)
	}
	if n := trainer.Store().NumVariables(); n != store.NumVariables() {
		t.Errorf("%d variables, want %d", n, store.NumVariables())
	}
}

// A stage with FreshAdam begins with an Adam that has seen nothing: its first update is one learning rate a weight.
func TestSecondAdam(t *testing.T) {
	gan := miniAnoGAN(lateAt(12))
	trainer := begin(t, gan, Options{BatchSize: 4, Seed: 3})
	stream := blobs(t, 16, 28, 28).Stream(3, trainer.State().Position)
	defer stream.Close()
	iterate(t, trainer, stream, 3)
	before := contents(t, trainer.Store(), ganlib.ScopeDiscriminator)
	old := variable(t, trainer.Store(), "/adam/D/discriminator/conv1/w/v")
	iterate(t, trainer, stream, 1)
	if u := trainer.State().Updates; u["D"] != 1 || u["G"] != 2 {
		t.Errorf("updates %v after the first iteration of the stage, want D 1, G 2", u)
	}
	g := gradientOf(t, trainer.Store(), named(gan, "D"), "/discriminator/conv1/w")
	for i, v := range variable(t, trainer.Store(), "/adam/D/discriminator/conv1/w/v") {
		if math.Abs(v-1e-3*g[i]*g[i]) > 1e-4*1e-3*g[i]*g[i]+1e-12 {
			t.Fatalf("v is %v, want %v: it still knows %v", v, 1e-3*g[i]*g[i], old[i])
		}
	}
	for path, w := range before {
		for i, now := range variable(t, trainer.Store(), path) {
			// |Δ| = lr·|g|/(|g| + ε/√(1−β₂)) ≤ lr, and close to it but for tiny gradients.
			if d := math.Abs(now - w[i]); d > 1.001e-4+1e-7 || d < 0.5e-4 {
				t.Errorf("%s moved by %v, want 1e-4", path, d)
			}
		}
	}
}
