package plots

import (
	"image"
	"image/color"
)

// dither maps a picture to the palette of out and spreads the error of each pixel to its neighbours: 7/16 right,
// 3/16, 5/16 and 1/16 below (R. Floyd and L. Steinberg, 1976). The nearest colour is looked up once per cell of 64
// levels a side.
func dither(out *image.Paletted, in *image.RGBA) {
	find := newNearest(out.Palette)
	width := in.Rect.Dx()
	now, below := make([][3]int32, width+2), make([][3]int32, width+2) // errors in sixteenths, one column of margin
	for y := range in.Rect.Dy() {
		pix := in.Pix[y*in.Stride:]
		for x := range width {
			var want [3]int32
			for c := range 3 {
				want[c] = min(255, max(0, int32(pix[4*x+c])+now[x+1][c]/16))
			}
			index := find.index(want)
			out.Pix[y*out.Stride+x] = index
			got := find.palette[index]
			for c := range 3 {
				e := want[c] - got[c]
				now[x+2][c] += 7 * e
				below[x][c] += 3 * e
				below[x+1][c] += 5 * e
				below[x+2][c] += e
			}
		}
		now, below = below, now
		clear(below)
	}
}

type nearest struct {
	palette [][3]int32
	cells   []int16 // -1: not yet looked for
}

func newNearest(p color.Palette) *nearest {
	n := &nearest{cells: make([]int16, 1<<18)}
	for i := range n.cells {
		n.cells[i] = -1
	}
	for _, c := range p {
		r, g, b, _ := c.RGBA()
		n.palette = append(n.palette, [3]int32{int32(r >> 8), int32(g >> 8), int32(b >> 8)})
	}
	return n
}

func (n *nearest) index(c [3]int32) uint8 {
	cell := c[0]>>2<<12 | c[1]>>2<<6 | c[2]>>2
	if n.cells[cell] < 0 {
		best := int32(1 << 30)
		for i, p := range n.palette {
			r, g, b := p[0]-c[0], p[1]-c[1], p[2]-c[2]
			if d := r*r + g*g + b*b; d < best {
				best, n.cells[cell] = d, int16(i)
			}
		}
	}
	return uint8(n.cells[cell])
}
