package plots

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// board is a white sheet for figures made of boxes, arrows and words: pixels, from the upper left corner.
type board struct {
	canvas draw.Canvas
	height float64
	pixels *vgimg.Canvas
}

func newBoard(width, height int) *board {
	const dotsPerInch = 72 // a point is then a pixel
	img := vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(dotsPerInch))
	return &board{canvas: draw.New(img), height: float64(height), pixels: img}
}

func (b *board) image() image.Image { return b.pixels.Image() }

func (b *board) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(b.height - y)}
}

// rectangle fills a box and draws its edge; a nil colour leaves out the one or the other.
func (b *board) rectangle(x, y, w, h float64, fill, edge color.Color, width float64) {
	corners := []vg.Point{b.point(x, y), b.point(x+w, y), b.point(x+w, y+h), b.point(x, y+h)}
	if fill != nil {
		b.canvas.FillPolygon(fill, corners)
	}
	if edge != nil {
		b.canvas.StrokeLines(draw.LineStyle{Color: edge, Width: vg.Length(width)}, append(corners, corners[0]))
	}
}

// word writes one line around a point. Indices are written as they are: "₂" belongs to the typeface.
func (b *board) word(x, y, size float64, c color.Color, align text.XAlignment, s string) {
	style := draw.TextStyle{Color: c, Font: sans(vg.Length(size)), XAlign: align, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	b.canvas.FillText(style, b.point(x, y), s)
}

// line draws from one point to another, dashed when asked to.
func (b *board) line(x0, y0, x1, y1, width float64, c color.Color, dashed bool) {
	style := draw.LineStyle{Color: c, Width: vg.Length(width)}
	if dashed {
		style.Dashes = []vg.Length{6, 4}
	}
	b.canvas.StrokeLine2(style, vg.Length(x0), vg.Length(b.height-y0), vg.Length(x1), vg.Length(b.height-y1))
}

// arrow is a line with a head at its end.
func (b *board) arrow(x0, y0, x1, y1, width float64, c color.Color, dashed bool) {
	const head, half = 9, 4.5
	length := math.Hypot(x1-x0, y1-y0)
	if length == 0 {
		return
	}
	dx, dy := (x1-x0)/length, (y1-y0)/length
	b.line(x0, y0, x1-dx*head/2, y1-dy*head/2, width, c, dashed)
	b.canvas.FillPolygon(c, []vg.Point{
		b.point(x1, y1), b.point(x1-dx*head-dy*half, y1-dy*head+dx*half), b.point(x1-dx*head+dy*half, y1-dy*head-dx*half),
	})
}
