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

// MaxPool is the largest value of every k×k square and, for MaxUnpool, where in the square it stood (row by row).
func MaxPool(m Matrix, k int) (largest Matrix, where [][]int) {
	largest = zeros(len(m)/k, len(m[0])/k)
	where = make([][]int, len(largest))
	for i := range largest {
		where[i] = make([]int, len(largest[0]))
		for j := range largest[i] {
			largest[i][j] = m[i*k][j*k]
			for at := range k * k {
				if v := m[i*k+at/k][j*k+at%k]; v > largest[i][j] {
					largest[i][j], where[i][j] = v, at
				}
			}
		}
	}
	return largest, where
}

// MaxUnpool puts every value back to where the largest stood, with zeros around it.
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
	// Where the maxima stood is remembered from a pooling; here: on a diagonal.
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
