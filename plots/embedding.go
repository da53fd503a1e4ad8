package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Embedding draws points in the plane, normal ones in blue and abnormal ones in vermilion: what a t-SNE makes of features.
// Its axes have no numbers, since they mean nothing. It needs a point, and a word about each.
func Embedding(title string, at [][2]float64, abnormal []bool) (*plot.Plot, error) {
	if len(at) == 0 || len(at) != len(abnormal) {
		return nil, fmt.Errorf("plots: an embedding of %d points, %d of which are known to be normal or not", len(at), len(abnormal))
	}
	kinds := []dots{{label: "normal", color: Palette[0]}, {label: "abnormal", color: Palette[1]}}
	for i, y := range at {
		if !finite(y[0]) || !finite(y[1]) {
			return nil, fmt.Errorf("plots: point %d of an embedding lies at %v", i, y)
		}
		k := 0
		if abnormal[i] {
			k = 1
		}
		kinds[k].at = append(kinds[k].at, y)
	}
	p := plot.New()
	p.Title.Text, p.Title.Padding = title, 10
	setText(&p.Title.TextStyle, 15)
	setText(&p.X.Label.TextStyle, 13) // the legend's
	p.HideAxes()
	var key legend
	for _, d := range kinds {
		if len(d.at) > 0 {
			p.Add(d)
			key = append(key, line{label: fmt.Sprintf("%s (%d)", d.label, len(d.at)), color: d.color})
		}
	}
	p.Add(key)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		margin := max(0.04*(axis.Max-axis.Min), 1e-9)
		axis.Min, axis.Max = axis.Min-margin, axis.Max+margin
	}
	p.Y.Max += 0.16 * (p.Y.Max - p.Y.Min) // room for the legend
	return p, nil
}

// dots are points of one kind.
type dots struct {
	label string
	color color.RGBA
	at    [][2]float64
}

// dotRadius is that of a point; a thin white edge keeps points apart that touch.
const dotRadius, dotEdge = vg.Length(3.2), vg.Length(0.7)

// Plot implements plot.Plotter.
func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, a := range d.at {
		at := vg.Point{X: x(a[0]), Y: y(a[1])}
		c.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: dotRadius + dotEdge, Shape: draw.CircleGlyph{}}, at)
		c.DrawGlyph(draw.GlyphStyle{Color: d.color, Radius: dotRadius, Shape: draw.CircleGlyph{}}, at)
	}
}

// DataRange implements plot.DataRanger.
func (d dots) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, a := range d.at {
		xmin, xmax, ymin, ymax = min(xmin, a[0]), max(xmax, a[0]), min(ymin, a[1]), max(ymax, a[1])
	}
	return xmin, xmax, ymin, ymax
}
