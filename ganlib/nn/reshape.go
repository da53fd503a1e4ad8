package nn

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// On the Go backend a reshape copies unless it is the last use of its operand. So that the layers of a net need none
// between them, all that is computed here has one of two shapes: images of few channels are matrices [B·H, W·C], which
// have long rows, and everything else is as it is.

// seenAs is the shape in which values of some dimensions are computed.
func seenAs(dims []int) []int {
	if len(dims) == 4 && dims[3] < fullVectors {
		return []int{dims[0] * dims[1], dims[2] * dims[3]}
	}
	return dims
}

// seen is x in the shape in which it is computed.
func seen(x *graph.Node) *graph.Node { return reshaped(x, seenAs(x.Shape().Dimensions)...) }

// inShape is x in other dimensions. Differentiable with respect to x, which reshaped is not.
func inShape(x *graph.Node, dims ...int) *graph.Node {
	if slices.Equal(x.Shape().Dimensions, dims) {
		return x
	}
	return graph.Reshape(x, dims...)
}

// reshaped is x in other dimensions: the value it was reshaped from, when that has them. It passes x by, so it is only
// for what a composite gives the gradient of.
func reshaped(x *graph.Node, dims ...int) *graph.Node {
	for x.Type() == graph.NodeTypeReshape {
		x = x.Inputs()[0]
	}
	if slices.Equal(x.Shape().Dimensions, dims) {
		return x
	}
	return graph.Reshape(x, dims...)
}

// shapedLike is x in the dimensions of another value.
func shapedLike(x, like *graph.Node) *graph.Node { return reshaped(x, like.Shape().Dimensions...) }
