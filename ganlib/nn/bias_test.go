package nn

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// What a layer added in front of a batch norm is left out, where the statistics are the batch's, or becomes part of the
// kernel, where they are not. Output, gradients, gradients of a gradient penalty and running averages must be those of the
// sum written out, and the bias must keep its place in the store, with a gradient of exactly zero in the first case.
func TestBiasBeforeBatchNorm(t *testing.T) {
	layers := map[string]func(s *model.Scope, x *graph.Node, c Conv) *graph.Node{"convolution": Conv2D, "transposed": ConvTranspose2D}
	for name, layer := range layers {
		for _, mode := range []Mode{Training, BatchStatistics, Inference} {
			biased, want := biasedNorm(t, layer, mode, false), biasedNorm(t, layer, mode, true)
			for i, what := range []string{"output", "by the input", "by the kernel", "by the bias", "by gamma", "by beta",
				"penalty by the input", "penalty by the kernel", "penalty by the bias", "penalty by gamma", "penalty by beta", "running mean", "running variance"} {
				gantest.Close(t, name+": "+what, gantest.Flat(t, biased[i]), gantest.Flat(t, want[i]), 1e-11)
			}
			for _, g := range gantest.Flat(t, biased[3]) {
				if (g == 0) != (mode != Inference) {
					t.Errorf("%s, mode %v: a gradient of %v for the bias", name, mode, g)
				}
			}
		}
	}
}

// biasedNorm is a convolution with bias and batch norm; written out, an addition hides the bias from the latter.
func biasedNorm(t *testing.T, layer func(*model.Scope, *graph.Node, Conv) *graph.Node, mode Mode, writtenOut bool) []*tensors.Tensor {
	store := model.NewStore()
	for i, path := range []string{"/conv/b", "/bn/gamma", "/bn/beta", "/bn/moving_mean"} {
		create(t, store, path, gantest.Random(uint64(3+i), 1, 4))
	}
	create(t, store, "/bn/moving_variance", gantest.Tensor(dtypes.Float64, []float64{0.3, 1.7, 0.9, 2.5}, 4))
	store.GetVariable("/bn/moving_mean").SetTrainable(false)
	store.GetVariable("/bn/moving_variance").SetTrainable(false)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, x, v *graph.Node) []*graph.Node {
		y := layer(s.At("conv"), x, Conv{Out: 4, Kernel: 3, Stride: 1, Pad: Pad(1), Bias: true, Init: Normal(1)})
		if writtenOut {
			y = graph.AddScalar(y, 0)
		}
		y = BatchNorm(s.At("bn"), y, BatchNormOptions{Mode: mode})
		by := []*graph.Node{x}
		for _, path := range []string{"/conv/w", "/conv/b", "/bn/gamma", "/bn/beta"} {
			by = append(by, store.GetVariable(path).NodeValue(x.Graph()))
		}
		first := graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.Square(y), v)), by...)
		penalty := graph.ReduceAllSum(graph.Square(first[0]))
		return slices.Concat([]*graph.Node{y}, first, graph.Gradient(penalty, by...))
	}, gantest.Random(1, 1, 3, 4, 4, 2), gantest.Random(2, 1, 3, 4, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"moving_mean", "moving_variance"} {
		out = append(out, store.GetVariable("/bn/"+name).MustValue())
	}
	return out
}
