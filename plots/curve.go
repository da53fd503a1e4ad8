package plots

import (
	"errors"
	"math"

	"gonum.org/v1/plot"
)

// Function is a named function of one variable.
type Function struct {
	Label string
	F     func(x float64) float64
}

// Curve draws functions between two values of x. Where a function is not finite its line has a gap.
func Curve(title, x, y string, from, to float64, functions ...Function) (*plot.Plot, error) {
	if !(from < to) || len(functions) == 0 {
		return nil, errors.New("plots: a curve needs from < to and a function")
	}
	const steps = 300
	var lines []line
	for i, f := range functions {
		xs, ys := make([]float64, steps+1), make([]float64, steps+1)
		for k := range xs {
			xs[k] = from + (to-from)*float64(k)/steps
			ys[k] = f.F(xs[k])
		}
		l := newLine(f.Label, Palette[i%len(Palette)], xs, ys)
		l.width = 2
		lines = append(lines, l)
	}
	p := figure(title, x, y)
	addLines(p, lines)
	return p, nil
}

// GeneratorObjectives shows why a generator minimises −log D(G(z)) and not log(1 − D(G(z))), over D(G(z)): where a fake
// is obvious, near 0, the one is steep and the other flat (Goodfellow et al. 2014, section 3).
func GeneratorObjectives() (*plot.Plot, error) {
	p, err := Curve("What the generator minimises", "D(G(z))", "Loss", 0.005, 0.995,
		Function{"−log D(G(z))", func(d float64) float64 { return -math.Log(d) }},
		Function{"log(1 − D(G(z)))", func(d float64) float64 { return math.Log1p(-d) }})
	if err == nil {
		p.X.Min, p.X.Max = 0, 1
	}
	return p, err
}
