package features

import (
	"math/rand/v2"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
)

// bars are n noisy pictures of 8×8 of two classes: upright bars and lying ones.
func bars(t *testing.T, n int, from uint64) *data.Source {
	t.Helper()
	rng := rand.New(rand.NewPCG(from, 1))
	pixels, labels := make([]byte, n*64), make([]uint8, n)
	for i := range n {
		labels[i] = uint8(i % 2)
		place := 1 + rng.IntN(6)
		for k := range 64 {
			at := k % 8
			if labels[i] == 1 {
				at = k / 8
			}
			pixels[i*64+k] = byte(rng.IntN(60))
			if at == place {
				pixels[i*64+k] += 180
			}
		}
	}
	s, err := data.New("bars", pixels, 8, 8, 1, labels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
