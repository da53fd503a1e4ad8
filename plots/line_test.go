package plots

import (
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// TestThinKeepsWhatCanBeSeen: of every pixel column the highest and the lowest value are still there.
func TestThinKeepsWhatCanBeSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var points plotter.XYs
	for i := range 50_000 {
		points = append(points, plotter.XY{X: float64(i), Y: rng.NormFloat64()})
	}
	points[31_337].Y = 40
	width := float64(len(points)-1) / buckets
	kept := thin(points, 0, width)
	if len(kept) > 2*buckets+4 {
		t.Fatalf("%d points kept", len(kept))
	}
	ranges := func(points plotter.XYs) map[int][2]float64 {
		m := map[int][2]float64{}
		for _, p := range points {
			column := int(p.X / width)
			r, ok := m[column]
			if !ok {
				r = [2]float64{p.Y, p.Y}
			}
			m[column] = [2]float64{min(r[0], p.Y), max(r[1], p.Y)}
		}
		return m
	}
	got := ranges(kept)
	for column, want := range ranges(points) {
		if got[column] != want {
			t.Fatalf("column %d: %v, want %v", column, got[column], want)
		}
	}
	for i := 1; i < len(kept); i++ {
		if kept[i].X <= kept[i-1].X {
			t.Fatalf("points %d and %d are not in order", i-1, i)
		}
	}
}

func TestLineGaps(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		y    []float64
		want []int // points in each part
	}{
		{[]float64{1, 2, 3}, []int{3}},
		{[]float64{nan, 1, inf, -inf, 2, 3, nan}, []int{1, 2}},
		{[]float64{nan, nan}, nil},
	} {
		x := make([]float64, len(c.y))
		for i := range x {
			x[i] = float64(i)
		}
		l := newLine("", color.Black, x, c.y)
		var got []int
		for _, p := range l.parts {
			got = append(got, len(p))
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%v: parts of %v, want %v", c.y, got, c.want)
		}
	}
}

func TestTickLabels(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 10000, "0 2,000 4,000 6,000 8,000 10,000"},
		{-3.2, 1.1, "−3 −2 −1 0 1"},
		{0, 0.35, "0 0.05 0.10 0.15 0.20 0.25 0.30 0.35"},
		{0, 2.5e7, "0 5,000,000 1e+07 1.5e+07 2e+07 2.5e+07"},
		{5, 5, "5"},
	} {
		var got []string
		for _, m := range (ticks{}).Ticks(c.low, c.high) {
			got = append(got, m.Label)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}
