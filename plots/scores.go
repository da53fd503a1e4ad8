package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/ganbook/ganbook/ganlib/eval"
)

// Scores is the histogram of anomaly scores, normal against abnormal, each as a share of its own kind, with a dashed line
// at each threshold. Abnormal scores may be missing; a score that is not finite is an error.
func Scores(normal, abnormal []float64, bins int, thresholds ...float64) (*plot.Plot, error) {
	all := append(append([]float64{}, normal...), abnormal...)
	if len(normal) == 0 || bins < 1 {
		return nil, fmt.Errorf("plots: a histogram of %d normal scores in %d bins: want at least one of each", len(normal), bins)
	}
	for i, s := range all {
		if !finite(s) {
			return nil, fmt.Errorf("plots: score %d is %v", i, s)
		}
	}
	low, high := bounds(all)
	if low == high {
		low, high = low-0.5, high+0.5
	}
	p := figure("Anomaly scores", "A(x)", "share of the examples")
	lines := []line{steps("normal", Palette[0], normal, low, high, bins)}
	if len(abnormal) > 0 {
		lines = append(lines, steps("abnormal", Palette[1], abnormal, low, high, bins))
	}
	addLines(p, lines)
	p.Y.Min = 0
	for _, t := range thresholds {
		p.Add(upright(t))
		p.X.Min, p.X.Max = min(p.X.Min, t), max(p.X.Max, t)
	}
	return p, nil
}

// steps is the outline of a histogram.
func steps(label string, c color.Color, values []float64, low, high float64, bins int) line {
	counts := make([]int, bins)
	for _, v := range values {
		counts[min(bins-1, int(float64(bins)*(v-low)/(high-low)))]++
	}
	x, y := []float64{low}, []float64{0}
	for k, n := range counts {
		share := float64(n) / float64(len(values))
		for _, edge := range []int{k, k + 1} {
			x, y = append(x, low+(high-low)*float64(edge)/float64(bins)), append(y, share)
		}
	}
	l := newLine(label, c, append(x, high), append(y, 0))
	l.width = 2
	return l
}

// upright is a dashed line from the bottom to the top of a figure.
type upright float64

// Plot implements plot.Plotter.
func (u upright) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	at := x(float64(u))
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{5, 4}}, at, c.Min.Y, at, c.Max.Y)
}

// ROC is the curve of detection over false alarms, with its area and interval in the title; band may be nil. A ranking
// by chance runs along the diagonal.
func ROC(curve []eval.Operating, auroc eval.Interval, band *eval.Band) (*plot.Plot, error) {
	if len(curve) < 2 {
		return nil, errors.New("plots: a ROC curve needs at least two points")
	}
	var x, y []float64
	for _, o := range curve {
		x, y = append(x, o.FPR), append(y, o.TPR)
	}
	p := figure("ROC, area "+auroc.String(), "false alarms (normal flagged)", "detected (abnormal flagged)")
	if band != nil {
		p.Add(area(*band))
	}
	curveLine := newLine("scores", Palette[0], x, y)
	curveLine.width = 2
	chance := newLine("chance", outline, []float64{0, 1}, []float64{0, 1})
	addLines(p, []line{curveLine, chance})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	return p, nil
}

// area is the ground between the bounds of a band.
type area eval.Band

// Plot implements plot.Plotter.
func (a area) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var corners []vg.Point
	for k := range a.FPR {
		corners = append(corners, vg.Point{X: x(a.FPR[k]), Y: y(a.Low[k])})
	}
	for k := len(a.FPR) - 1; k >= 0; k-- {
		corners = append(corners, vg.Point{X: x(a.FPR[k]), Y: y(a.High[k])})
	}
	c.FillPolygon(blend(Palette[0], 0.2), c.ClipPolygonXY(corners))
}

// DataRange implements plot.DataRanger.
func (area) DataRange() (xmin, xmax, ymin, ymax float64) { return 0, 1, 0, 1 }

// DataRange implements plot.DataRanger: a threshold stretches nothing but the x axis.
func (u upright) DataRange() (xmin, xmax, ymin, ymax float64) {
	return float64(u), float64(u), math.Inf(1), math.Inf(-1)
}
