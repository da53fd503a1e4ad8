// Package sheet lays pictures of a generator or of training data out as one. It draws with package image alone, so that a
// program which trains or opens a run need not link what draws curves.
package sheet

import (
	"fmt"
	"image"
	"math"
)

// Batch is a batch of pictures: float32, [N, Height, Width, Channels] row-major, values of a generator or of training
// data, usually in [-1, 1]. Channels is 1 or 3.
type Batch struct {
	Pixels                     []float32
	N, Height, Width, Channels int
}

// Layout says how a batch becomes a sheet.
type Layout struct {
	PerRow    int  // pictures in a row
	Padding   int  // black pixels around every picture
	Normalize bool // stretch the whole sheet's minimum and maximum to black and white; else [-1, 1]
}

// The lecture's layouts: every sheet of 8 per row, stretched; real pictures beside fake ones stand further apart.
var (
	Samples = Layout{PerRow: 8, Padding: 2, Normalize: true}
	Reals   = Layout{PerRow: 8, Padding: 5, Normalize: true}
)

func (b Batch) check() error {
	if b.N < 1 || b.Height < 1 || b.Width < 1 || b.Channels != 1 && b.Channels != 3 {
		return fmt.Errorf("sheet: a batch of shape [%d %d %d %d] is not [N height width 1 or 3]", b.N, b.Height, b.Width, b.Channels)
	}
	if want := b.N * b.Height * b.Width * b.Channels; len(b.Pixels) != want {
		return fmt.Errorf("sheet: a batch of shape [%d %d %d %d] needs %d values, has %d", b.N, b.Height, b.Width, b.Channels, want, len(b.Pixels))
	}
	return nil
}

// Grid lays a batch out as one picture of values, the rule of torchvision's make_grid: cell (r, c) starts at row
// Padding + r·(Height+Padding), the same for columns; there are min(PerRow, N) columns; gaps are 0; with Normalize
// every value is (x−min) / max(max−min, 1e-5) over the whole batch; one channel becomes three; a single picture
// stands alone, without gaps. Without Normalize the values stay.
func Grid(b Batch, l Layout) (Batch, error) {
	if err := b.check(); err != nil {
		return Batch{}, err
	}
	if l.PerRow < 1 || l.Padding < 0 {
		return Batch{}, fmt.Errorf("sheet: a sheet of %d per row with padding %d cannot be laid out", l.PerRow, l.Padding)
	}
	columns, pad := min(l.PerRow, b.N), l.Padding
	rows := (b.N + columns - 1) / columns
	if b.N == 1 {
		pad = 0
	}
	scale := func(v float32) float32 { return v }
	if l.Normalize {
		low, high := extremes(b.Pixels)
		span := max(high-low, 1e-5)
		scale = func(v float32) float32 { return min(max(v-low, 0), high-low) / span }
	}
	g := Batch{N: 1, Height: rows*(b.Height+pad) + pad, Width: columns*(b.Width+pad) + pad, Channels: 3}
	g.Pixels = make([]float32, g.Height*g.Width*3)
	for n := range b.N {
		top, left := pad+n/columns*(b.Height+pad), pad+n%columns*(b.Width+pad)
		for y := range b.Height {
			from := b.Pixels[(n*b.Height+y)*b.Width*b.Channels:]
			to := g.Pixels[((top+y)*g.Width+left)*3:]
			for i := range b.Width * 3 {
				to[i] = scale(from[i*b.Channels/3])
			}
		}
	}
	return g, nil
}

// extremes returns the smallest and largest value that is not NaN.
func extremes(values []float32) (low, high float32) {
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	return low, high
}

// Draw draws a batch as one picture, laid out by Grid. Without Normalize, -1 is black and 1 is white. NaN is black.
func Draw(b Batch, l Layout) (*image.RGBA, error) {
	if !l.Normalize && b.check() == nil {
		unit := make([]float32, len(b.Pixels)) // the gaps of Grid are 0, which must be black
		for i, v := range b.Pixels {
			unit[i] = (v + 1) / 2
		}
		b.Pixels = unit
	}
	g, err := Grid(b, l)
	if err != nil {
		return nil, err
	}
	return g.draw(), nil
}

// Picture draws one picture of [-1, 1], [height, width, channels] row-major.
func Picture(pixels []float32, height, width, channels int) (*image.RGBA, error) {
	return Draw(Batch{pixels, 1, height, width, channels}, Layout{PerRow: 1})
}

// draw turns values of [0, 1] into 8 bits, rounded.
func (b Batch) draw() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, b.Width, b.Height))
	for i := range b.Width * b.Height {
		for c := range 3 {
			img.Pix[4*i+c] = level(b.Pixels[3*i+c])
		}
		img.Pix[4*i+3] = 0xFF
	}
	return img
}

func level(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 1)*255 + 0.5)
}
