package practice

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/testdata/golden"
)

// SizesMarkdown is the calculator as a table: what a layer with kernel k, stride s and padding p makes of each size.
func SizesMarkdown(k, s, p int, sizes ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| k%d s%d p%d: in | convolution | transposed | convolution, TF same | its padding |\n| ---: | ---: | ---: | ---: | --- |\n", k, s, p)
	for _, in := range sizes {
		before, after := nn.SamePad(in, k, s)
		fmt.Fprintf(&b, "| %d | %s | %s | %d | %d before, %d after |\n", in,
			size(nn.ConvSize(in, k, s, p, p, 1)), size(nn.TransposedSize(in, k, s, p, 1, 0)), nn.SameSize(in, s), before, after)
	}
	return b.String()
}

// size of an output, or that there is none.
func size(n int) string {
	if n < 1 {
		return "does not fit"
	}
	return fmt.Sprint(n)
}

// sizeRow is a row of the golden table of sizes.
type sizeRow struct {
	In, K, S, P, D, Out int
	OutputPad           int `json:"output_padding"`
	Before              int `json:"pad_before"`
	After               int `json:"pad_after"`
	ConvOut             int `json:"conv_out"`
	TransposedOut       int `json:"transposed_out"`
}

type sizeTable struct {
	Conv       []sizeRow
	Transposed []sizeRow `json:"conv_transpose"`
	Same       []sizeRow `json:"tf_same"`
}

// CheckSizes compares the calculator with PyTorch's and TensorFlow's sizes, and with what the layers really return
// (the library's convolutions have no dilation, so dilated rows are checked by formula alone).
func CheckSizes() (string, error) {
	text, err := golden.Files.ReadFile("conv_arithmetic.json")
	if err != nil {
		return "", fmt.Errorf("practice: %w", err)
	}
	var table sizeTable
	if err := json.Unmarshal(text, &table); err != nil {
		return "", fmt.Errorf("practice: conv_arithmetic.json: %w", err)
	}
	var t tally
	for _, r := range table.Conv {
		t.check(r, nn.ConvSize(r.In, r.K, r.S, r.P, r.P, r.D), r.Out, func() (int, error) {
			return convolved(r.In, r.K, r.S, nn.Pad(r.P))
		})
	}
	for _, r := range table.Transposed {
		t.check(r, nn.TransposedSize(r.In, r.K, r.S, r.P, r.D, r.OutputPad), r.Out, func() (int, error) {
			out, err := Transposed(zeros(r.In, r.In), zeros(r.K, r.K), r.S, r.P, r.OutputPad)
			return len(out), err
		})
	}
	for _, r := range table.Same {
		r.D = 1
		t.check(r, nn.SameSize(r.In, r.S), r.ConvOut, func() (int, error) {
			return convolved(r.In, r.K, r.S, nn.SamePadding(r.In, r.In, r.K, r.S))
		})
		if before, after := nn.SamePad(r.In, r.K, r.S); before != r.Before || after != r.After {
			t.wrong = errors.Join(t.wrong, fmt.Errorf("practice: sizes: %+v: padding %d before and %d after", r, before, after))
		}
		if out := r.In * r.S; out != r.TransposedOut || nn.SameSize(out, r.S) != r.In { // the way back of that convolution
			t.wrong = errors.Join(t.wrong, fmt.Errorf("practice: sizes: %+v: a transposed one makes %d", r, out))
		}
	}
	return fmt.Sprintf("%d rows of the table agree with the formulas, %d of them were also run through a layer.", t.formulas, t.layers), t.wrong
}

// tally counts the rows that were checked by a formula and by a layer.
type tally struct {
	formulas, layers int
	wrong            error
}

// check compares what a formula says of a row, and the layer where there is no dilation, with what the table says.
func (t *tally) check(r sizeRow, formula, want int, layer func() (int, error)) {
	if formula != want {
		t.wrong = errors.Join(t.wrong, fmt.Errorf("practice: sizes: %+v: the formula says %d, the table %d", r, formula, want))
	}
	t.formulas++
	if r.D != 1 {
		return
	}
	got, err := layer()
	if err == nil && got != want {
		err = fmt.Errorf("practice: sizes: %+v: the layer returns %d, the table says %d", r, got, want)
	}
	t.wrong = errors.Join(t.wrong, err)
	t.layers++
}

// convolved is the size that a convolution returns.
func convolved(in, k, s int, pad nn.Padding) (int, error) {
	out, err := Compute(func(x []*graph.Node) *graph.Node {
		return nn.Convolve(x[0], x[1], nn.SquareWindow(k, s, pad))
	}, zeros(in, in), zeros(k, k))
	return len(out), err
}
