package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// The sums by hand: x = 0, 2 and y = 1, 1, 3 in one dimension; k(x, y) = (xy + 1)³.
// Within x: k(0, 2) = 1. Within y: k(1, 1) = 8, k(1, 3) = 64 twice, mean 136/3. Between: 1, 1, 1, 27, 27, 343, mean 400/6.
func TestKernelDistance(t *testing.T) {
	got, err := KernelDistance(Points{[]float32{0, 2}, 1}, Points{[]float32{1, 1, 3}, 1})
	if want := 1 + 136./3 - 2*400./6; err != nil || math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	// The product of longer points is divided by their length: k((1,1), (1,3)) = (4/2 + 1)³.
	got, err = KernelDistance(Points{[]float32{1, 1, 1, 3}, 2}, Points{[]float32{0, 0, 0, 0}, 2})
	if want := 27. + 1 - 2; err != nil || math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// Between N(0, 1) and N(m, 1) in one dimension the kernel sees the first three moments:
// 3·m² + 3·(m²)² + (m³ + 3m)². The estimate is unbiased, so its mean over subsets comes near, and is near 0 for m = 0.
func TestKernelDistancesAreUnbiased(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 4))
	sample := func(shift float64) Points {
		p := Points{Dim: 1}
		for range 6000 {
			p.Values = append(p.Values, float32(rng.NormFloat64()+shift))
		}
		return p
	}
	for _, m := range []float64{0, 0.5} {
		s, err := KernelDistances(sample(0), sample(m), 300, 100, rng)
		if err != nil {
			t.Fatal(err)
		}
		want := 3*m*m + 3*m*m*m*m + math.Pow(m*m*m+3*m, 2)
		// Subsets of one sample share its error: √(300·100/6000) times that of as many samples.
		if limit := 4 * s.Deviation / math.Sqrt(300) * math.Sqrt(6); math.Abs(s.Mean-want) > limit || limit > 2 {
			t.Errorf("shift %v: %v, want %.4f within %.4f", m, s, want, limit)
		}
	}
}

// Subsets of the whole set are the whole set, without repetition: every distance is the same.
func TestKernelDistancesOfWholeSets(t *testing.T) {
	a, b := Points{[]float32{0, 2, 5}, 1}, Points{[]float32{1, 1, 3}, 1}
	want, err := KernelDistance(a, b)
	if err != nil {
		t.Fatal(err)
	}
	s, err := KernelDistances(a, b, 5, 3, rand.New(rand.NewPCG(1, 1)))
	if err != nil || math.Abs(s.Mean-want) > 1e-9 || s.Deviation > 1e-9 || s.Subsets != 5 || s.Size != 3 {
		t.Errorf("%+v, %v, want %v", s, err, want)
	}
}

func TestKernelDistanceRefuses(t *testing.T) {
	some := Points{[]float32{1, 2, 3, 4}, 2}
	rng := rand.New(rand.NewPCG(1, 1))
	for word, try := range map[string]func() error{
		"one point":    func() error { _, err := KernelDistance(some, Points{[]float32{1, 2}, 2}); return err },
		"of 2 and of":  func() error { _, err := KernelDistance(some, Points{some.Values, 1}); return err },
		"holds NaN":    func() error { _, err := KernelDistance(some, Points{[]float32{1, float32(math.NaN())}, 1}); return err },
		"3 of 2 and 2": func() error { _, err := KernelDistances(some, some, 5, 3, rng); return err },
		"over 1 sub":   func() error { _, err := KernelDistances(some, some, 1, 2, rng); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
}
