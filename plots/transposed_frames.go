package plots

import (
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

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

// layout is where the parts of a frame stand, in pixels.
type layout struct {
	left, middle, right float64 // of the stuffed input, the kernel and the output
	width, height       int
}

func (t Transposed) layout(stuffed [][]float64) layout {
	const cell, gap = transposedCell, transposedGap
	l := layout{left: transposedSide}
	l.middle = l.left + float64(len(stuffed[0])*cell) + gap
	l.right = l.middle + float64(len(t.Kernel)*cell) + gap
	l.width = int(max(l.right+float64(len(t.Output[0])*cell)+transposedSide, transposedWidth))
	l.height = transposedHead + max(len(stuffed), len(t.Output))*cell + transposedFoot
	return l
}

// frame draws one moment: −2 the input alone, −1 the stuffed input, else the window at an output's place.
func (t Transposed) frame(place int) *image.RGBA {
	stuffed := t.Stuffed()
	l := t.layout(stuffed)
	b := newBoard(l.width, l.height)
	b.word(l.left, 16, 15, ink, draw.XLeft, t.Title)
	b.word(l.left, 42, 12, outline, draw.XLeft, "input, zeros stuffed")
	b.word(l.middle, 42, 12, outline, draw.XLeft, "kernel, turned")
	b.word(l.right, 42, 12, outline, draw.XLeft, "output")
	t.drawInput(b, l, stuffed, place > -2)
	t.drawKernel(b, l)
	t.drawOutput(b, l, place)
	var words string
	switch y, x := place/len(t.Output[0]), place%len(t.Output[0]); place {
	case -2:
		words = fmt.Sprintf("input %d×%d", len(t.Input), len(t.Input[0]))
	case -1:
		words = t.stuffing()
	default:
		t.window(b, l.left, stuffed, y, x)
		words = t.sum(stuffed, y, x)
	}
	b.word(l.left, float64(l.height-transposedFoot/2), 12, ink, draw.XLeft, words)
	return Enlarge(b.image(), 1)
}

// drawInput draws the input, with the stuffed zeros when they are due.
func (t Transposed) drawInput(b *board, l layout, stuffed [][]float64, zeros bool) {
	const cell, head = transposedCell, transposedHead
	for i, row := range stuffed {
		for j, v := range row {
			switch {
			case t.isInput(i, j):
				b.cell(l.left+float64(j*cell), float64(head+i*cell), cell, inputColour, v)
			case zeros:
				b.cell(l.left+float64(j*cell), float64(head+i*cell), cell, zeroColour, 0)
			}
		}
	}
}

// drawKernel draws the kernel turned by 180°.
func (t Transposed) drawKernel(b *board, l layout) {
	const cell, head = transposedCell, transposedHead
	k := len(t.Kernel)
	for u := range k {
		for v := range k {
			b.cell(l.middle+float64(v*cell), float64(head+u*cell), cell, kernelColour, t.Kernel[k-1-u][k-1-v])
		}
	}
}

// drawOutput draws the outputs up to a place, and empty cells after it.
func (t Transposed) drawOutput(b *board, l layout, place int) {
	const cell, head = transposedCell, transposedHead
	for i, row := range t.Output {
		for j, v := range row {
			x, y := l.right+float64(j*cell), float64(head+i*cell)
			switch at := i*len(row) + j; {
			case at < place:
				b.cell(x, y, cell, outputColour, v)
			case at == place:
				b.cell(x, y, cell, newestColour, v)
			default:
				b.rectangle(x+0.5, y+0.5, cell, cell, color.White, edge, 1)
			}
		}
	}
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
