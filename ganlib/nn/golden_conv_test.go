package nn

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// pair is a number per axis, written once when both are the same.
type pair [2]int

func (p *pair) UnmarshalJSON(text []byte) error {
	var one int
	if json.Unmarshal(text, &one) == nil {
		*p = pair{one, one}
		return nil
	}
	return json.Unmarshal(text, (*[2]int)(p))
}

type convCase struct {
	Name       string
	Op         string
	Kernel     pair
	Stride     pair
	Dilation   pair
	Padding    Padding `json:"padding_before_after_hw"`
	Same       bool    `json:"tf_same"`
	Input      gantest.Numbers
	Weight     gantest.Numbers
	Bias       gantest.Numbers
	GradOutput gantest.Numbers `json:"grad_output"`
	Output     gantest.Numbers
	GradInput  gantest.Numbers `json:"grad_input"`
	GradWeight gantest.Numbers `json:"grad_weight"`
	GradBias   gantest.Numbers `json:"grad_bias"`
}

// Outputs and gradients of convolutions and transposed convolutions, by the lowering chosen, the native one and, where they
// admit the shape, Winograd's.
func TestGoldenConv(t *testing.T) {
	var file struct{ Cases []convCase }
	gantest.Golden(t, "conv", &file)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			c.checkSame(t)
			for _, lowering := range []string{"", nativeName, "winograd 2", "winograd 4"} {
				c.run(t, lowering)
			}
		})
	}
}

func (c convCase) transposed(t *testing.T) bool {
	switch c.Op {
	case "conv2d", "conv_transpose2d":
		return c.Op == "conv_transpose2d"
	default:
		t.Fatalf("operation %q is not known", c.Op)
		return false
	}
}

// dilate puts d−1 zeros between the taps of a kernel: a dilated convolution is one with that kernel.
func dilate(w *graph.Node, d pair) *graph.Node {
	if d[0] <= 1 && d[1] <= 1 {
		return w
	}
	return graph.Pad(w, graph.ScalarZero(w.Graph(), w.DType()), graph.PadAxis{},
		graph.PadAxis{Interior: max(d[0], 1) - 1}, graph.PadAxis{Interior: max(d[1], 1) - 1}, graph.PadAxis{})
}

func (c convCase) run(t *testing.T, lowering string) {
	bias := c.Bias
	if !bias.Given() {
		channels := c.Output.Shape[1]
		bias = gantest.Numbers{Shape: []int{channels}, V: make([]float64, channels)}
	}
	transposed := c.transposed(t)
	out, err := graph.CallOnceN(gantest.Backend(t), func(in []*graph.Node) []*graph.Node {
		x, w, b, v := in[0], in[1], in[2], in[3]
		for _, m := range members {
			force(x.Graph(), m.primitive.name, lowering)
		}
		kernel := dilate(gantest.ToChannelsLast(w), c.Dilation)
		d := kernel.Shape().Dimensions
		win := Window{KH: d[1], KW: d[2], StrideH: c.Stride[0], StrideW: c.Stride[1], Pad: c.Padding}
		pixels := gantest.ToChannelsLast(x)
		var y *graph.Node
		if transposed {
			y = ConvolveAdjoint(pixels, kernel, win, c.Output.Shape[2], c.Output.Shape[3])
		} else {
			y = Convolve(pixels, kernel, win)
		}
		y = gantest.ToChannelsFirst(graph.Add(y, perChannel(b, 4)))
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), x, w, b)...)
	}, c.Input.Tensor(dtypes.Float32), c.Weight.Tensor(dtypes.Float32), bias.Tensor(dtypes.Float32), c.GradOutput.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []gantest.Numbers{c.Output, c.GradInput, c.GradWeight, c.GradBias} {
		if want.Given() {
			what := []string{"output", "grad_input", "grad_weight", "grad_bias"}[i]
			want.Close(t, fmt.Sprintf("%s %s", what, lowering), gantest.Flat(t, out[i]), gantest.Tolerance)
		}
	}
}

// checkSame compares our "same" padding with the case's, where it says it is one.
func (c convCase) checkSame(t *testing.T) {
	if !c.Same {
		return
	}
	image := c.Input
	if c.transposed(t) {
		image = c.Output
	}
	for axis, want := range c.Padding {
		before, after := SamePad(image.Shape[2+axis], c.Kernel[axis], c.Stride[axis])
		if got := [2]int{before, after}; got != want {
			t.Errorf("SamePad of axis %d = %v, want %v", axis, got, want)
		}
	}
}

// The layers build the same as the primitives, from variables found in their scope.
func TestGoldenConvLayers(t *testing.T) {
	var file struct{ Cases []convCase }
	gantest.Golden(t, "conv", &file)
	for _, c := range file.Cases {
		if c.Kernel[0] != c.Kernel[1] || c.Stride[0] != c.Stride[1] || c.Dilation[0] > 1 {
			continue // layers have square kernels; TestGoldenConv has these cases
		}
		t.Run(c.Name, func(t *testing.T) { c.runLayer(t) })
	}
}
