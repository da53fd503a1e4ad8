package plots

import (
	"errors"
	"fmt"
	"strings"

	"gonum.org/v1/plot"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Axis is what the x axis of a curve counts.
type Axis int

const (
	Iterations Axis = iota // updates of the generator
	Images                 // real images shown, which stays comparable when the batch size changes
)

func (a Axis) label() string {
	if a == Images {
		return "images"
	}
	return "iterations"
}

func (a Axis) of(p runlog.Point) float64 {
	if a == Images {
		return float64(p.Images)
	}
	return float64(p.Iteration)
}

// LossTitle is the title of the lecture's loss figure.
const LossTitle = "Generator and Discriminator Loss During Training"

// Losses is the lecture's loss figure: every iteration, not smoothed, over iterations. Without names it draws
// "G/loss" and "D/loss", in this order. NaN and infinities are gaps. Damaged lines of the record are left out;
// a series without any finite value is an error that names those there are.
func Losses(run *runlog.Run, series ...string) (*plot.Plot, error) {
	return Curves(run, Iterations, LossTitle, "Loss", series...)
}

// Curves draws any series of a run, as Losses does, over iterations or images.
func Curves(run *runlog.Run, axis Axis, title, y string, series ...string) (*plot.Plot, error) {
	points, err := run.Points()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("plots: %w", err)
	}
	if len(series) == 0 {
		series = []string{"G/loss", "D/loss"}
	}
	var lines []line
	for i, name := range series {
		x, v := column(points, axis, name)
		l := newLine(strings.TrimSuffix(name, "/loss"), Palette[i%len(Palette)], x, v)
		if len(l.parts) == 0 {
			return nil, fmt.Errorf("plots: run %s has no finite value of %q; it has %q", run.Info().ID, name, run.Names())
		}
		lines = append(lines, l)
	}
	p := figure(title, axis.label(), y)
	addLines(p, lines)
	return p, nil
}

func column(points []runlog.Point, axis Axis, name string) (x, y []float64) {
	for _, p := range points {
		if v, ok := p.Values[name]; ok {
			x = append(x, axis.of(p))
			y = append(y, v)
		}
	}
	return x, y
}
