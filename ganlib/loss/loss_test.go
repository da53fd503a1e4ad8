package loss

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// Two short arrays through every objective, against the formula in its textbook form.
func TestClosedForms(t *testing.T) {
	real, fake := []float64{0.5, -1, 2}, []float64{-0.25, 1.5, 0}
	sigmoid := func(l float64) float64 { return 1 / (1 + math.Exp(-l)) }
	mean := func(values []float64, f func(v float64) float64) float64 {
		sum := 0.0
		for _, v := range values {
			sum += f(v)
		}
		return sum / float64(len(values))
	}
	logD := func(l float64) float64 { return math.Log(sigmoid(l)) }
	logNotD := func(l float64) float64 { return math.Log(1 - sigmoid(l)) }
	value := func(v float64) float64 { return v }

	for _, c := range []struct {
		name string
		f    func(real, fake *graph.Node) *graph.Node
		want float64
	}{
		{"discriminator", Discriminator, -mean(real, logD) - mean(fake, logNotD)},
		{"non-saturating", func(_, fake *graph.Node) *graph.Node { return NonSaturating(fake) }, -mean(fake, logD)},
		{"minimax", func(_, fake *graph.Node) *graph.Node { return Minimax(fake) }, mean(fake, logNotD)},
		{"label 0.25", func(real, _ *graph.Node) *graph.Node { return BCEWithLogits(real, 0.25) }, -0.25*mean(real, logD) - 0.75*mean(real, logNotD)},
		{"critic", Critic, mean(fake, value) - mean(real, value)},
		{"critic's generator", func(_, fake *graph.Node) *graph.Node { return CriticGenerator(fake) }, -mean(fake, value)},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := graph.CallOnce(gantest.Backend(t), c.f, real, fake)
			if err != nil {
				t.Fatal(err)
			}
			gantest.Close(t, c.name, gantest.Flat(t, out), []float64{c.want}, 1e-12)
		})
	}
}

// At a logit of exactly zero, where max and |·| have kinks, all derivatives are those of log(1+eˡ): ½ and ¼.
func TestDerivativesAtZero(t *testing.T) {
	out := run(t, func(x *graph.Node) []*graph.Node {
		first := graph.Gradient(BCEWithLogits(x, 0), x)[0]
		return []*graph.Node{first, graph.Gradient(graph.ReduceAllSum(first), x)[0]}
	}, gantest.Tensor(dtypes.Float64, []float64{0}, 1))
	gantest.Close(t, "first", out[0], []float64{0.5}, 1e-12)
	gantest.Close(t, "second", out[1], []float64{0.25}, 1e-12)
}

func TestObjectiveGradients(t *testing.T) {
	real, fake := gantest.Random(1, 2, 5), gantest.Random(2, 2, 5)
	for _, f := range []func(real, fake *graph.Node) *graph.Node{Discriminator, Critic} {
		gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return f(in[0], in[1]) }, real, fake)
	}
}

// f(x) = ½·Σ a·x² has ∇f = a·x: the penalties and their gradients by hand.
func TestPenalties(t *testing.T) {
	x := gantest.Tensor(dtypes.Float64, []float64{3, 4, 0, 0, 1, 0}, 3, 2) // ‖∇f‖ = 5a, 0, a
	critic := func(a *graph.Node) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return graph.MulScalar(graph.Mul(a, graph.ReduceSum(graph.Square(x), 1)), 0.5)
		}
	}
	out, err := graph.CallOnceN(gantest.Backend(t), func(a, x *graph.Node) []*graph.Node {
		penalty, r1 := GradientPenalty(critic(a), x, 2), R1(critic(a), x)
		return []*graph.Node{penalty, graph.Gradient(penalty, a)[0], r1, graph.Gradient(r1, a)[0]}
	}, 2.0, x)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{
		(64 + 4 + 0) / 4.0 / 3,    // ((10−2)² + (0−2)² + (2−2)²)/2², mean of three
		2 * (8*5 + 0*1) / 4.0 / 3, // 2(‖∇f‖−2)·∂‖∇f‖/∂a; 0 where ∇f = 0
		0.5 * (100 + 0 + 4) / 3,   // ½·mean of a²‖x‖²
		2 * (25 + 0 + 1) / 3.0,    // a·mean of ‖x‖²
	} {
		what := []string{"penalty", "its gradient", "R1", "its gradient"}[i]
		gantest.Close(t, what, gantest.Flat(t, out[i]), []float64{want}, 1e-12)
	}
}
