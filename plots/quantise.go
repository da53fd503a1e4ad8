package plots

import (
	"image"
	"image/color"
	"image/draw"
)

// Quantise reduces a picture to 256 colours: the palette by Wu's rule (X. Wu, "Efficient Statistical Computations for
// Optimal Color Quantization", Graphics Gems II, 1991), which cuts the colour cube where the squared error falls most,
// then every pixel to its nearest colour, the error spread by Floyd and Steinberg.
func Quantise(img image.Image) *image.Paletted {
	rgba, ok := img.(*image.RGBA)
	if !ok {
		rgba = image.NewRGBA(img.Bounds())
		draw.Draw(rgba, rgba.Bounds(), img, img.Bounds().Min, draw.Src)
	}
	out := image.NewPaletted(rgba.Bounds(), wuPalette(rgba, 256))
	dither(out, rgba)
	return out
}

// The colour cube has 32 cells a side, counted from 1 so that cumulative sums start with a plane of zeros.
const side = 33

// moments are sums over the pixels from the origin of the cube to a cell: count, colour, squared length.
type moments struct{ n, r, g, b, sq float64 }

func (m moments) plus(o moments, sign float64) moments {
	return moments{m.n + sign*o.n, m.r + sign*o.r, m.g + sign*o.g, m.b + sign*o.b, m.sq + sign*o.sq}
}

// spread is the part of the squared error that a cut can change: |sum|²/n, larger is better.
func (m moments) spread() float64 {
	if m.n == 0 {
		return 0
	}
	return (m.r*m.r + m.g*m.g + m.b*m.b) / m.n
}

type cube [side * side * side]moments

func (c *cube) at(r, g, b int) *moments { return &c[(r*side+g)*side+b] }

func cumulate(img *image.RGBA) *cube {
	c := new(cube)
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride : y*img.Stride+4*img.Rect.Dx()]
		for ; len(row) > 0; row = row[4:] {
			r, g, b := float64(row[0]), float64(row[1]), float64(row[2])
			m := c.at(int(row[0])>>3+1, int(row[1])>>3+1, int(row[2])>>3+1)
			*m = m.plus(moments{1, r, g, b, r*r + g*g + b*b}, 1)
		}
	}
	for r := 1; r < side; r++ {
		for g := 1; g < side; g++ {
			var line moments
			for b := 1; b < side; b++ {
				line = line.plus(*c.at(r, g, b), 1)
				*c.at(r, g, b) = line.plus(*c.at(r-1, g, b), 1).plus(*c.at(r, g-1, b), 1).plus(*c.at(r-1, g-1, b), -1)
			}
		}
	}
	return c
}

// box is the part of the cube with low < cell ≤ high on each axis.
type box struct{ low, high [3]int }

func (c *cube) sum(b box) moments {
	var m moments
	for corner := range 8 {
		sign, at := 1.0, b.high
		for axis := range 3 {
			if corner>>axis&1 == 1 {
				at[axis] = b.low[axis]
				sign = -sign
			}
		}
		m = m.plus(*c.at(at[0], at[1], at[2]), sign)
	}
	return m
}

// cut splits a box where the two halves have the smallest error; ok is false for a box of one colour cell.
func (c *cube) cut(b box) (first, second box, gain float64, ok bool) {
	whole := c.sum(b)
	base := whole.spread()
	for axis := range 3 {
		for at := b.low[axis] + 1; at < b.high[axis]; at++ {
			lower, upper := b, b
			lower.high[axis], upper.low[axis] = at, at
			m := c.sum(lower)
			rest := whole.plus(m, -1)
			if m.n < 0.5 || rest.n < 0.5 {
				continue
			}
			if g := m.spread() + rest.spread() - base; !ok || g > gain {
				first, second, gain, ok = lower, upper, g, true
			}
		}
	}
	return first, second, gain, ok
}

func wuPalette(img *image.RGBA, colours int) color.Palette {
	type split struct {
		box, first, second box
		gain               float64
		ok                 bool
	}
	c := cumulate(img)
	prepare := func(b box) split {
		s := split{box: b}
		s.first, s.second, s.gain, s.ok = c.cut(b)
		return s
	}
	boxes := []split{prepare(box{high: [3]int{side - 1, side - 1, side - 1}})}
	for len(boxes) < colours {
		best := -1
		for i, s := range boxes {
			if s.ok && (best < 0 || s.gain > boxes[best].gain) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		s := boxes[best]
		boxes[best] = prepare(s.first)
		boxes = append(boxes, prepare(s.second))
	}
	palette := make(color.Palette, len(boxes))
	for i, s := range boxes {
		m := c.sum(s.box)
		n := max(m.n, 1)
		palette[i] = color.RGBA{uint8(m.r/n + 0.5), uint8(m.g/n + 0.5), uint8(m.b/n + 0.5), 0xFF}
	}
	return palette
}
