package work

import (
	"context"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// masterSeed is that of every work, so that a test can draw the same numbers again.
const masterSeed = 999

// game is the iteration of a GAN as users train it: batches from a source, latents drawn on the host, the trainer.
type game struct {
	gan     *ganlib.GAN
	source  *data.Source
	trainer *train.Trainer
	stream  *data.Stream
}

func startGame(b compute.Backend, gan *ganlib.GAN, source *data.Source, batch int) (Step, error) {
	trainer, err := train.New(b, gan, train.Options{Images: 1 << 40, BatchSize: batch, Seed: masterSeed})
	if err != nil {
		return nil, err
	}
	return &game{gan: gan, source: source, trainer: trainer, stream: source.Stream(masterSeed, data.Position{})}, nil
}

func (g *game) Do(ctx context.Context) ([]float64, error) {
	point, err := g.trainer.Iterate(ctx, g.stream)
	if err != nil {
		return nil, err
	}
	losses := make([]float64, len(g.gan.Steps))
	for i, step := range g.gan.Steps {
		losses[i] = point.Values[step.Name+"/loss"]
	}
	return losses, nil
}

func (g *game) Parameters() int { return parameters(g.trainer.Store()) }

// parameters counts those of both networks.
func parameters(store *model.Store) (total int) {
	for _, scope := range []string{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator} {
		_, n := ganlib.Table(store, scope)
		total += n
	}
	return total
}

func (g *game) Close() {
	g.stream.Close()
	g.trainer.Close()
}

// noise are n images in memory, of bytes without any pattern.
func noise(n int, image ganlib.Image) (*data.Source, error) {
	pixels := make([]byte, n*image.Height*image.Width*image.Channels)
	state := uint32(1)
	for i := range pixels {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator; its high bits are good enough
		pixels[i] = byte(state >> 24)
	}
	return data.New("noise", pixels, image.Height, image.Width, image.Channels, nil)
}
