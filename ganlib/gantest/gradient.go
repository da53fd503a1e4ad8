package gantest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Step of the central differences and what they may differ from the gradient by, relative to max(1, derivative).
// In float64 the truncation error is about 1e-10 times the third derivative and the rounding error about 1e-11.
const (
	step              = 1e-5
	gradientTolerance = 1e-6
	directions        = 3
)

// Gradients checks the gradients of f with respect to all inputs (Float64), of first and second order, against
// central differences along random directions.
//
// The first-order function is L = Σ r·sin(f), with r at random, so that every order has something to show; the
// second-order one is a random combination of all values of L's gradient, M = Σ c·∂L. Both are differentiated.
func Gradients(t testing.TB, f func(in []*graph.Node) *graph.Node, inputs ...*tensors.Tensor) {
	t.Helper()
	exec, err := graph.NewExec(Backend(t), func(in []*graph.Node) []*graph.Node {
		y := f(in)
		rng := rand.New(rand.NewPCG(1, 2))
		first := graph.ReduceAllSum(graph.Mul(graph.Sin(y), noise(rng, y)))
		gradient := graph.Gradient(first, in...)
		second := graph.ScalarZero(y.Graph(), y.DType())
		for _, g := range gradient {
			second = graph.Add(second, graph.ReduceAllSum(graph.Mul(g, noise(rng, g))))
		}
		out := append([]*graph.Node{first, second}, gradient...)
		return append(out, graph.Gradient(second, in...)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()

	point := make([][]float64, len(inputs))
	for i, input := range inputs {
		point[i] = Flat(t, input)
	}
	evaluate := func(at [][]float64) []*tensors.Tensor {
		args := make([]any, len(inputs))
		for i, input := range inputs {
			args[i] = Tensor(dtypes.Float64, at[i], input.Shape().Dimensions...)
		}
		out, err := exec.Call(args...)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		return out
	}
	here := evaluate(point)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range directions * len(inputs) {
		moved := i % len(inputs) // one input at a time, so that none can hide behind another
		direction := make([]float64, len(point[moved]))
		for j := range direction {
			direction[j] = rng.NormFloat64()
		}
		ahead, behind := evaluate(along(point, moved, direction, step)), evaluate(along(point, moved, direction, -step))
		for order := range 2 {
			difference := (Flat(t, ahead[order])[0] - Flat(t, behind[order])[0]) / (2 * step)
			derivative := 0.0
			for j, g := range Flat(t, here[2+order*len(inputs)+moved]) {
				derivative += g * direction[j]
			}
			Close(t, fmt.Sprintf("order %d, input %d", order+1, moved), []float64{derivative}, []float64{difference}, gradientTolerance)
		}
	}
}

// Random returns a Float64 tensor of N(0, std²).
func Random(seed uint64, std float64, dims ...int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(seed, 5))
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = std * rng.NormFloat64()
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// noise is a constant of N(0, 1) in the shape of x.
func noise(rng *rand.Rand, x *graph.Node) *graph.Node {
	return graph.ConstTensor(x.Graph(), Random(rng.Uint64(), 1, x.Shape().Dimensions...))
}

// along is the point moved by h times the direction in one of its inputs.
func along(point [][]float64, moved int, direction []float64, h float64) [][]float64 {
	next := append([][]float64{}, point...)
	next[moved] = make([]float64, len(direction))
	for j, d := range direction {
		next[moved][j] = point[moved][j] + h*d
	}
	return next
}
