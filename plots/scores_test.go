package plots

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/plots/sheet"
)

// examples are normal and abnormal scores as a search leaves them.
func examples(n int) (normal, abnormal []float64) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range n {
		normal = append(normal, 0.03+0.01*rng.ExpFloat64())
		abnormal = append(abnormal, 0.05+0.02*math.Abs(rng.NormFloat64()))
	}
	return normal, abnormal
}

func ExampleScores() {
	normal, abnormal := examples(400)
	threshold, err := eval.NormalQuantile(normal, 0.95)
	check(err)
	img, err := rendered(Scores(normal, abnormal, 40, threshold))
	golden("scores.png", img, err)
	// Output: scores.png: as expected
}

func ExampleROC() {
	normal, abnormal := examples(100)
	scores, truth := append(normal, abnormal...), make([]bool, 200)
	for i := 100; i < 200; i++ {
		truth[i] = true
	}
	r, err := eval.Rank(scores, truth)
	check(err)
	band, err := eval.ROCBand(scores, truth, 0.95, 200, 51, rand.New(rand.NewPCG(2, 9)))
	check(err)
	img, err := rendered(ROC(r.Curve(), r.DeLong(0.95), &band))
	golden("roc.png", img, err)
	// Output: roc.png: as expected
}

// stroke draws a bar at a place, as a digit one does.
func bar(at int) []float32 {
	pixels := make([]float32, 28*28)
	for i := range pixels {
		pixels[i] = -1
		if x, y := i%28, i/28; x >= at && x < at+4 && y > 4 && y < 24 {
			pixels[i] = 0.8
		}
	}
	return pixels
}

func ExampleMapping() {
	query, err := sheet.Picture(bar(13), 28, 28, 1)
	check(err)
	mapped, err := sheet.Picture(bar(12), 28, 28, 1)
	check(err)
	var losses []float64
	for i := range 151 {
		losses = append(losses, 0.04+0.16*math.Exp(-float64(i)/20))
	}
	img, err := Mapping(mapped, query, losses)
	golden("mapping.png", img, err)
	// Output: mapping.png: as expected
}

func ExampleResidualMap() {
	img, err := ResidualMap(bar(13), bar(12), 28, 28, 1, 2)
	check(err)
	golden("residual.png", Enlarge(img, 8), nil)
	// Output: residual.png: as expected
}

// Where query and mapped image agree the query is seen in grey, and the colour grows with the residual.
func TestResidualMapColours(t *testing.T) {
	query, mapped := []float32{-1, 1, 0, 0}, []float32{-1, 1, 1, 2}
	img, err := ResidualMap(query, mapped, 2, 2, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {170, 111, 64, 255}, Palette[1]} {
		if got := img.RGBAAt(i%2, i/2); got != want {
			t.Errorf("pixel %d is %v, want %v", i, got, want)
		}
	}
	auto, err := ResidualMap(query, []float32{-1, 1, 0.5, 0}, 2, 2, 1, 0)
	if err != nil || auto.RGBAAt(0, 1) != Palette[1] {
		t.Errorf("without a scale the largest residual has the full colour: %v, %v", auto.RGBAAt(0, 1), err)
	}
	if _, err := ResidualMap(query, mapped, 2, 2, 3, 0); err == nil {
		t.Error("pictures of another size passed")
	}
}

func TestScoreFiguresRefuse(t *testing.T) {
	if _, err := Scores(nil, []float64{1}, 10); err == nil {
		t.Error("no normal scores passed")
	}
	if _, err := Scores([]float64{1, math.NaN()}, nil, 10); err == nil || !strings.Contains(err.Error(), "score 1 is NaN") {
		t.Errorf("a NaN: %v", err)
	}
	if _, err := Scores([]float64{1, 1}, nil, 10, 1.5); err != nil {
		t.Errorf("equal scores: %v", err)
	}
	if _, err := ROC(nil, eval.Interval{}, nil); err == nil {
		t.Error("a curve without points passed")
	}
	one := image.NewRGBA(image.Rect(0, 0, 2, 2))
	if pair, err := Mapping(one, one, []float64{0.1}); err != nil || pair.Bounds().Dx() != mappingPair {
		t.Errorf("a mapping without a search: %v, %v", pair.Bounds(), err)
	}
	if _, err := Mapping(one, one, nil); err == nil {
		t.Error("a mapping without a loss passed")
	}
	if _, err := Mapping(one, nil, []float64{1}); err == nil || !strings.Contains(err.Error(), "Query") {
		t.Errorf("no query: %v", err)
	}
}
