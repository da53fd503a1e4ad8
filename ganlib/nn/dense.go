package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// DenseOptions describes a fully connected layer.
type DenseOptions struct {
	Out  int
	Bias bool
	Init Initializer // nil: HeNormal
}

// Dense multiplies x [B,in] by the variable w [in,Out] and adds b [Out].
func Dense(s *model.Scope, x *graph.Node, o DenseOptions) *graph.Node {
	if x.Rank() != 2 {
		exceptions.Panicf("nn: Dense: want [batch, features], got %s", x.Shape())
	}
	g := x.Graph()
	w := Variable(s, g, "w", x.DType(), orHe(o.Init), x.Shape().Dimensions[1], o.Out)
	if !o.Bias {
		return multiply(x, w)
	}
	if isXLA(g) {
		return withBias(s, multiply(x, w), nil)
	}
	b := Variable(s, g, "b", x.DType(), Constant(0), o.Out)
	y := affine(x, w, b)
	stateOf(g).biased[y] = biasedSum{product: multiply(x, w), bias: b, relu: func() *graph.Node { return affineReLU(x, w, b) }}
	return y
}

// The three products of a fully connected layer, closed under differentiation as the convolution's primitives are, so
// that gradients of gradients need no transposition that the backend would do slowly.

// multiply is x·w.
func multiply(x, w *graph.Node) *graph.Node {
	return withGradient(graph.Dot(x, w).Product(), func(in []*graph.Node, v *graph.Node) []*graph.Node {
		return productGradient(in[0], in[1], v)
	}, x, w)
}

// productGradient is that of x·w by x and w.
func productGradient(x, w, v *graph.Node) []*graph.Node {
	return []*graph.Node{multiplyTransposed(v, w), multiplyOver(x, v)}
}

// multiplyTransposed is v·wᵀ.
func multiplyTransposed(v, w *graph.Node) *graph.Node {
	return withGradient(graph.DotGeneral(v, []int{1}, nil, w, []int{1}, nil), func(in []*graph.Node, u *graph.Node) []*graph.Node {
		return []*graph.Node{multiply(u, in[1]), multiplyOver(u, in[0])}
	}, v, w)
}

// multiplyOver is xᵀ·v, a sum over the batch. The smaller of the two is transposed: the product itself would transpose x,
// much slower.
func multiplyOver(x, v *graph.Node) *graph.Node {
	var sum *graph.Node
	if v.Shape().Size() < x.Shape().Size() {
		sum = graph.Transpose(graph.Dot(transposed2D(v), x).Product(), 0, 1)
	} else {
		sum = graph.Dot(transposed2D(x), v).Product()
	}
	return withGradient(sum, func(in []*graph.Node, u *graph.Node) []*graph.Node {
		return []*graph.Node{multiplyTransposed(in[1], u), multiply(in[0], u)}
	}, x, v)
}

// affine is x·w + b, in one operation of the backend.
func affine(x, w, b *graph.Node) *graph.Node {
	y := graph.BackendFusedDense(x, w, b, compute.DenseConfig{})
	return composite(y, func(in []*graph.Node, v *graph.Node) []*graph.Node {
		return append(productGradient(in[0], in[1], v), graph.ReduceSum(v, 0))
	}, x, w, b)
}

// affineReLU is max(x·w + b, 0), in one operation of the backend.
func affineReLU(x, w, b *graph.Node) *graph.Node {
	relu := compute.ActivationConfig{Type: compute.ActivationRelu}
	y := graph.BackendFusedDense(x, w, b, compute.DenseConfig{Activation: relu})
	return compositeOf(y, func(in []*graph.Node, y, v *graph.Node) []*graph.Node {
		v = wherePositive(y, v)
		return append(productGradient(in[0], in[1], v), graph.ReduceSum(v, 0))
	}, x, w, b)
}
