package loss

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// run evaluates f on values and returns its outputs.
func run(t *testing.T, f func(x *graph.Node) []*graph.Node, values *tensors.Tensor) [][]float64 {
	t.Helper()
	out, err := graph.CallOnceN(gantest.Backend(t), f, values)
	if err != nil {
		t.Fatal(err)
	}
	flat := make([][]float64, len(out))
	for i, tensor := range out {
		flat[i] = gantest.Flat(t, tensor)
	}
	return flat
}

// each applies a mean loss to every value by itself, and returns the losses and their derivatives.
func each(loss func(x *graph.Node) *graph.Node) func(x *graph.Node) []*graph.Node {
	return func(x *graph.Node) []*graph.Node {
		parts := make([]*graph.Node, x.Shape().Dimensions[0])
		for i := range parts {
			parts[i] = loss(graph.Slice(x, graph.AxisRange(i, i+1)))
		}
		y := graph.Stack(parts, 0)
		return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), x)[0]}
	}
}

func withLabel(label float64) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node { return BCEWithLogits(x, label) }
}

// Cross-entropy of logits for several labels, where it saturates, and the two objectives of a generator.
func TestGoldenBCE(t *testing.T) {
	type numbers = gantest.Numbers
	var file struct {
		Cases []struct {
			Label      float64
			Logits     numbers
			Sigmoid    numbers
			PerElement numbers `json:"per_element"`
			Mean       float64
			Gradient   numbers `json:"grad_logits_of_mean"`
		}
		Saturation struct {
			Rows []struct {
				Label      float64
				Logits     []float64
				WithLogits []float64 `json:"with_logits"` // the probability form beside it is torch's other loss
			}
		}
		Generator struct {
			Logits            numbers
			Minimax           numbers `json:"minimax_log_one_minus_D"`
			MinimaxGrad       numbers `json:"minimax_grad"`
			NonSaturating     numbers `json:"nonsaturating_minus_log_D"`
			NonSaturatingGrad numbers `json:"nonsaturating_grad"`
		} `json:"generator_objectives"`
	}
	gantest.Golden(t, "bce", &file)
	for i, c := range file.Cases {
		t.Run(fmt.Sprintf("case%d_label%g", i, c.Label), func(t *testing.T) {
			logits := c.Logits.Tensor(dtypes.Float32)
			c.PerElement.Close(t, "per element", run(t, each(withLabel(c.Label)), logits)[0], gantest.Tolerance)
			// d softplus/dl = σ(l)
			c.Sigmoid.Close(t, "sigmoid", run(t, each(withLabel(0)), logits)[1], gantest.Tolerance)
			mean := run(t, func(x *graph.Node) []*graph.Node {
				y := BCEWithLogits(x, c.Label)
				return []*graph.Node{y, graph.Gradient(y, x)[0]}
			}, logits)
			gantest.Close(t, "mean", mean[0], []float64{c.Mean}, gantest.Tolerance)
			c.Gradient.Close(t, "gradient", mean[1], gantest.Tolerance)
		})
	}
	for i, row := range file.Saturation.Rows {
		t.Run(fmt.Sprintf("saturation%d_label%g", i, row.Label), func(t *testing.T) {
			logits := gantest.Tensor(dtypes.Float32, row.Logits, len(row.Logits))
			gantest.Close(t, "with logits", run(t, each(withLabel(row.Label)), logits)[0], row.WithLogits, gantest.Tolerance)
		})
	}
	t.Run("generator_objectives", func(t *testing.T) {
		logits := file.Generator.Logits.Tensor(dtypes.Float32)
		minimax, nonSaturating := run(t, each(Minimax), logits), run(t, each(NonSaturating), logits)
		file.Generator.Minimax.Close(t, "minimax", minimax[0], gantest.Tolerance)
		file.Generator.MinimaxGrad.Close(t, "minimax gradient", minimax[1], gantest.Tolerance)
		file.Generator.NonSaturating.Close(t, "non-saturating", nonSaturating[0], gantest.Tolerance)
		file.Generator.NonSaturatingGrad.Close(t, "non-saturating gradient", nonSaturating[1], gantest.Tolerance)
	})
}
