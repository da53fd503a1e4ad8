package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

// Diagram is a figure of boxes and arrows, in pixels from its upper left corner.
type Diagram struct {
	Width, Height int
	Boxes         []Box
	Arrows        []Arrow
	Notes         []Note
}

// Box is a rectangle with words in its middle, one line a row; the first is bold in size.
type Box struct {
	X, Y, Width, Height float64
	Text                string
	Color               color.RGBA // zero: white; the box is filled with a light tint of it and edged with it
}

// Arrow runs through points, or from one box to another when it has none. Its label stands at its middle.
type Arrow struct {
	From, To int // boxes by index
	Points   [][2]float64
	Label    string
	Color    color.RGBA // zero: dark
	Dashed   bool       // gradients, by custom
	Cut      bool       // struck through: nothing passes
}

// Note is one line of words beginning at a point, or around it when Center is set.
type Note struct {
	X, Y   float64
	Text   string
	Size   float64 // 0: 13
	Center bool
}

// Draw makes the picture. An arrow to a box that is not there, or with one point only, is an error.
func (d Diagram) Draw() (*image.Paletted, error) {
	if d.Width < 1 || d.Height < 1 {
		return nil, fmt.Errorf("plots: a diagram of %d×%d pixels", d.Width, d.Height)
	}
	b := newBoard(d.Width, d.Height)
	for i, a := range d.Arrows {
		points := a.Points
		if len(points) == 0 {
			if min(a.From, a.To) < 0 || max(a.From, a.To) >= len(d.Boxes) {
				return nil, fmt.Errorf("plots: arrow %d (%q) runs from box %d to box %d; there are %d", i, a.Label, a.From, a.To, len(d.Boxes))
			}
			points = between(d.Boxes[a.From], d.Boxes[a.To])
		}
		if len(points) == 1 {
			return nil, fmt.Errorf("plots: arrow %d (%q) has one point: an arrow needs two, or none to run from box to box", i, a.Label)
		}
		b.polyline(a, points)
	}
	for _, box := range d.Boxes {
		b.box(box)
	}
	for _, n := range d.Notes {
		align := draw.XLeft
		if n.Center {
			align = draw.XCenter
		}
		size := n.Size
		if size == 0 {
			size = 13
		}
		b.word(n.X, n.Y, size, ink, align, n.Text)
	}
	return drawing(b.image()), nil
}

func (b *board) box(box Box) {
	fill, edge := color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}, outline
	if box.Color.A != 0 {
		fill, edge = blend(box.Color, 0.25), box.Color
	}
	b.rectangle(box.X, box.Y, box.Width, box.Height, fill, edge, 1.5)
	rows := strings.Split(box.Text, "\n")
	const step = 17
	y := box.Y + box.Height/2 - step*float64(len(rows)-1)/2
	for i, row := range rows {
		size := 12.0
		if i == 0 {
			size = 14
		}
		b.word(box.X+box.Width/2, y+step*float64(i), size, ink, draw.XCenter, row)
	}
}

func (b *board) polyline(a Arrow, points [][2]float64) {
	c := a.Color
	if c.A == 0 {
		c = outline
	}
	for i := 1; i < len(points); i++ {
		p, q := points[i-1], points[i]
		if i == len(points)-1 {
			b.arrow(p[0], p[1], q[0], q[1], 2, c, a.Dashed)
		} else {
			b.line(p[0], p[1], q[0], q[1], 2, c, a.Dashed)
		}
	}
	p, q := points[(len(points)-1)/2], points[(len(points)-1)/2+1]
	x, y := (p[0]+q[0])/2, (p[1]+q[1])/2
	if a.Cut {
		for _, shift := range []float64{-4, 4} {
			b.line(x+shift-5, y+10, x+shift+5, y-10, 2.5, Palette[1], false)
		}
	}
	if a.Label == "" {
		return
	}
	if a.Cut {
		y -= 8
	}
	if math.Abs(q[0]-p[0]) >= math.Abs(q[1]-p[1]) {
		b.word(x, y-16, 12, c, draw.XCenter, a.Label)
	} else {
		b.word(x+9, y, 12, c, draw.XLeft, a.Label)
	}
}

// between runs from the side of one box to the facing side of the other.
func between(from, to Box) [][2]float64 {
	ax, ay := from.X+from.Width/2, from.Y+from.Height/2
	bx, by := to.X+to.Width/2, to.Y+to.Height/2
	const air = 3
	switch {
	case to.X >= from.X+from.Width:
		return [][2]float64{{from.X + from.Width, ay}, {to.X - air, by}}
	case from.X >= to.X+to.Width:
		return [][2]float64{{from.X, ay}, {to.X + to.Width + air, by}}
	case by >= ay:
		return [][2]float64{{ax, from.Y + from.Height}, {bx, to.Y - air}}
	}
	return [][2]float64{{ax, from.Y}, {bx, to.Y + to.Height + air}}
}
