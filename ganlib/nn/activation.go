package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// LeakyReLU is x for x > 0 and slope·x otherwise, with 0 ≤ slope ≤ 1. At 0 its derivative is the slope, as in PyTorch.
// The backward pass looks at the output, which the next layer keeps anyway: it is positive where x is. Its factor, 1 or the
// slope, is max(sign y, slope). On one thread that takes 0.69 ms for [128, 14, 14, 32] where a comparison and a choice take
// 1.25, and 11.4 instead of 15.1 for [128, 32, 32, 64], whose results no longer fit into the cache.
func LeakyReLU(x *graph.Node, slope float64) *graph.Node {
	g, dtype := x.Graph(), x.DType()
	if isXLA(g) {
		return graph.Where(graph.GreaterThan(x, graph.ScalarZero(g, dtype)), x, graph.MulScalar(x, slope))
	}
	y := graph.Max(seen(x), graph.MulScalar(seen(x), slope)) // 0.76 ms for [128, 14, 14, 32] instead of 1.55 by Where
	return compositeOf(shapedLike(y, x), func(_ []*graph.Node, y, v *graph.Node) []*graph.Node {
		factor := graph.Max(graph.Sign(graph.StopGradient(seen(y))), graph.Scalar(g, dtype, slope))
		return []*graph.Node{shapedLike(graph.Mul(seen(v), factor), x)}
	}, x)
}

// ReLU is max(x, 0), with derivative 0 at 0.
func ReLU(x *graph.Node) *graph.Node {
	zero := graph.ScalarZero(x.Graph(), x.DType())
	if isXLA(x.Graph()) {
		return graph.Where(graph.GreaterThan(x, zero), x, zero)
	}
	if sum := stateOf(x.Graph()).biased[x]; sum.relu != nil {
		return sum.relu()
	}
	y := graph.Max(seen(x), zero)
	return compositeOf(shapedLike(y, x), func(_ []*graph.Node, y, v *graph.Node) []*graph.Node {
		return []*graph.Node{wherePositive(y, v)}
	}, x)
}

// wherePositive is v where y > 0 and 0 elsewhere, by the backend's own derivative of ReLU: one pass instead of two.
func wherePositive(y, v *graph.Node) *graph.Node {
	masked := graph.BackendFusedActivationVJP(seen(y), nil, seen(v), compute.ActivationConfig{Type: compute.ActivationRelu})
	return composite(shapedLike(masked, v), func(in []*graph.Node, u *graph.Node) []*graph.Node {
		return []*graph.Node{wherePositive(in[1], u)}
	}, v, y)
}

// ELU is x for x > 0 and eˣ−1 otherwise. The exponential never sees a positive value, which could overflow and turn
// the gradient of the other branch into 0·∞.
func ELU(x *graph.Node) *graph.Node {
	zero := graph.ScalarZero(x.Graph(), x.DType())
	positive := graph.GreaterThan(x, zero)
	below := graph.Where(positive, zero, x)
	return graph.Where(positive, x, graph.AddScalar(graph.Exp(below), -1))
}

// Tanh is the hyperbolic tangent.
func Tanh(x *graph.Node) *graph.Node { return graph.Tanh(x) }

// Sigmoid is 1/(1+e⁻ˣ).
func Sigmoid(x *graph.Node) *graph.Node { return graph.Sigmoid(x) }
