package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The curve of scores {3a, 2n, 2a, 1n}: up to (0, ½), then slanted to (½, 1), then along to (1, 1).
func TestDetection(t *testing.T) {
	r, err := Rank([]float64{3, 2, 2, 1}, []bool{true, false, true, false})
	if err != nil {
		t.Fatal(err)
	}
	for fpr, want := range map[float64]float64{0: 0.5, 0.25: 0.75, 0.5: 1, 0.75: 1, 1: 1} {
		if got := detection(r.Curve(), fpr); math.Abs(got-want) > 1e-12 {
			t.Errorf("at a false-alarm rate of %v: %v, want %v", fpr, got, want)
		}
	}
}

// For scores N(0, 1) and N(1, 1) the curve is Φ(1 + Φ⁻¹(fpr)): the band must hold it nearly everywhere and be no wider
// than 1.96 standard errors of a rate on either side, 0.5/√n at most, with some room for the slope.
func TestROCBand(t *testing.T) {
	const n = 400
	rng := rand.New(rand.NewPCG(3, 4))
	var scores []float64
	var abnormal []bool
	for i := range 2 * n {
		scores = append(scores, rng.NormFloat64()+float64(i%2))
		abnormal = append(abnormal, i%2 == 1)
	}
	b, err := ROCBand(scores, abnormal, 0.95, 200, 21, rng)
	if err != nil {
		t.Fatal(err)
	}
	outside := 0
	for k := range b.FPR {
		if b.Low[k] > b.High[k] || b.High[k]-b.Low[k] > 0.3 {
			t.Errorf("at %v: from %v to %v", b.FPR[k], b.Low[k], b.High[k])
		}
		if fpr := b.FPR[k]; fpr > 0 && fpr < 1 {
			z := math.Sqrt2 * math.Erfinv(2*fpr-1)
			if true := 0.5 * (1 + math.Erf((1+z)/math.Sqrt2)); true < b.Low[k] || true > b.High[k] {
				outside++
			}
		}
	}
	if outside > 4 { // of 19, neighbours go together
		t.Errorf("the true curve is outside of the band at %d of 19 rates", outside)
	}
	if first, last := b.FPR[0], b.FPR[20]; first != 0 || last != 1 || b.Low[20] != 1 {
		t.Errorf("from %v to %v, ends at %v", first, last, b.Low[20])
	}
	if _, err := ROCBand(scores, abnormal, 0.95, 10, 1, rng); err == nil {
		t.Error("a band of one point passed")
	}
	if _, err := ROCBand(scores, make([]bool, len(scores)), 0.95, 10, 5, rng); err == nil {
		t.Error("a band of one class passed")
	}
}
