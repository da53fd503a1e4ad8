package nn

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// A layer's bias in front of the statistics of a batch is left out. Output, gradients and running averages must be
// those of the sum written out, and the bias must keep its place in the store with a gradient of exactly zero.
func TestBiasBeforeBatchNorm(t *testing.T) {
	for _, mode := range []Mode{Training, BatchStatistics, Inference} {
		biased, want := biasedNorm(t, mode, false), biasedNorm(t, mode, true)
		for i, what := range []string{"output", "by the input", "by the kernel", "by the bias", "running mean", "running variance"} {
			gantest.Close(t, what, gantest.Flat(t, biased[i]), gantest.Flat(t, want[i]), 1e-12)
		}
		for _, g := range gantest.Flat(t, biased[3]) {
			if (g == 0) != (mode != Inference) {
				t.Errorf("mode %v: a gradient of %v for the bias", mode, g)
			}
		}
	}
}

// biasedNorm is a convolution with bias and batch norm; written out, an addition hides the bias from the latter.
func biasedNorm(t *testing.T, mode Mode, writtenOut bool) []*tensors.Tensor {
	store := model.NewStore()
	create(t, store, "/conv/b", gantest.Random(3, 1, 4))
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, x, v *graph.Node) []*graph.Node {
		y := Conv2D(s.At("conv"), x, Conv{Out: 4, Kernel: 3, Stride: 1, Pad: Pad(1), Bias: true, Init: Normal(1)})
		if writtenOut {
			y = graph.AddScalar(y, 0)
		}
		y = BatchNorm(s.At("bn"), y, BatchNormOptions{Mode: mode})
		kernel, bias := store.GetVariable("/conv/w").NodeValue(x.Graph()), store.GetVariable("/conv/b").NodeValue(x.Graph())
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), x, kernel, bias)...)
	}, gantest.Random(1, 1, 3, 4, 4, 2), gantest.Random(2, 1, 3, 4, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"moving_mean", "moving_variance"} {
		out = append(out, store.GetVariable("/bn/"+name).MustValue())
	}
	return out
}
