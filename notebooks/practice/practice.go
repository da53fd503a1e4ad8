// Package practice is what the lecture's notebooks call beside the library: small operations on matrices that are
// shown number by number, figures of them, and exercises that check themselves.
//
// Everything an example shows is computed by the layers that train; the plain loops beside them are there to be
// compared with.
package practice

import (
	"fmt"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// Matrix is a table of numbers, row by row.
type Matrix = [][]float64

// shared is the backend of all examples: one cell starts it at most once.
var shared = sync.OnceValues(func() (compute.Backend, error) { return backend.New("") })

// Compute runs an operation of the library on pictures of one channel: every matrix comes in as [1, height, width, 1],
// and so must the result go out. Numbers are computed in float32, as in training.
func Compute(f func(x []*graph.Node) *graph.Node, inputs ...Matrix) (Matrix, error) {
	b, err := shared()
	if err != nil {
		return nil, err
	}
	args := make([]any, len(inputs))
	for i, m := range inputs {
		if len(m) == 0 || len(m[0]) == 0 {
			return nil, fmt.Errorf("practice: matrix %d is empty", i)
		}
		args[i] = picture(m)
	}
	var out *tensors.Tensor
	if caught := exceptions.TryCatch[error](func() {
		out, err = graph.CallOnce(b, func(x []*graph.Node) *graph.Node { return f(x) }, args...)
	}); caught != nil {
		err = caught
	}
	if err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	defer out.FinalizeAll()
	values, err := tensors.CopyFlatData[float32](out)
	if err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	d := out.Shape().Dimensions
	if len(d) != 4 || d[0] != 1 || d[3] != 1 {
		return nil, fmt.Errorf("practice: the result has shape %v, want [1 height width 1]", d)
	}
	return rows(values, d[1], d[2]), nil
}

// picture is a matrix as the library's operations take it.
func picture(m Matrix) *tensors.Tensor {
	var flat []float32
	for _, row := range m {
		for _, v := range row {
			flat = append(flat, float32(v))
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, 1, len(m), len(m[0]), 1)
}

func rows(values []float32, height, width int) Matrix {
	m := zeros(height, width)
	for i, v := range values {
		m[i/width][i%width] = float64(v)
	}
	return m
}

func zeros(height, width int) Matrix {
	m := make(Matrix, height)
	for i := range m {
		m[i] = make([]float64, width)
	}
	return m
}

func filled(height, width int, value func(y, x int) float64) Matrix {
	m := zeros(height, width)
	for y := range m {
		for x := range m[y] {
			m[y][x] = value(y, x)
		}
	}
	return m
}
