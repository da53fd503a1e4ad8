package practice

import (
	"image"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/plots"
)

// Nearest repeats every value k times along both axes, with the library's layer.
func Nearest(m Matrix, k int) (Matrix, error) {
	return Compute(func(x []*graph.Node) *graph.Node { return nn.Upsample2D(x[0], k) }, m)
}

// Bilinear enlarges k times by linear interpolation between half-pixel centres, with the library's layer.
func Bilinear(m Matrix, k int) (Matrix, error) {
	return Compute(func(x []*graph.Node) *graph.Node { return nn.BilinearUpsample2D(x[0], k) }, m)
}

// MaxUnpool puts every value of a k×k max-pooling back to where in its square the largest stood, counted row by row,
// with zeros around it.
func MaxUnpool(m Matrix, where [][]int, k int) Matrix {
	out := zeros(len(m)*k, len(m[0])*k)
	for i, row := range m {
		for j, v := range row {
			out[i*k+where[i][j]/k][j*k+where[i][j]%k] = v
		}
	}
	return out
}

// Transposed is a transposed convolution by the library's primitive: kernel k×k, stride s, padding p, output padding a.
func Transposed(m, kernel Matrix, s, p, a int) (Matrix, error) {
	k := len(kernel)
	height, width := nn.TransposedSize(len(m), k, s, p, 1, a), nn.TransposedSize(len(m[0]), k, s, p, 1, a)
	win := nn.SquareWindow(k, s, nn.Pad(p).WithOutput(a))
	return Compute(func(x []*graph.Node) *graph.Node {
		return nn.ConvolveAdjoint(x[0], x[1], win, height, width)
	}, m, kernel)
}

// Upsampling shows one matrix made twice as large in four ways. The max-unpooling goes back over the pooling of a 4×4
// picture whose largest values are the matrix; the transposed convolution has k4 s2 p1 and the kernel given.
func Upsampling(m, kernel Matrix) (image.Image, error) {
	nearest, err := Nearest(m, 2)
	if err != nil {
		return nil, err
	}
	bilinear, err := Bilinear(m, 2)
	if err != nil {
		return nil, err
	}
	transposed, err := Transposed(m, kernel, 2, 1, 0)
	if err != nil {
		return nil, err
	}
	// A pooling would have remembered where the maxima stood; here they are made up, most of them different.
	where := make([][]int, len(m))
	for i := range where {
		where[i] = make([]int, len(m[0]))
		for j := range where[i] {
			where[i][j] = (i + 3*j) % 4
		}
	}
	return plots.Matrices(3,
		plots.Matrix{Caption: "input", Values: m},
		plots.Matrix{Caption: "nearest", Note: "every value 2×2 times", Values: nearest},
		plots.Matrix{Caption: "bilinear", Note: "half-pixel centres", Values: bilinear},
		plots.Matrix{Caption: "kernel", Note: "4×4; it is learned", Values: kernel},
		plots.Matrix{Caption: "max-unpooling", Note: "back to where the maximum was", Values: MaxUnpool(m, where, 2)},
		plots.Matrix{Caption: "transposed conv", Note: "k4 s2 p1", Values: transposed})
}
