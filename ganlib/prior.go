package ganlib

import "math/rand/v2"

// Prior is p(z), drawn on the host so that a latent depends on the seed alone and never on the backend.
type Prior struct {
	Name string // as it is written in a paper: "N(0, 1)"
	Size int    // length of z
	Draw func(rng *rand.Rand) float64
}

// Normal is z ~ N(0, 1), independent.
func Normal(size int) Prior {
	return Prior{Name: "N(0, 1)", Size: size, Draw: func(rng *rand.Rand) float64 { return rng.NormFloat64() }}
}

// Uniform is z ~ U(−1, 1), independent.
func Uniform(size int) Prior {
	return Prior{Name: "U(-1, 1)", Size: size, Draw: func(rng *rand.Rand) float64 { return 2*rng.Float64() - 1 }}
}

// Sample draws n latents, row after row: [n, Size].
func (p Prior) Sample(rng *rand.Rand, n int) []float32 {
	z := make([]float32, n*p.Size)
	for i := range z {
		z[i] = float32(p.Draw(rng))
	}
	return z
}
