package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math"
	"strings"

	"gonum.org/v1/plot/vg/draw"
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

// Sizes of the animation in pixels.
const (
	transposedCell  = 22
	transposedHead  = 56
	transposedFoot  = 40
	transposedGap   = 34
	transposedSide  = 16
	transposedWidth = 430 // at least, for the words
)

// Its pace in hundredths of a second, and how many products it writes out.
const (
	stuffedTime, windowTime, lastTime = 150, 60, 250
	mostProducts                      = 4
)

// Its colours.
var (
	inputColour, litColour     = blend(Palette[5], 0.75), Palette[4]
	zeroColour, kernelColour   = blend(ink, 0.05), blend(Palette[4], 0.45)
	newestColour, outputColour = blend(Palette[2], 0.6), blend(Palette[2], 0.25)
	frameColour                = Palette[1]
)

// flatColours are those and nothing between: letters with soft edges would make the file a fifth larger.
var flatColours = color.Palette{
	color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}, ink, edge, inputColour, litColour, zeroColour, kernelColour, newestColour,
	outputColour, frameColour,
}

// Animate draws it as an animation: the input, the stuffed input, then one frame an output. It fails when the window's
// sum is not the layer's output: the picture would not show what the layer does.
func (t Transposed) Animate() (*gif.GIF, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("plots: transposed convolution %q: %w", t.Title, err)
	}
	var frames []*image.RGBA
	delays := []int{stuffedTime, stuffedTime}
	frames = append(frames, t.frame(-2), t.frame(-1))
	for place := range len(t.Output) * len(t.Output[0]) {
		frames = append(frames, t.frame(place))
		delays = append(delays, windowTime)
	}
	delays[len(delays)-1] = lastTime
	return differences(frames, delays, flatColours, t.regions(frames[0].Rect)), nil
}

// regions are the parts of a frame that change by themselves: the window, the output, the sum.
func (t Transposed) regions(frame image.Rectangle) []image.Rectangle {
	middle := transposedSide + len(t.Stuffed()[0])*transposedCell + transposedGap/2
	foot := frame.Max.Y - transposedFoot
	return []image.Rectangle{
		image.Rect(0, 0, middle, foot), image.Rect(middle, 0, frame.Max.X, foot), image.Rect(0, foot, frame.Max.X, frame.Max.Y),
	}
}

// frame draws one moment: −2 the input alone, −1 the stuffed input, else the window at an output's place.
func (t Transposed) frame(place int) *image.RGBA {
	stuffed, k := t.Stuffed(), len(t.Kernel)
	const cell, head, gap = transposedCell, transposedHead, transposedGap
	left := float64(transposedSide)
	middle := left + float64(len(stuffed[0])*cell) + gap
	right := middle + float64(k*cell) + gap
	width := max(right+float64(len(t.Output[0])*cell)+transposedSide, transposedWidth)
	height := head + float64(max(len(stuffed), len(t.Output))*cell) + transposedFoot
	b := newBoard(int(width), int(height))
	b.word(left, 16, 15, ink, draw.XLeft, t.Title)
	b.word(left, 42, 12, outline, draw.XLeft, "input, zeros stuffed")
	b.word(middle, 42, 12, outline, draw.XLeft, "kernel, turned")
	b.word(right, 42, 12, outline, draw.XLeft, "output")
	for i, row := range stuffed {
		for j, v := range row {
			switch {
			case t.isInput(i, j):
				b.cell(left+float64(j*cell), head+float64(i*cell), cell, inputColour, v)
			case place > -2:
				b.cell(left+float64(j*cell), head+float64(i*cell), cell, zeroColour, 0)
			}
		}
	}
	for u := range k {
		for v := range k {
			b.cell(middle+float64(v*cell), head+float64(u*cell), cell, kernelColour, t.Kernel[k-1-u][k-1-v])
		}
	}
	columns := len(t.Output[0])
	for i, row := range t.Output {
		for j, v := range row {
			x, y := right+float64(j*cell), float64(head+i*cell)
			switch at := i*columns + j; {
			case at < place:
				b.cell(x, y, cell, outputColour, v)
			case at == place:
				b.cell(x, y, cell, newestColour, v)
			default:
				b.rectangle(x+0.5, y+0.5, cell, cell, color.White, edge, 1)
			}
		}
	}
	foot := height - transposedFoot/2
	switch {
	case place == -2:
		b.word(left, foot, 12, ink, draw.XLeft, fmt.Sprintf("input %d×%d", len(t.Input), len(t.Input[0])))
	case place == -1:
		b.word(left, foot, 12, ink, draw.XLeft, t.stuffing())
	default:
		t.window(b, left, stuffed, place/columns, place%columns)
		b.word(left, foot, 12, ink, draw.XLeft, t.sum(stuffed, place/columns, place%columns))
	}
	return Enlarge(b.image(), 1)
}

// window frames the places that one output comes from; the inputs among them are lit.
func (t Transposed) window(b *board, left float64, stuffed [][]float64, y, x int) {
	const cell, head = transposedCell, transposedHead
	k := len(t.Kernel)
	for u := range k {
		for v := range k {
			if t.isInput(y+u, x+v) {
				b.cell(left+float64((x+v)*cell), float64(head+(y+u)*cell), cell, litColour, stuffed[y+u][x+v])
			}
		}
	}
	px, py, side := left+float64(x*cell), float64(head+y*cell), float64(k*cell+1)
	const bar = 2 // four bars, not a stroke: sharp edges make small files
	b.rectangle(px, py, side, bar, frameColour, nil, 0)
	b.rectangle(px, py+side-bar, side, bar, frameColour, nil, 0)
	b.rectangle(px, py, bar, side, frameColour, nil, 0)
	b.rectangle(px+side-bar, py, bar, side, frameColour, nil, 0)
}

func (t Transposed) stuffing() string {
	between := "no zeros between"
	if t.Stride == 2 {
		between = "1 zero between"
	} else if t.Stride > 2 {
		between = fmt.Sprintf("%d zeros between", t.Stride-1)
	}
	if t.Before == t.After {
		return fmt.Sprintf("%s, %d around", between, t.Before)
	}
	return fmt.Sprintf("%s, %d before, %d after", between, t.Before, t.After)
}

// sum writes an output as its products, when they are few.
func (t Transposed) sum(stuffed [][]float64, y, x int) string {
	_, words := t.terms(stuffed, y, x)
	value := shortest(t.Output[y][x])
	name := fmt.Sprintf("%d,%d: ", y, x)
	switch {
	case len(words) == 0:
		return name + value + " (no input in the window)"
	case len(words) == 1 && words[0] == value:
		return name + value
	case len(words) <= mostProducts:
		return name + strings.Join(words, " + ") + " = " + value
	}
	return fmt.Sprintf("%ssum of %d products = %s", name, len(words), value)
}
