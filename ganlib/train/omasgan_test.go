package train

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
)

// The miniature of OMASGAN works on points in the plane, which are images of 1×2 pixels: small enough to be computed a
// second time in float64 (omasgan_reference_test.go).
const (
	omaHidden = 5
	omaGamma  = 0.5 // weight of the zero-centred penalty, as γ/2

	scopeBoundaryCritic  = "/boundary_critic"
	scopeRetrained       = "/retrained"
	scopeRetrainedCritic = "/retrained_critic"
	scopeJudge           = "/judge"
)

// points are n images of one by two pixels.
func points(t testing.TB, n int) *data.Source { return blobs(t, n, 1, 2) }

// omaStages are the four tasks, each of the same number of images. Every new task starts from copies of Task 1's
// networks, but J, which starts afresh.
type omaStages int64

func (n omaStages) At(images int64) ganlib.Phase {
	p := ganlib.Phase{Alpha: 1, FreshAdam: true}
	copies := func(pairs ...string) []ganlib.Copy {
		return []ganlib.Copy{{From: ganlib.ScopeGenerator, To: pairs[0]}, {From: ganlib.ScopeDiscriminator, To: pairs[1]}}
	}
	switch {
	case images < int64(n):
		p.Stage = "1"
	case images < 2*int64(n):
		p.Stage, p.Copies = "2", copies(ganlib.ScopeBoundary, scopeBoundaryCritic)
	case images < 3*int64(n):
		p.Stage, p.Copies = "3", copies(scopeRetrained, scopeRetrainedCritic)
	default:
		p.Stage = "3J"
	}
	return p
}

// omaGenerate is z + MLP(z), of whatever network the inputs redirect to.
func omaGenerate(in ganlib.Inputs) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	h := nn.Tanh(nn.Dense(s.At("a"), in.Z, nn.DenseOptions{Out: omaHidden, Bias: true}))
	return Reshape(Add(in.Z, nn.Dense(s.At("b"), h, nn.DenseOptions{Out: 2, Bias: true})), -1, 1, 2, 1)
}

func omaCritic(in ganlib.Inputs, x *Node) ganlib.Scores {
	s := in.Scope(ganlib.ScopeDiscriminator)
	h := nn.Tanh(nn.Dense(s.At("a"), Reshape(x, -1, 2), nn.DenseOptions{Out: omaHidden, Bias: true}))
	return ganlib.Scores{Logits: nn.Dense(s.At("b"), h, nn.DenseOptions{Out: 1, Bias: true})}
}

// conjugate is f*(T) = T²/4 + T of Pearson's χ², with T = v.
func conjugate(v *Node) *Node { return ReduceAllMean(Add(MulScalar(Square(v), 0.25), v)) }

// omaPlayers are the networks of one step: who generates, who judges.
type omaPlayers struct {
	gan *ganlib.GAN
	in  ganlib.Inputs
}

func (p omaPlayers) draw(scope string) *Node {
	return p.gan.Generate(p.in.Redirect(ganlib.ScopeGenerator, scope))
}

func (p omaPlayers) value(scope string, x *Node) *Node {
	return p.gan.Discriminate(p.in.Redirect(ganlib.ScopeDiscriminator, scope), x).Logits
}

func (p omaPlayers) penalty(scope string) *Node {
	return MulScalar(loss.R1(func(x *Node) *Node { return p.value(scope, x) }, p.in.Real), omaGamma)
}

