package train

import (
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/gomlx/core/tensors"
)

// firstBatch is what the first call of a trainer with this seed sees.
func firstBatch(t testing.TB, src *data.Source, master int64, n, resolution int) *tensors.Tensor {
	t.Helper()
	stream := src.Stream(master, data.Position{})
	defer stream.Close()
	b, err := stream.Next(t.Context(), n, resolution)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.FromFlatDataAndDimensions(b.Pixels, b.N, b.Height, b.Width, b.Channels)
}

// firstLatents are those of one call of the first iteration.
func firstLatents(gan *ganlib.GAN, master, place int64, n int) *tensors.Tensor {
	z := gan.Prior.Sample(seed.Rand(master, "z", 0, place), n)
	return tensors.FromFlatDataAndDimensions(z, n, gan.Prior.Size)
}

// firstRandom is the state of the graph's own random numbers in one call of the first iteration.
func firstRandom(master, place int64) *tensors.Tensor {
	state := make([]uint64, 3)
	for i := range state {
		state[i] = seed.Key(master, "graph", 0, place, int64(i))
	}
	return tensors.FromFlatDataAndDimensions(state, 3)
}
