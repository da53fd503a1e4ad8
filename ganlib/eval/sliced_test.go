package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats/scalar"
)

// In one dimension there is one direction and its opposite: the distance is that of the sorted numbers.
func TestSlicedInOneDimension(t *testing.T) {
	a, b := []float32{3, 0, 1}, []float32{2, 9, 4} // sorted 0 1 3 and 2 4 9: gaps 2, 3, 6
	got := distance(t, a, b, 3, 5)
	if want := math.Sqrt((4.0 + 9 + 36) / 3); !scalar.EqualWithinAbs(got, want, 1e-6) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A set moved by t is ‖t‖·√(mean cos²) away, which is ‖t‖/√N over all directions.
func TestSlicedOfAShift(t *testing.T) {
	const n, size, directions = 50, 12, 4000
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := make([]float32, n*size), make([]float32, n*size)
	for i := range a {
		a[i] = float32(rng.NormFloat64())
		b[i] = a[i]
		if i%size == 3 {
			b[i] += 2
		}
	}
	// cos² has mean 1/N and deviation 0.10 here; over 4,000 directions 1 % of the root: five deviations.
	if got, want := distance(t, a, b, n, directions), 2/math.Sqrt(size); !scalar.EqualWithinRel(got, want, 0.05) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := distance(t, a, a, n, 10); got != 0 {
		t.Errorf("a set is %v from itself", got)
	}
}

// The order of the examples does not matter.
func TestSlicedIgnoresOrder(t *testing.T) {
	a := []float32{1, 2, 3, 4, 5, 6}
	b := []float32{5, 6, 1, 2, 3, 4}
	if got := distance(t, a, b, 3, 20); got != 0 {
		t.Errorf("the same pairs in another order are %v apart", got)
	}
	if got := distance(t, a, []float32{1, 2, 3, 4, 5, 7}, 3, 20); got <= 0 {
		t.Errorf("another set is %v apart", got)
	}
}

func TestSlicedRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct{ numbers, n, directions int }{{5, 2, 1}, {0, 1, 1}, {4, 0, 1}, {4, 2, 0}} {
		if _, err := Slice(make([]float32, tc.numbers), tc.n, tc.directions, rng); err == nil {
			t.Errorf("%+v is accepted", tc)
		}
	}
	a, _ := Slice(make([]float32, 4), 2, 3, rng)
	b, _ := Slice(make([]float32, 6), 3, 3, rng)
	c, _ := Slice(make([]float32, 4), 2, 2, rng)
	for _, other := range []Slices{b, c, nil} {
		if _, err := a.Wasserstein(other); err == nil {
			t.Errorf("%d by %d is compared with 3 by 2", len(other), n0(other))
		}
	}
}

func n0(s Slices) int {
	if len(s) == 0 {
		return 0
	}
	return len(s[0])
}

func distance(t *testing.T, a, b []float32, n, directions int) float64 {
	t.Helper()
	sets := make([]Slices, 2)
	for i, values := range [][]float32{a, b} {
		var err error
		if sets[i], err = Slice(values, n, directions, rand.New(rand.NewPCG(7, 7))); err != nil {
			t.Fatal(err)
		}
	}
	d, err := sets[0].Wasserstein(sets[1])
	if err != nil {
		t.Fatal(err)
	}
	return d
}
