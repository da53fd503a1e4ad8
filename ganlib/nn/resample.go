package nn

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Upsample2D repeats every pixel of x [B,H,W,C] k times along both axes: out[i,j] = in[⌊i/k⌋, ⌊j/k⌋].
func Upsample2D(x *graph.Node, k int) *graph.Node {
	b, h, w, c := image("Upsample2D", x)
	if k < 1 {
		exceptions.Panicf("nn: Upsample2D: factor %d, want at least 1", k)
	}
	// Two concatenations of whole rows; a broadcast copies value by value on the Go backend.
	wide := repeat(graph.Reshape(x, b*h*w, c), k)
	tall := repeat(graph.Reshape(wide, b*h, w*k*c), k)
	return withGradient(graph.Reshape(tall, b, h*k, w*k, c), func(_ []*graph.Node, v *graph.Node) []*graph.Node {
		return []*graph.Node{graph.MulScalar(Downsample2D(v, k), k*k)}
	}, x)
}

// Downsample2D is the mean of each k×k square of x [B,H,W,C]; H and W must be multiples of k.
func Downsample2D(x *graph.Node, k int) *graph.Node {
	b, h, w, c := image("Downsample2D", x)
	if k < 1 || h%k != 0 || w%k != 0 {
		exceptions.Panicf("nn: Downsample2D: %s is not divisible by %d", x.Shape(), k)
	}
	low := graph.ReduceSum(graph.Reshape(x, b*h/k, k, w*c), 1)
	small := graph.ReduceSum(graph.Reshape(low, b*h/k*w/k, k, c), 1)
	y := graph.MulScalar(graph.Reshape(small, b, h/k, w/k, c), 1/float64(k*k))
	return withGradient(y, func(_ []*graph.Node, v *graph.Node) []*graph.Node {
		return []*graph.Node{graph.MulScalar(Upsample2D(v, k), 1/float64(k*k))}
	}, x)
}

// repeat turns rows [n, m] into [n, k·m], each row k times.
func repeat(rows *graph.Node, k int) *graph.Node {
	copies := make([]*graph.Node, k)
	for i := range copies {
		copies[i] = rows
	}
	return join(copies, 1)
}

// BilinearUpsample2D enlarges x [B,H,W,C] k times by linear interpolation along rows, then columns, with half-pixel
// centres: output i looks at input (i+½)/k − ½, clamped to the image.
func BilinearUpsample2D(x *graph.Node, k int) *graph.Node {
	_, h, w, _ := image("BilinearUpsample2D", x)
	if k < 1 {
		exceptions.Panicf("nn: BilinearUpsample2D: factor %d, want at least 1", k)
	}
	rows := interpolation(x.Graph(), x.DType(), h, k)
	cols := interpolation(x.Graph(), x.DType(), w, k)
	y := graph.DotGeneral(x, []int{1}, nil, rows, []int{1}, nil) // [B,W,C,kH]
	y = graph.DotGeneral(y, []int{1}, nil, cols, []int{1}, nil)  // [B,C,kH,kW]
	return graph.TransposeAllAxes(y, 0, 2, 3, 1)
}

// interpolation is the matrix [k·n, n] whose row i holds the weights of the two inputs next to (i+½)/k − ½.
func interpolation(g *graph.Graph, dtype dtypes.DType, n, k int) *graph.Node {
	matrix := make([][]float64, k*n)
	for i := range matrix {
		matrix[i] = make([]float64, n)
		at := (float64(i)+0.5)/float64(k) - 0.5
		at = min(max(at, 0), float64(n-1))
		before := int(math.Floor(at))
		after := min(before+1, n-1)
		matrix[i][before] += 1 - (at - float64(before))
		matrix[i][after] += at - float64(before)
	}
	return graph.ConstAsDType(g, dtype, matrix)
}
