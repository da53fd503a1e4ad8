package plots

import (
	"errors"
	"fmt"
	"math"
)

// Transposed is a transposed convolution of one channel, to be shown as what it is seen from the output: zeros are
// stuffed between the inputs and set around them, and a window with the kernel turned by 180° moves over the result.
type Transposed struct {
	Title         string
	Input, Kernel [][]float64 // the kernel as stored; square
	Output        [][]float64 // as a layer computed it
	Stride        int
	Before, After int // rows and columns of zeros before and after the stuffed input
}

// Stuffed is the input with stride−1 zeros between its values and zeros around it.
func (t Transposed) Stuffed() [][]float64 {
	height := (len(t.Input)-1)*t.Stride + 1 + t.Before + t.After
	width := (len(t.Input[0])-1)*t.Stride + 1 + t.Before + t.After
	rows := make([][]float64, height)
	for i := range rows {
		rows[i] = make([]float64, width)
	}
	for i, row := range t.Input {
		for j, v := range row {
			rows[t.Before+i*t.Stride][t.Before+j*t.Stride] = v
		}
	}
	return rows
}

// terms are the products with an input, not with a stuffed zero, that add up to one output.
func (t Transposed) terms(stuffed [][]float64, y, x int) (sum float64, words []string) {
	k := len(t.Kernel)
	for u := range k {
		for v := range k {
			at, w := stuffed[y+u][x+v], t.Kernel[k-1-u][k-1-v]
			sum += at * w
			if t.isInput(y+u, x+v) {
				words = append(words, shortest(at)+"·"+shortest(w))
			}
		}
	}
	return sum, words
}

// isInput: the place of the stuffed input holds a value, not a zero.
func (t Transposed) isInput(y, x int) bool {
	y, x = y-t.Before, x-t.Before
	return y >= 0 && x >= 0 && y%t.Stride == 0 && x%t.Stride == 0 && y/t.Stride < len(t.Input) && x/t.Stride < len(t.Input[0])
}

func (t Transposed) check() error {
	for _, rows := range [][][]float64{t.Input, t.Kernel, t.Output} {
		if err := rectangular(rows); err != nil {
			return err
		}
	}
	k := len(t.Kernel)
	if t.Stride < 1 || t.Before < 0 || t.After < 0 || len(t.Kernel[0]) != k {
		return errors.New("want a square kernel, a stride of at least 1 and no negative padding")
	}
	stuffed := t.Stuffed()
	if h, w := len(stuffed)-k+1, len(stuffed[0])-k+1; h != len(t.Output) || w != len(t.Output[0]) {
		return fmt.Errorf("the window has %d×%d places, the output %d×%d values", h, w, len(t.Output), len(t.Output[0]))
	}
	for y, row := range t.Output {
		for x, want := range row {
			if sum, _ := t.terms(stuffed, y, x); !(math.Abs(sum-want) <= 1e-4*max(1, math.Abs(want))) {
				return fmt.Errorf("the window at (%d, %d) adds up to %v, the output there is %v", y, x, sum, want)
			}
		}
	}
	return nil
}
