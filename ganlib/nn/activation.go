package nn

import "github.com/gomlx/gomlx/core/graph"

// LeakyReLU is x for x > 0 and slope·x otherwise, with 0 ≤ slope ≤ 1. At 0 its derivative is the slope, as in PyTorch.
func LeakyReLU(x *graph.Node, slope float64) *graph.Node {
	g, dtype := x.Graph(), x.DType()
	zero := graph.ScalarZero(g, dtype)
	if isXLA(g) {
		return graph.Where(graph.GreaterThan(x, zero), x, graph.MulScalar(x, slope))
	}
	y := graph.Max(x, graph.MulScalar(x, slope)) // half the time of Where
	return composite(y, func(in []*graph.Node, v *graph.Node) []*graph.Node {
		positive := graph.GreaterThan(in[0], zero)
		return []*graph.Node{graph.Mul(v, graph.Where(positive, graph.ScalarOne(g, dtype), graph.Scalar(g, dtype, slope)))}
	}, x)
}

// ReLU is max(x, 0), with derivative 0 at 0.
func ReLU(x *graph.Node) *graph.Node {
	zero := graph.ScalarZero(x.Graph(), x.DType())
	if isXLA(x.Graph()) {
		return graph.Where(graph.GreaterThan(x, zero), x, zero)
	}
	return composite(graph.Max(x, zero), func(in []*graph.Node, v *graph.Node) []*graph.Node {
		return []*graph.Node{graph.Where(graph.GreaterThan(in[0], zero), v, zero)}
	}, x)
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
