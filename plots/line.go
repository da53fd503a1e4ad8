package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Above so many points a line is thinned. A bucket is narrower than a pixel of the printed figure, and keeps its
// lowest and its highest point, so nothing that could be seen is lost.
const (
	maxPoints = 2000
	buckets   = 1000
)

// line is a curve that may have gaps.
type line struct {
	label string
	color color.Color
	width vg.Length
	parts []plotter.XYs // runs of finite points
}

// newLine cuts a curve at what is not finite and thins it.
func newLine(label string, c color.Color, x, y []float64) line {
	l := line{label: label, color: c, width: 1}
	low, high := bounds(x)
	var part plotter.XYs
	end := func() {
		if len(part) > 0 {
			l.parts = append(l.parts, part)
			part = nil
		}
	}
	for i := range x {
		if finite(x[i]) && finite(y[i]) {
			part = append(part, plotter.XY{X: x[i], Y: y[i]})
		} else {
			end()
		}
	}
	end()
	if len(x) > maxPoints {
		l.width = 0.7
		for i, p := range l.parts {
			l.parts[i] = thin(p, low, (high-low)/buckets)
		}
	}
	return l
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// bounds returns the smallest and largest finite value, or NaN.
func bounds(values []float64) (low, high float64) {
	low, high = math.NaN(), math.NaN()
	for _, v := range values {
		if finite(v) {
			if !(low <= v) {
				low = v
			}
			if !(high >= v) {
				high = v
			}
		}
	}
	return low, high
}

// thin keeps of every bucket of x the lowest and the highest point, in their order, and the ends of the line.
func thin(points plotter.XYs, from, width float64) plotter.XYs {
	if len(points) <= 2 || !(width > 0) {
		return points
	}
	kept := plotter.XYs{points[0]}
	for i := 1; i < len(points)-1; {
		bucket := math.Floor((points[i].X - from) / width)
		low, high := i, i
		for ; i < len(points)-1 && math.Floor((points[i].X-from)/width) == bucket; i++ {
			if points[i].Y < points[low].Y {
				low = i
			}
			if points[i].Y > points[high].Y {
				high = i
			}
		}
		kept = append(kept, points[min(low, high)])
		if low != high {
			kept = append(kept, points[max(low, high)])
		}
	}
	return append(kept, points[len(points)-1])
}

// stroke is how many points are drawn at once: the time of the rasteriser grows with the square of what crosses a row.
const stroke = 64

// Plot implements plot.Plotter. A point alone between gaps is drawn as a dot.
func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: l.color, Width: l.width}
	for _, part := range l.parts {
		points := make([]vg.Point, len(part))
		for i, q := range part {
			points[i] = vg.Point{X: x(q.X), Y: y(q.Y)}
		}
		if len(points) == 1 {
			c.DrawGlyph(draw.GlyphStyle{Color: l.color, Radius: 1.5, Shape: draw.CircleGlyph{}}, points[0])
			continue
		}
		for ; len(points) > stroke; points = points[stroke-2:] { // a segment twice, so that no seam shows
			c.StrokeLines(style, c.ClipLinesXY(points[:stroke])...)
		}
		c.StrokeLines(style, c.ClipLinesXY(points)...)
	}
}

// DataRange implements plot.DataRanger.
func (l line) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, part := range l.parts {
		a, b, c, d := plotter.XYRange(part)
		xmin, xmax, ymin, ymax = min(xmin, a), max(xmax, b), min(ymin, c), max(ymax, d)
	}
	return xmin, xmax, ymin, ymax
}

// legend draws the labels of lines in the upper right corner on a white ground, so that no curve runs through them.
type legend []line

// Plot implements plot.Plotter.
func (l legend) Plot(c draw.Canvas, p *plot.Plot) {
	style := p.X.Label.TextStyle
	style.Font = sans(12)
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	const row, swatch, gap = vg.Length(18), vg.Length(22), vg.Length(8)
	var width vg.Length
	for _, e := range l {
		width = max(width, style.Width(e.label))
	}
	right, top := c.Max.X-gap, c.Max.Y-gap
	left, bottom := right-width-swatch-3*gap, top-row*vg.Length(len(l))-gap
	box := []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}, {X: left, Y: bottom}}
	c.FillPolygon(color.White, box)
	c.StrokeLines(draw.LineStyle{Color: faint, Width: 0.75}, box)
	for i, e := range l {
		y := top - gap/2 - row*(vg.Length(i)+0.5)
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: 2.5}, left+gap, y, left+gap+swatch, y)
		c.FillText(style, vg.Point{X: left + 2*gap + swatch, Y: y}, e.label)
	}
}

// addLines puts lines and, for more than one, a legend into a figure whose y axis leaves a margin.
func addLines(p *plot.Plot, lines []line) {
	for _, l := range lines {
		p.Add(l)
	}
	if len(lines) > 1 {
		p.Add(legend(lines))
	}
	margin := 0.04 * (p.Y.Max - p.Y.Min)
	if margin == 0 {
		margin = max(0.5, 0.04*math.Abs(p.Y.Max))
	}
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	if p.X.Min > 0 && p.X.Min < 0.02*p.X.Max {
		p.X.Min = 0 // counts start at one batch; the axis starts at none
	}
	if p.X.Max == p.X.Min {
		p.X.Min, p.X.Max = p.X.Min-0.5, p.X.Max+0.5
	}
}
