package train

import (
	"errors"
	"math"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/compute/dtypes"
)

// One weight of any layer that is not a number ends the training at the next iteration, whatever the layers behind it
// make of it.
func TestOneBrokenWeightIsNoticed(t *testing.T) {
	src := blobs(t, 16, 8, 8)
	for _, path := range []string{
		"/generator/dense/w", "/generator/bn/gamma", "/generator/bn/beta", "/generator/convT/w",
		"/discriminator/conv/w", "/discriminator/bn/gamma", "/discriminator/bn/beta", "/discriminator/dense/w",
	} {
		trainer := begin(t, tinyGAN(), Options{BatchSize: 4, Seed: 3})
		stream := src.Stream(3, trainer.State().Position)
		iterate(t, trainer, stream, 1)
		v := trainer.Store().GetVariable(path)
		values := variable(t, trainer.Store(), path)
		values[0] = math.NaN()
		v.MustSetValue(gantest.Tensor(dtypes.Float32, values, v.Shape().Dimensions...))
		_, err := trainer.Iterate(t.Context(), stream)
		var diverged *Diverged
		if !errors.As(err, &diverged) || !math.IsNaN(diverged.Number) {
			t.Errorf("%s: %v", path, err)
		}
		stream.Close()
		trainer.Close()
	}
}
