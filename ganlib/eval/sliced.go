package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Slices are a set of examples seen from random directions: for each direction the examples' positions along it, in
// order. Sets sliced along the same directions can be compared.
type Slices [][]float32

// Slice projects n examples, one after the other in values, onto so many random directions of length 1. The same state
// of rng gives the same directions for examples of the same size.
func Slice(values []float32, n, directions int, rng *rand.Rand) (Slices, error) {
	if n < 1 || directions < 1 || len(values) == 0 || len(values)%n != 0 {
		return nil, fmt.Errorf("eval: %d numbers of %d examples along %d directions; want whole examples and at least one of each", len(values), n, directions)
	}
	size := len(values) / n
	direction := make([]float32, size)
	out := make(Slices, directions)
	for d := range out {
		randomDirection(direction, rng)
		out[d] = make([]float32, n)
		for i := range n {
			out[d][i] = dot(values[i*size:(i+1)*size], direction)
		}
		slices.Sort(out[d])
	}
	return out, nil
}

// randomDirection fills v with a point of the unit sphere, all equally likely.
func randomDirection(v []float32, rng *rand.Rand) {
	sum := 0.0
	for i := range v {
		x := rng.NormFloat64()
		v[i] = float32(x)
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
}

// dot is Σab. Four sums beside each other, because one alone would wait for its last addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0, s1, s2, s3 = s0+a[i]*b[i], s1+a[i+1]*b[i+1], s2+a[i+2]*b[i+2], s3+a[i+3]*b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// Wasserstein is the sliced Wasserstein distance of order 2 between two sets of equally many examples (Rabin et al.
// 2011): along each direction the root mean square between the i-th of one and the i-th of the other, and the root
// mean square of these. Two sets of one distribution have a small distance above 0, which shrinks as they grow.
// A shift by the vector t, with N numbers an example, costs ‖t‖/√N on average.
func (s Slices) Wasserstein(other Slices) (float64, error) {
	if len(s) == 0 || len(s) != len(other) {
		return 0, fmt.Errorf("eval: sets sliced along %d directions and %d; want the same ones, at least one", len(s), len(other))
	}
	if len(s[0]) != len(other[0]) {
		return 0, fmt.Errorf("eval: sets of %d examples and %d; want as many of one as of the other", len(s[0]), len(other[0]))
	}
	sum := 0.0
	for d := range s {
		for i, x := range s[d] {
			gap := float64(x - other[d][i])
			sum += gap * gap
		}
	}
	return math.Sqrt(sum / float64(len(s)*len(s[0]))), nil
}
