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

// Distances with a closed form, to 1e-9; where a covariance is singular the root of a rounding error, 1e-8, is allowed.
func TestFrechet(t *testing.T) {
	// Of 2×2 matrices: tr (S₁S₂)^½ = (tr S₁S₂ + 2·(det S₁·det S₂)^½)^½.
	s1, s2 := gaussian([]float64{0, 0}, 2, 1, 1, 3), gaussian([]float64{1, -2}, 5, -1, -1, 1)
	oblique := 5 + 5 + 6 - 2*math.Sqrt(11+2*math.Sqrt(5*4))
	for name, tc := range map[string]struct {
		a, b      *Gaussian
		want, off float64
	}{
		"one dimension": {gaussian([]float64{1}, 4), gaussian([]float64{4}, 9), 9 + 1, 1e-9},
		"diagonal":      {gaussian([]float64{0, 0, 0}, 1, 0, 0, 0, 4, 0, 0, 0, 9), gaussian([]float64{0, 1, 0}, 4, 0, 0, 0, 1, 0, 0, 0, 9), 1 + 1 + 1, 1e-9},
		"oblique":       {s1, s2, oblique, 1e-9},
		"itself":        {s1, s1, 0, 1e-9},
		// u·uᵀ and v·vᵀ of u = (1, 2), v = (2, 1): 5 + 5 − 2·|u·v|.
		"lines":       {gaussian([]float64{0, 0}, 1, 2, 2, 4), gaussian([]float64{0, 0}, 4, 2, 2, 1), 10 - 8, 1e-7},
		"line, plane": {gaussian([]float64{0, 0}, 1, 0, 0, 0), gaussian([]float64{0, 0}, 4, 0, 0, 9), 1 + 9, 1e-7},
		"no spread":   {gaussian([]float64{0, 0}, 0, 0, 0, 0), gaussian([]float64{3, 4}, 1, 0, 0, 1), 25 + 2, 1e-9},
	} {
		for _, pair := range [][2]*Gaussian{{tc.a, tc.b}, {tc.b, tc.a}} {
			got, err := pair[0].Frechet(pair[1])
			if err != nil || math.Abs(got-tc.want) > tc.off {
				t.Errorf("%s: %v, %v, want %v", name, got, err, tc.want)
			}
		}
	}
	if _, err := s1.Frechet(gaussian([]float64{1}, 1)); err == nil || !strings.Contains(err.Error(), "2 and of 1 numbers") {
		t.Errorf("Gaussians of different dimensions: %v", err)
	}
}

// Both factors of a covariance multiply to it, and give one distance. Nearly singular covariances have both, too; the
// root of their rounding errors, 1e-8 for each number of a point, is allowed.
func TestFactors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	sample := func(stretch float64) *Gaussian {
		p := Points{Dim: 6}
		for range 40 {
			x := rng.NormFloat64()
			for k := range 6 {
				p.Values = append(p.Values, float32(x+stretch*float64(k)*rng.NormFloat64()))
			}
		}
		g, err := FitGaussian(p)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for _, stretch := range []float64{1, 1e-4} {
		a, b := sample(stretch), sample(2*stretch)
		lower, err1 := a.factor()
		root, err2 := a.root()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if lower.At(0, 5) != 0 || root.At(0, 5) == 0 {
			t.Errorf("not Cholesky's factor and the root: %v, %v", lower.At(0, 5), root.At(0, 5))
		}
		var distances []float64
		for _, f := range []*mat.Dense{lower, root} {
			var product mat.Dense
			product.Mul(f, f.T())
			if !mat.EqualApprox(&product, a.Cov, 1e-12) {
				t.Errorf("F·Fᵀ = %v, want %v", mat.Formatted(&product), mat.Formatted(a.Cov))
			}
			d, err := a.frechet(b, f)
			if err != nil {
				t.Fatal(err)
			}
			distances = append(distances, d)
		}
		if math.Abs(distances[0]-distances[1]) > 1e-6 {
			t.Errorf("distances %v", distances)
		}
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
