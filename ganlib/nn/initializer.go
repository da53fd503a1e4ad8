package nn

import (
	"math"
	"math/rand/v2"
)

// Initializer fills the first value of a variable of the given dimensions from a stream of its own.
type Initializer func(rng *rand.Rand, dims []int, values []float32)

// Constant fills with one value.
func Constant(value float32) Initializer {
	return func(_ *rand.Rand, _ []int, values []float32) {
		for i := range values {
			values[i] = value
		}
	}
}

// Normal draws from N(0, std²).
func Normal(std float64) Initializer { return NormalAround(0, std) }

// NormalAround draws from N(mean, std²).
func NormalAround(mean, std float64) Initializer {
	return func(rng *rand.Rand, _ []int, values []float32) {
		for i := range values {
			values[i] = float32(mean + std*rng.NormFloat64())
		}
	}
}

// Uniform draws from U(−limit, limit).
func Uniform(limit float64) Initializer {
	return func(rng *rand.Rand, _ []int, values []float32) {
		for i := range values {
			values[i] = float32(limit * (2*rng.Float64() - 1))
		}
	}
}

// GlorotUniform draws from U(−l, l), l = √(6/(fanIn + fanOut)) (Glorot and Bengio 2010; Keras's default). The fans of
// a kernel are its channels times its taps.
func GlorotUniform(rng *rand.Rand, dims []int, values []float32) {
	in, out := fans(dims)
	Uniform(math.Sqrt(6/float64(in+out)))(rng, dims, values)
}

// HeNormal draws from N(0, 2/fanIn) (He et al. 2015).
func HeNormal(rng *rand.Rand, dims []int, values []float32) {
	in, _ := fans(dims)
	Normal(math.Sqrt(2/float64(in)))(rng, dims, values)
}

// fans counts the inputs and outputs of a kernel W[n, kh, kw, c], seen as a convolution, or of a matrix [in, out].
func fans(dims []int) (in, out int) {
	switch len(dims) {
	case 4:
		taps := dims[1] * dims[2]
		return dims[3] * taps, dims[0] * taps
	case 2:
		return dims[0], dims[1]
	default:
		n := size(dims)
		return n, n
	}
}
