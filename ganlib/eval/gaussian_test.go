package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func gaussian(mean []float64, cov ...float64) *Gaussian {
	return &Gaussian{N: 2, Mean: mean, Cov: mat.NewSymDense(len(mean), cov)}
}

// Distances with a closed form, to 1e-9.
func TestFrechet(t *testing.T) {
	// Of 2×2 matrices: tr (S₁S₂)^½ = (tr S₁S₂ + 2·(det S₁·det S₂)^½)^½.
	s1, s2 := gaussian([]float64{0, 0}, 2, 1, 1, 3), gaussian([]float64{1, -2}, 5, -1, -1, 1)
	oblique := 5 + 5 + 6 - 2*math.Sqrt(11+2*math.Sqrt(5*4))
	for name, tc := range map[string]struct {
		a, b *Gaussian
		want float64
	}{
		"one dimension": {gaussian([]float64{1}, 4), gaussian([]float64{4}, 9), 9 + 1},
		"diagonal":      {gaussian([]float64{0, 0, 0}, 1, 0, 0, 0, 4, 0, 0, 0, 9), gaussian([]float64{0, 1, 0}, 4, 0, 0, 0, 1, 0, 0, 0, 9), 1 + 1 + 1},
		"oblique":       {s1, s2, oblique},
		"itself":        {s1, s1, 0},
		// u·uᵀ and v·vᵀ of u = (1, 2), v = (2, 1): 5 + 5 − 2·|u·v|.
		"lines":       {gaussian([]float64{0, 0}, 1, 2, 2, 4), gaussian([]float64{0, 0}, 4, 2, 2, 1), 10 - 8},
		"line, plane": {gaussian([]float64{0, 0}, 1, 0, 0, 0), gaussian([]float64{0, 0}, 4, 0, 0, 9), 1 + 9},
		"no spread":   {gaussian([]float64{0, 0}, 0, 0, 0, 0), gaussian([]float64{3, 4}, 1, 0, 0, 1), 25 + 2},
	} {
		for _, pair := range [][2]*Gaussian{{tc.a, tc.b}, {tc.b, tc.a}} {
			got, err := pair[0].Frechet(pair[1])
			if err != nil || math.Abs(got-tc.want) > 1e-9 {
				t.Errorf("%s: %v, %v, want %v", name, got, err, tc.want)
			}
		}
	}
	if _, err := s1.Frechet(gaussian([]float64{1}, 1)); err == nil || !strings.Contains(err.Error(), "2 and of 1 numbers") {
		t.Errorf("Gaussians of different dimensions: %v", err)
	}
}

// The factor multiplies to the covariance, and has as many columns as its rank: all six where there are points enough,
// those that few points span, none where the points are one.
func TestFactor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for _, tc := range [][2]int{{40, 6}, {4, 3}, {2, 1}} {
		n, rank := tc[0], tc[1]
		p := Points{Dim: 6}
		for range 6 * n {
			p.Values = append(p.Values, float32(rng.NormFloat64()))
		}
		g, err := FitGaussian(p)
		if err != nil {
			t.Fatal(err)
		}
		f := g.factor()
		var product mat.Dense
		product.Mul(f, f.T())
		if _, columns := f.Dims(); columns != rank || !mat.EqualApprox(&product, g.Cov, 1e-12) {
			t.Errorf("%d points: %d columns, want %d; F·Fᵀ = %v, want %v", n, columns, rank, mat.Formatted(&product), mat.Formatted(g.Cov))
		}
		// Points half as far from their mean have a quarter of the covariance: tr (S^½ − S^½/2)² = tr S/4.
		half := &Gaussian{Mean: g.Mean, Cov: mat.NewSymDense(6, nil)}
		half.Cov.ScaleSym(0.25, g.Cov)
		for _, pair := range [][2]*Gaussian{{g, half}, {half, g}} {
			if d, err := pair[0].Frechet(pair[1]); err != nil || math.Abs(d-mat.Trace(g.Cov)/4) > 1e-9 {
				t.Errorf("%d points: %v, %v, want %v", n, d, err, mat.Trace(g.Cov)/4)
			}
		}
	}
	if f := gaussian([]float64{0, 0}, 0, 0, 0, 0).factor(); !f.IsEmpty() {
		t.Errorf("of no spread: %v", mat.Formatted(f))
	}
}

// Mean and covariance by hand, and over more points than a block as by the definition. The values are multiples of 1/8.
func TestFitGaussian(t *testing.T) {
	g, err := FitGaussian(Points{[]float32{0, 1, 2, 1, 4, 4}, 2})
	if err != nil {
		t.Fatal(err)
	}
	close(t, "mean", g.Mean, []float64{2, 2})
	close(t, "covariance", []float64{g.Cov.At(0, 0), g.Cov.At(0, 1), g.Cov.At(1, 0), g.Cov.At(1, 1)}, []float64{4, 3, 3, 3})

	rng := rand.New(rand.NewPCG(1, 3))
	p := Points{Dim: 3}
	for range 3 * (2*blockRows + 17) {
		p.Values = append(p.Values, float32(rng.IntN(100))/8)
	}
	if g, err = FitGaussian(p); err != nil {
		t.Fatal(err)
	}
	n := p.Len()
	for a := range 3 {
		for b := range 3 {
			sum := 0.0
			for i := range n {
				sum += (float64(p.Values[3*i+a]) - g.Mean[a]) * (float64(p.Values[3*i+b]) - g.Mean[b])
			}
			if want := sum / float64(n-1); math.Abs(g.Cov.At(a, b)-want) > 1e-9 {
				t.Errorf("covariance %d, %d is %v, want %v", a, b, g.Cov.At(a, b), want)
			}
		}
	}
	for word, broken := range map[string]Points{
		"one point":        {[]float32{1, 2}, 2},
		"no whole points":  {[]float32{1, 2, 3}, 2},
		"point 1 holds +I": {[]float32{1, 2, 3, float32(math.Inf(1))}, 2},
	} {
		if _, err := FitGaussian(broken); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
}

// Between samples of one distribution the distance is above 0, and shrinks with their size.
func TestFrechetIsBiased(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	sample := func(n int) *Gaussian {
		p := Points{Dim: 8}
		for range 8 * n {
			p.Values = append(p.Values, float32(rng.NormFloat64()))
		}
		g, err := FitGaussian(p)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	few, err1 := sample(100).Frechet(sample(100))
	many, err2 := sample(4000).Frechet(sample(4000))
	if err1 != nil || err2 != nil || !(few > 5*many) || many <= 0 {
		t.Errorf("of 100 points %v, of 4,000 points %v; %v, %v", few, many, err1, err2)
	}
}
