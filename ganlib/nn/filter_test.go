package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// F(m, r) is the filter: its bilinear form equals the sum over taps, for every m and r in use, to a few roundings.
func TestFiltersFilter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, mr := range [][2]int{{2, 3}, {4, 3}, {2, 2}, {4, 2}} {
		f := newFilter(mr[0], mr[1])
		for range 20 {
			x, w := make([]float64, f.size()), make([]float64, f.r)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			for i := range w {
				w[i] = rng.NormFloat64()
			}
			for i := range f.m {
				want, got := 0.0, 0.0
				for u := range w {
					want += x[i+u] * w[u]
				}
				for k := range f.size() {
					gw, bx := 0.0, 0.0
					for u := range w {
						gw += f.g[k][u] * w[u]
					}
					for j := range x {
						bx += f.bt[k][j] * x[j]
					}
					got += f.at[i][k] * gw * bx
				}
				if math.Abs(got-want) > 1e-12 {
					t.Fatalf("F(%d,%d): output %d is %v, want %v", f.m, f.r, i, got, want)
				}
			}
		}
	}
}
