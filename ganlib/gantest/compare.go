package gantest

import (
	"math"
	"testing"
)

// Tolerance of a single operation in float32, relative to max(1, largest expected value).
const Tolerance = 2e-5

// Close fails the test unless every value is within tolerance·max(1, max|want|) of the expected one.
func Close(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	worst, at := 0.0, 0
	for i := range want {
		if got[i] == want[i] { // infinities too
			continue
		}
		difference := math.Abs(got[i] - want[i])
		if math.IsNaN(difference) {
			difference = math.Inf(1)
		}
		if difference > worst {
			worst, at = difference, i
		}
	}
	if limit := tolerance * max(1, maxAbs(want)); worst > limit {
		t.Errorf("%s: value %d of %d is %.9g, want %.9g: off by %.2g, allowed %.2g", what, at, len(want), got[at], want[at], worst, limit)
	}
}

// Close compares row-major values with these numbers, or their summary with a fingerprint: sum and head within the
// tolerance of a single value, a sum of n values within √n of that.
func (n Numbers) Close(t testing.TB, what string, got []float64, tolerance float64) {
	t.Helper()
	if !n.IsFingerprint() {
		Close(t, what, got, n.Values(), tolerance)
		return
	}
	count := 1
	for _, d := range n.Shape {
		count *= d
	}
	if len(got) != count {
		t.Errorf("%s: %d values, want %v", what, len(got), n.Shape)
		return
	}
	sum, squares := 0.0, 0.0
	for _, v := range got {
		sum += v
		squares += v * v
	}
	root := math.Sqrt(float64(count))
	Close(t, what+": head", got[:len(n.Head)], n.Head, tolerance)
	Close(t, what+": largest", []float64{maxAbs(got)}, []float64{n.MaxAbs}, tolerance)
	Close(t, what+": norm", []float64{math.Sqrt(squares) / root}, []float64{n.L2 / root}, tolerance)
	Close(t, what+": sum", []float64{sum / root}, []float64{n.Sum / root}, tolerance)
}

func maxAbs(values []float64) float64 {
	m := 0.0
	for _, v := range values {
		m = max(m, math.Abs(v))
	}
	return m
}
