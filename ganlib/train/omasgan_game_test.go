package train

import (
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
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
