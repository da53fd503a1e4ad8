package plots

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func ExampleEmbedding() {
	rng := rand.New(rand.NewPCG(4, 9))
	var at [][2]float64
	var abnormal []bool
	for i := range 160 {
		y := [2]float64{8 * rng.NormFloat64(), 5 * rng.NormFloat64()}
		if i >= 100 { // three groups around the normal one
			y = [2]float64{3*rng.NormFloat64() + 30*math.Cos(2*float64(i%3)), 3*rng.NormFloat64() + 20*math.Sin(2*float64(i%3))}
		}
		at, abnormal = append(at, y), append(abnormal, i >= 100)
	}
	img, err := rendered(Embedding("t-SNE of D's features", at, abnormal))
	golden("embedding.png", img, err)
	// Output: embedding.png: as expected
}

func TestEmbeddingRefuses(t *testing.T) {
	for word, try := range map[string]func() error{
		"of 0 points":   func() error { _, err := Embedding("", nil, nil); return err },
		"1 of which":    func() error { _, err := Embedding("", make([][2]float64, 2), make([]bool, 1)); return err },
		"point 1 of an": func() error { _, err := Embedding("", [][2]float64{{}, {math.NaN(), 0}}, make([]bool, 2)); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	if p, err := Embedding("", make([][2]float64, 3), make([]bool, 3)); err != nil || !(p.X.Max > p.X.Min) {
		t.Errorf("points in one place: %v", err)
	}
}