// miniOMASGAN has the steps of all four tasks; each belongs to its stage.
func miniOMASGAN(imagesPerTask int64) *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "omasgan", Image: ganlib.Image{Height: 1, Width: 2, Channels: 1}, Prior: ganlib.Uniform(2), Schedule: omaStages(imagesPerTask),
		Generate: omaGenerate, Discriminate: omaCritic,
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8}
	add := func(stage, name, scope string, batch ganlib.Batch, l func(p omaPlayers) *Node) {
		gan.Steps = append(gan.Steps, ganlib.Step{Name: name, Stage: stage, Scope: scope, Adam: adam, Batch: batch,
			Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
				return l(omaPlayers{gan, in}), []ganlib.Term{{Name: name + "/z", Value: ReduceAllSum(in.Z)}}
			}})
	}
	// Task 1: L_G and L_D from one forward pass, then both move.
	add("1", "G", ganlib.ScopeGenerator, ganlib.FreshBatch, func(p omaPlayers) *Node {
		return Neg(conjugate(p.value(ganlib.ScopeDiscriminator, p.draw(ganlib.ScopeGenerator))))
	})
	add("1", "D", ganlib.ScopeDiscriminator, ganlib.SameForward, func(p omaPlayers) *Node {
		return p.critic(ganlib.ScopeDiscriminator, ganlib.ScopeGenerator)
	})
	// Task 2: the boundary B against its own copy of the critic.
	add("2", "B", ganlib.ScopeBoundary, ganlib.FreshBatch, func(p omaPlayers) *Node {
		b := p.draw(ganlib.ScopeBoundary)
		t1 := conjugate(p.value(scopeBoundaryCritic, b))
		t2 := ReduceAllMean(ReduceMin(squaredDistances(b, p.in.Real), 1))
		return Add(t1, MulScalar(t2, 1.5))
	})
	add("2", "DB", scopeBoundaryCritic, ganlib.SameForward, func(p omaPlayers) *Node {
		return p.critic(scopeBoundaryCritic, ganlib.ScopeBoundary)
	})
	// Task 3: G' and C from four sources of samples, all of the same z; then G' against the C just updated.
	add("3", "C", scopeRetrainedCritic, ganlib.FreshBatch, func(p omaPlayers) *Node {
		v := func(x *Node) *Node { return p.value(scopeRetrainedCritic, x) }
		negatives := Add(conjugate(v(p.draw(scopeRetrained))), MulScalar(conjugate(v(p.draw(ganlib.ScopeBoundary))), 0.7))
		positives := Add(MulScalar(ReduceAllMean(v(p.in.Real)), 0.3), MulScalar(ReduceAllMean(v(p.draw(ganlib.ScopeGenerator))), 0.4))
		return Add(Sub(negatives, positives), p.penalty(scopeRetrainedCritic))
	})
	add("3", "G'", scopeRetrained, ganlib.SameBatch, func(p omaPlayers) *Node {
		return Neg(conjugate(p.value(scopeRetrainedCritic, p.draw(scopeRetrained))))
	})
	// Task 3_J: high on B, low on x and G'.
	add("3J", "J", scopeJudge, ganlib.FreshBatch, func(p omaPlayers) *Node {
		v := func(x *Node) *Node { return p.value(scopeJudge, x) }
		normal := MulScalar(Add(conjugate(v(p.draw(scopeRetrained))), conjugate(v(p.in.Real))), 0.5)
		return Sub(normal, ReduceAllMean(v(p.draw(ganlib.ScopeBoundary))))
	})
	return gan
}

// critic is E f*(T(v(fake))) − E T(v(x)) + γ/2·E‖∇T(v(x))‖².
func (p omaPlayers) critic(critic, generator string) *Node {
	fake := conjugate(p.value(critic, p.draw(generator)))
	return Add(Sub(fake, ReduceAllMean(p.value(critic, p.in.Real))), p.penalty(critic))
}

// squaredDistances between all rows of a and b: [A, B].
func squaredDistances(a, b *Node) *Node {
	return ReduceSum(Square(Sub(Reshape(a, -1, 1, 2), Reshape(b, 1, -1, 2))), 2)
}

// omaTask prepares a trainer and plays whole tasks, each of two iterations.
func omaTask(t *testing.T, tasks int) (*Trainer, *data.Stream) {
	t.Helper()
	trainer := begin(t, miniOMASGAN(12), Options{BatchSize: 6, Seed: 11})
	stream := points(t, 60).Stream(11, data.Position{})
	t.Cleanup(stream.Close)
	iterate(t, trainer, stream, 2*tasks)
	return trainer, stream
}

var omaNets = []string{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator, ganlib.ScopeBoundary, scopeBoundaryCritic, scopeRetrained, scopeRetrainedCritic, scopeJudge}

// In every task its own networks move and the others stay, to the bit.
func TestOMASGANFrozenNetworks(t *testing.T) {
	trainer, stream := omaTask(t, 0)
	for task, moving := range [][]string{
		{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator},
		{ganlib.ScopeBoundary, scopeBoundaryCritic},
		{scopeRetrained, scopeRetrainedCritic},
		{scopeJudge},
	} {
		first := iterate(t, trainer, stream, 1)
		before := contents(t, trainer.Store(), omaNets...)
		iterate(t, trainer, stream, 1)
		frozen := map[string][]float64{}
		for path, values := range before {
			if !slices.ContainsFunc(moving, func(s string) bool { return within(path, s) }) {
				frozen[path] = values
			}
		}
		when := "task " + []string{"1", "2", "3", "3_J"}[task]
		changed(t, trainer.Store(), before, when, moving...)
		if task > 0 {
			unchanged(t, trainer.Store(), frozen, when)
		} else if len(frozen) > 0 {
			t.Errorf("task 1 has made other networks than G and D: %v", frozen)
		}
		for name, z := range first {
			for other, z2 := range first {
				if strings.HasSuffix(name, "/z") && strings.HasSuffix(other, "/z") && z != z2 {
					t.Errorf("%s: %s and %s are of other latents", when, name, other)
				}
			}
		}
		if n := len(trainer.compiled); n != 1 {
			t.Errorf("%s: %d compiled calls, want one", when, n)
		}
	}
}

