package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func close(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d scores, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1e-6*max(1, want[i]) {
			t.Errorf("%s: score %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// Points on a line through (1, 1, 0) along (3, 4, 0)/5: the distance from it is known.
func TestPCA(t *testing.T) {
	var line []float32
	for _, s := range []float32{-2, -1, 0, 1, 2} {
		line = append(line, 1+3*s, 1+4*s, 0)
	}
	p, err := FitPCA(Points{line, 3}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Scores(Points{[]float32{1, 1, 0, 31, 41, 0, 1, 1, -7, 1 - 4, 1 + 3, 0}, 3})
	if err != nil {
		t.Fatal(err)
	}
	close(t, "line", got, []float64{0, 0, 7, 5})
	// With all components nothing is lost; over many blocks the scores are those of one by one.
	rng := rand.New(rand.NewPCG(5, 6))
	many := Points{Dim: 4}
	for range 4 * (2*blockRows + 10) {
		many.Values = append(many.Values, float32(rng.NormFloat64()))
	}
	whole, err := FitPCA(many, 4)
	if err != nil {
		t.Fatal(err)
	}
	all, err := whole.Scores(many)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "all components", all, make([]float64, many.Len()))
	two, err := FitPCA(many, 2)
	if err != nil {
		t.Fatal(err)
	}
	together, err := two.Scores(many)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, blockRows, 2*blockRows + 9} {
		alone, err := two.Scores(Points{many.Values[4*i : 4*i+4], 4})
		if err != nil {
			t.Fatal(err)
		}
		close(t, "alone", alone, together[i:i+1])
	}
}

func TestNeighbours(t *testing.T) {
	normal := Points{[]float32{0, 0, 3, 4, 0, 10}, 2}
	got, err := NeighbourScores(normal, Points{[]float32{0, 0, 3, 0}, 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "two nearest", got, []float64{(0 + 5) / 2., (3 + 4) / 2.})
	rng := rand.New(rand.NewPCG(5, 7))
	many := Points{Dim: 3}
	for range 3 * (blockRows + 50) {
		many.Values = append(many.Values, float32(rng.NormFloat64()))
	}
	scores, err := NeighbourScores(many, many, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scores { // each point is its own neighbour; the root magnifies rounding
		if s > 1e-6 {
			t.Fatalf("point %d is %v from itself", i, s)
		}
	}
}

func TestBaselinesRefuse(t *testing.T) {
	some := Points{[]float32{1, 2, 3, 4, 5, 7}, 2}
	nan := Points{[]float32{1, 2, float32(math.NaN()), 4}, 2}
	for word, try := range map[string]func() error{
		"whole points":        func() error { _, err := FitPCA(Points{some.Values, 4}, 1); return err },
		"3 components":        func() error { _, err := FitPCA(some, 3); return err },
		"point 1 holds NaN":   func() error { _, err := FitPCA(nan, 1); return err },
		"the 4 nearest":       func() error { _, err := NeighbourScores(some, some, 4); return err },
		"to points of 3":      func() error { _, err := NeighbourScores(some, Points{some.Values, 3}, 1); return err },
		"neighbours: point 1": func() error { _, err := NeighbourScores(some, nan, 1); return err },
		"the normal ones had": func() error {
			p, err := FitPCA(some, 1)
			if err != nil {
				return err
			}
			_, err = p.Scores(Points{some.Values, 3})
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
}
