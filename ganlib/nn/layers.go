package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Conv describes a convolution or a transposed convolution with a square kernel.
type Conv struct {
	Out    int // channels of the output
	Kernel int
	Stride int
	Pad    Padding
	Bias   bool
	Init   Initializer // nil: HeNormal
}

func (o Conv) window() Window { return SquareWindow(o.Kernel, o.Stride, o.Pad) }

// Conv2D convolves x [B,H,W,C] to [B,OH,OW,Out], with variables w [Out,k,k,C] and b [Out] in scope s.
func Conv2D(s *model.Scope, x *graph.Node, o Conv) *graph.Node {
	_, _, _, c := image("Conv2D", x)
	w := Variable(s, x.Graph(), "w", x.DType(), orHe(o.Init), o.Out, o.Kernel, o.Kernel, c)
	if !o.Bias {
		return Convolve(x, w, o.window())
	}
	return withBias(s, Convolve(x, w, o.window()), func(factor *graph.Node) *graph.Node {
		return Convolve(x, graph.Mul(w, graph.Reshape(factor, o.Out, 1, 1, 1)), o.window())
	})
}

// ConvTranspose2D is the transposed convolution of x [B,H,W,C] to [B,OH,OW,Out], OH = (H−1)·stride + k − top − bottom,
// with variables w [C,k,k,Out] and b [Out] in scope s. Output padding a is o.Pad.WithOutput(a).
func ConvTranspose2D(s *model.Scope, x *graph.Node, o Conv) *graph.Node {
	_, h, wd, c := image("ConvTranspose2D", x)
	oh := (h-1)*o.Stride + o.Kernel - o.Pad[0][0] - o.Pad[0][1]
	ow := (wd-1)*o.Stride + o.Kernel - o.Pad[1][0] - o.Pad[1][1]
	if oh < 1 || ow < 1 {
		exceptions.Panicf("nn: ConvTranspose2D of %s: kernel %d, stride %d, padding %v leave nothing", x.Shape(), o.Kernel, o.Stride, o.Pad)
	}
	w := Variable(s, x.Graph(), "w", x.DType(), orHe(o.Init), c, o.Kernel, o.Kernel, o.Out)
	if !o.Bias {
		return ConvolveAdjoint(x, w, o.window(), oh, ow)
	}
	return withBias(s, ConvolveAdjoint(x, w, o.window(), oh, ow), func(factor *graph.Node) *graph.Node {
		return ConvolveAdjoint(x, graph.Mul(w, graph.Reshape(factor, 1, 1, 1, o.Out)), o.window(), oh, ow)
	})
}

// withBias adds the variable b [channels] to the last axis of a product; scaled is the product with every channel of its
// kernel multiplied by a factor.
func withBias(s *model.Scope, product *graph.Node, scaled func(factor *graph.Node) *graph.Node) *graph.Node {
	b := Variable(s, product.Graph(), "b", product.DType(), Constant(0), lastOf(product.Shape().Dimensions))
	sum := addVector(product, b)
	stateOf(product.Graph()).biased[sum] = biasedSum{product: product, bias: b, scaled: scaled}
	return sum
}

// addVector adds v [channels] to the last axis of y.
func addVector(y, v *graph.Node) *graph.Node {
	l := lanesOf(y)
	sum := l.back(graph.Add(l.rows(y), l.wide(v)))
	return withGradient(sum, func(in []*graph.Node, v *graph.Node) []*graph.Node {
		return []*graph.Node{v, l.sum(l.rows(v))}
	}, y, v)
}

// biasedSum is what a layer added, for those that come next and can do better than take the sum: batch norm leaves the
// bias out, or becomes part of a convolution's kernel, if scaled is not nil; ReLU is computed together with a fully
// connected layer, if relu is not nil.
type biasedSum struct {
	product, bias *graph.Node
	scaled        func(factor *graph.Node) *graph.Node
	relu          func() *graph.Node
}

func orHe(init Initializer) Initializer {
	if init == nil {
		return HeNormal
	}
	return init
}

// perChannel reshapes a vector [c] so that it broadcasts over the last axis of a tensor of that rank.
func perChannel(v *graph.Node, rank int) *graph.Node {
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = 1
	}
	dims[rank-1] = v.Shape().Dimensions[0]
	return graph.Reshape(v, dims...)
}