// A task starts from copies of Task 1's networks: one Adam step away from them after one iteration.
func TestOMASGANCopies(t *testing.T) {
	trainer, stream := omaTask(t, 1)
	for _, pair := range [][2]string{{ganlib.ScopeBoundary, scopeBoundaryCritic}, {scopeRetrained, scopeRetrainedCritic}} {
		iterate(t, trainer, stream, 1)
		for i, from := range []string{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator} {
			for path, old := range contents(t, trainer.Store(), from) {
				for k, w := range variable(t, trainer.Store(), pair[i]+strings.TrimPrefix(path, from)) {
					if d := math.Abs(w - old[k]); d > 1.01e-3 {
						t.Errorf("%s%s is %v away from its origin after one step", pair[i], strings.TrimPrefix(path, from), d)
					}
				}
			}
		}
		if u := trainer.State().Updates; slices.Max([]int64{u["B"], u["DB"], u["C"], u["G'"]}) != 1 {
			t.Errorf("updates %v: the new task's Adam is not fresh", u)
		}
		iterate(t, trainer, stream, 1)
	}
}

// The gradients of all seven steps, against central differences of the same losses written in plain float64.
func TestOMASGANGradients(t *testing.T) {
	for _, tc := range []struct {
		task  int
		steps []string
	}{{0, []string{"G", "D"}}, {1, []string{"B", "DB"}}, {2, []string{"C", "G'"}}, {3, []string{"J"}}} {
		trainer, stream := omaTask(t, tc.task)
		iterate(t, trainer, stream, 1) // builds the task's graph; now look at one more call from known weights
		if err := ganlib.ResetAdam(trainer.Store()); err != nil {
			t.Fatal(err)
		}
		before := plainNets(contents(t, trainer.Store(), omaNets...))
		batch, err := stream.Next(t.Context(), 6, 0)
		if err != nil {
			t.Fatal(err)
		}
		inputs := trainer.feed(trainer.plan[0], 0, &batch, 6)
		z := gantest.Flat(t, firstLatentsOf(trainer, 6))
		if err := trainer.run(trainer.compiled[trainer.plan[0].name], inputs, map[string]float64{}); err != nil {
			t.Fatal(err)
		}
		real := make([]float64, len(batch.Pixels))
		for i, v := range batch.Pixels {
			real[i] = float64(v)
		}
		for _, name := range tc.steps {
			step := named(trainer.gan, name)
			loss := func(nets plainNets) float64 { return plainLoss(name, nets, rows(z), rows(real)) }
			seen := before
			if step.Batch == ganlib.SameBatch { // G' meets the C that has just moved
				seen = maps.Clone(before)
				maps.Copy(seen, contents(t, trainer.Store(), scopeRetrainedCritic))
			}
			for path := range before {
				if within(path, step.Scope) {
					gantest.Close(t, name+": "+path, gradientOf(t, trainer.Store(), step, path), seen.slope(loss, path), 2e-5)
				}
			}
		}
	}
}

// Task 1 is simultaneous: were D asked again after G's step, its gradient would be another one.
func TestOMASGANSimultaneous(t *testing.T) {
	gradient := func(batch ganlib.Batch) []float64 {
		gan := miniOMASGAN(12)
		gan.Steps[0].Adam.LearningRate = 0.1
		gan.Steps[1].Batch = batch
		trainer := begin(t, gan, Options{BatchSize: 6, Seed: 11})
		stream := points(t, 60).Stream(11, data.Position{})
		defer stream.Close()
		iterate(t, trainer, stream, 1)
		return gradientOf(t, trainer.Store(), gan.Steps[1], "/discriminator/a/w")
	}
	same, after := gradient(ganlib.SameForward), gradient(ganlib.SameBatch)
	largest := 0.0
	for i := range same {
		largest = max(largest, math.Abs(same[i]-after[i]))
	}
	if largest < 1e-3 {
		t.Errorf("D's gradient before and after G's step differ by %v only", largest)
	}
}
