package anogan

import (
	"math"
	"testing"
)

// Of several starts the smallest score counts, and a broken one only where all are broken.
func TestBetterThan(t *testing.T) {
	nan := float32(math.NaN())
	low, high, broken, lost := Result{Score: 1}, Result{Score: 2}, Result{Score: math.NaN()}, Result{Score: 3, Z: []float32{nan}}
	for _, tc := range []struct {
		what    string
		r, than Result
		want    bool
	}{
		{"a lower score", low, high, true}, {"a higher one", high, low, false}, {"the same", low, low, false},
		{"a whole one after NaN", high, broken, true}, {"NaN after a whole one", broken, high, false}, {"NaN after NaN", broken, broken, false},
		{"a whole one after a latent that is none", low, lost, true}, {"a latent that is none after a whole one", lost, high, false},
	} {
		if got := tc.r.betterThan(tc.than); got != tc.want {
			t.Errorf("%s: %v", tc.what, got)
		}
	}
}
