package nn

import (
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

type convSize struct{ In, K, S, P, D, Out int }

type transposedSize struct {
	In, K, S, P, D, Out int
	OutputPadding       int `json:"output_padding"`
}

// Sizes of convolutions, transposed convolutions and "same" padding, and the lecture's transposed cases.
func TestGoldenConvArithmetic(t *testing.T) {
	var file struct {
		Conv       []convSize
		Transposed []transposedSize `json:"conv_transpose"`
		Same       []struct {
			In, K, S      int
			Before        int `json:"pad_before"`
			After         int `json:"pad_after"`
			Out           int `json:"conv_out"`
			TransposedOut int `json:"transposed_out"`
		} `json:"tf_same"`
		Slide []struct {
			Case       string
			Direct     convSize
			Transposed transposedSize
		} `json:"slide_transposed_cases"`
	}
	gantest.Golden(t, "conv_arithmetic", &file)
	equal := func(t *testing.T, what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %d, want %d", what, got, want)
		}
	}
	for _, c := range file.Conv {
		t.Run(fmt.Sprintf("conv/in%d_k%d_s%d_p%d_d%d", c.In, c.K, c.S, c.P, c.D), func(t *testing.T) {
			equal(t, "ConvSize", ConvSize(c.In, c.K, c.S, c.P, c.P, c.D), c.Out)
		})
	}
	for _, c := range file.Transposed {
		t.Run(fmt.Sprintf("transposed/in%d_k%d_s%d_p%d_d%d_a%d", c.In, c.K, c.S, c.P, c.D, c.OutputPadding), func(t *testing.T) {
			equal(t, "TransposedSize", TransposedSize(c.In, c.K, c.S, c.P, c.D, c.OutputPadding), c.Out)
		})
	}
	for _, c := range file.Same {
		t.Run(fmt.Sprintf("same/in%d_k%d_s%d", c.In, c.K, c.S), func(t *testing.T) {
			before, after := SamePad(c.In, c.K, c.S)
			equal(t, "before", before, c.Before)
			equal(t, "after", after, c.After)
			equal(t, "SameSize", SameSize(c.In, c.S), c.Out)
			equal(t, "ConvSize", ConvSize(c.In, c.K, c.S, before, after, 1), c.Out)
			// The transposed one pads as the convolution of its output does.
			before, after = SamePad(c.TransposedOut, c.K, c.S)
			equal(t, "convolution of the transposed output", ConvSize(c.TransposedOut, c.K, c.S, before, after, 1), c.In)
		})
	}
	for _, c := range file.Slide {
		t.Run("slide/"+c.Case, func(t *testing.T) {
			runDirect(t, c.Direct)
			runTransposed(t, c.Transposed)
		})
	}
}

// runDirect convolves an image of the given size and compares with the definition.
func runDirect(t *testing.T, c convSize) {
	win := SquareWindow(c.K, c.S, Pad(c.P))
	p := newProblem("test", win, 1, c.In, c.In, 2, 3)
	if p.OH != c.Out {
		t.Fatalf("%d → %d, want %d", c.In, p.OH, c.Out)
	}
	x, w := gantest.Random(1, 1, p.xDims()...), gantest.Random(2, 1, p.wDims()...)
	y, err := graph.CallOnce(gantest.Backend(t), func(x, w *graph.Node) *graph.Node { return Convolve(x, w, win) }, x, w)
	if err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "convolution", gantest.Flat(t, y), members[0].expected(t, p, x, w), 1e-12)
}

// runTransposed does the transposed operation.
func runTransposed(t *testing.T, c transposedSize) {
	win := SquareWindow(c.K, c.S, Pad(c.P).WithOutput(c.OutputPadding))
	p := newProblem("test", win, 1, c.Out, c.Out, 2, 3)
	if p.OH != c.In {
		t.Fatalf("the convolution of the %d outputs has %d, not the %d inputs", c.Out, p.OH, c.In)
	}
	v, w := gantest.Random(1, 1, p.yDims()...), gantest.Random(2, 1, p.wDims()...)
	x, err := graph.CallOnce(gantest.Backend(t), func(v, w *graph.Node) *graph.Node {
		return ConvolveAdjoint(v, w, win, c.Out, c.Out)
	}, v, w)
	if err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "transposed convolution", gantest.Flat(t, x), members[1].expected(t, p, v, w), 1e-12)
}
