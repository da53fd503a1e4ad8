package practice

import (
	"bytes"
	"fmt"
	"image/gif"
	"math"
	"strings"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/plots"
)

// Case is one of the seven transposed convolutions of the lecture, each the way back of a convolution.
type Case struct {
	Name                string
	Direct              int // input of the convolution it transposes, along one axis
	Kernel, Stride, Pad int
	OutputPad           int
}

// Cases are the seven, in the lecture's order.
func Cases() []Case {
	return []Case{
		{Name: "no padding, no strides", Direct: 4, Kernel: 3, Stride: 1},
		{Name: "arbitrary padding, no strides", Direct: 5, Kernel: 4, Stride: 1, Pad: 2},
		{Name: "half padding, no strides", Direct: 5, Kernel: 3, Stride: 1, Pad: 1},
		{Name: "full padding, no strides", Direct: 5, Kernel: 3, Stride: 1, Pad: 2},
		{Name: "no padding, strides", Direct: 5, Kernel: 3, Stride: 2},
		{Name: "padding, strides", Direct: 5, Kernel: 3, Stride: 2, Pad: 1},
		{Name: "padding, strides (odd)", Direct: 6, Kernel: 3, Stride: 2, Pad: 1, OutputPad: 1},
	}
}

// In is the size of the input along one axis: the output of the convolution.
func (c Case) In() int { return nn.ConvSize(c.Direct, c.Kernel, c.Stride, c.Pad, c.Pad, 1) }

// Out is the size of the output along one axis.
func (c Case) Out() int { return nn.TransposedSize(c.In(), c.Kernel, c.Stride, c.Pad, 1, c.OutputPad) }

// zeroPad is how many zeros the stuffing view sets before and after the stuffed input.
func (c Case) zeroPad() (before, after int) {
	return c.Kernel - 1 - c.Pad, c.Kernel - 1 - c.Pad + c.OutputPad
}

// Example is an input of small whole numbers and a kernel that is not its own mirror image.
func (c Case) Example() (input, kernel Matrix) {
	input = filled(c.In(), c.In(), func(y, x int) float64 { return float64((3*y+x)%4 + 1) })
	kernel = filled(c.Kernel, c.Kernel, func(y, x int) float64 { return float64((y*c.Kernel + x) % 5) })
	return input, kernel
}

// Layer is the output of the library's layer.
func (c Case) Layer(input, kernel Matrix) (Matrix, error) {
	return Transposed(input, kernel, c.Stride, c.Pad, c.OutputPad)
}

// Scatter is the first definition: every input multiplies the whole kernel and is added into the output at offset
// i·s − p; what falls outside is dropped.
func (c Case) Scatter(input, kernel Matrix) Matrix {
	out := zeros(c.Out(), c.Out())
	for i, row := range input {
		for j, v := range row {
			for u := range c.Kernel {
				for t := range c.Kernel {
					if y, x := i*c.Stride-c.Pad+u, j*c.Stride-c.Pad+t; y >= 0 && x >= 0 && y < len(out) && x < len(out) {
						out[y][x] += v * kernel[u][t]
					}
				}
			}
		}
	}
	return out
}

// MatrixTranspose is the third definition: write the convolution as a matrix C that turns a flattened picture into a
// flattened map, and multiply by Cᵀ.
func (c Case) MatrixTranspose(input, kernel Matrix) Matrix {
	in, out := c.In(), c.Out()
	matrix := zeros(in*in, out*out) // C
	for i := range in {
		for j := range in {
			for u := range c.Kernel {
				for t := range c.Kernel {
					if y, x := i*c.Stride-c.Pad+u, j*c.Stride-c.Pad+t; y >= 0 && x >= 0 && y < out && x < out {
						matrix[i*in+j][y*out+x] = kernel[u][t]
					}
				}
			}
		}
	}
	result := zeros(out, out)
	for from := range matrix {
		for to, weight := range matrix[from] {
			result[to/out][to%out] += weight * input[from/in][from%in]
		}
	}
	return result
}

// drawing is the case as the second definition sees it, with the layer's output.
func (c Case) drawing(number int, output, input, kernel Matrix) plots.Transposed {
	before, after := c.zeroPad()
	return plots.Transposed{
		Title: fmt.Sprintf("%d. %s: %d → %d", number, c.Name, c.In(), c.Out()),
		Input: input, Kernel: kernel, Output: output, Stride: c.Stride, Before: before, After: after,
	}
}

// Animation is a GIF of a case: number is its place in the lecture, from 1. It fails when the layer, the scatter
// definition, the matrix and the drawn window do not agree.
func (c Case) Animation(number int) ([]byte, error) {
	input, kernel := c.Example()
	output, err := c.checked(input, kernel)
	if err != nil {
		return nil, err
	}
	animation, err := c.drawing(number, output, input, kernel).Animate()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, animation); err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	return b.Bytes(), nil
}

// checked is the layer's output, compared with both definitions in plain loops.
func (c Case) checked(input, kernel Matrix) (Matrix, error) {
	output, err := c.Layer(input, kernel)
	if err != nil {
		return nil, err
	}
	for name, want := range map[string]Matrix{"scatter": c.Scatter(input, kernel), "matrix": c.MatrixTranspose(input, kernel)} {
		if far := farthest(output, want); !(far <= 1e-4) {
			return nil, fmt.Errorf("practice: case %q: the layer differs from the %s definition by %g", c.Name, name, far)
		}
	}
	return output, nil
}

// farthest is the largest difference of two matrices, infinite when their sizes differ.
func farthest(a, b Matrix) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	largest := 0.0
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.Inf(1)
		}
		for j := range a[i] {
			largest = math.Max(largest, math.Abs(a[i][j]-b[i][j])) // NaN stays NaN
		}
	}
	return largest
}

// CasesMarkdown is the table of the seven cases: sizes from the formulas, and whether the layer's output on an example
// equals the scatter definition and the transposed matrix.
func CasesMarkdown() (string, error) {
	var b strings.Builder
	b.WriteString("| # | case | k, s, p | convolution | transposed | zeros: between, before, after | layer = scatter = matrix |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- |\n")
	for i, c := range Cases() {
		input, kernel := c.Example()
		if _, err := c.checked(input, kernel); err != nil {
			return "", err
		}
		before, after := c.zeroPad()
		extra := ""
		if c.OutputPad > 0 {
			extra = fmt.Sprintf(", with %d of output padding", c.OutputPad)
		}
		fmt.Fprintf(&b, "| %d | %s | %d, %d, %d | %d → %d | %d → %d%s | %d, %d, %d | yes |\n",
			i+1, c.Name, c.Kernel, c.Stride, c.Pad, c.Direct, c.In(), c.In(), c.Out(), extra, c.Stride-1, before, after)
	}
	return b.String(), nil
}
