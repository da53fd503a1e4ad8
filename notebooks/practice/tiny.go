package practice

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/testdata/golden"
)

// tinyGame is a very narrow DCGAN with weights, latents and real pictures written down, so that every implementation of
// the practice must get the same losses from its first step.
type tinyGame struct {
	Header struct {
		Config struct {
			NZ, NGF, NDF, NC, Batch int
		}
	}
	Weights map[string]exact
	Z       []exact
	Real    []exact
}

// exact numbers are whole numbers times a scale.
type exact struct {
	Shape []int
	Scale float64
	Q     []float64
}

func readTinyGame() (*tinyGame, error) {
	game := &tinyGame{}
	for _, name := range []string{"dcgan_step.json", "dcgan_real.json"} {
		text, err := golden.Files.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(text, game)
		}
		if err != nil {
			return nil, fmt.Errorf("practice: %s: %w", name, err)
		}
	}
	return game, nil
}

// channelsLast is the values in our layout: the second axis of four goes to the end.
func (e exact) channelsLast() ([]float32, []int) {
	out := make([]float32, 0, len(e.Q))
	if len(e.Shape) != 4 {
		for _, q := range e.Q {
			out = append(out, float32(q*e.Scale))
		}
		return out, e.Shape
	}
	n, c, h, w := e.Shape[0], e.Shape[1], e.Shape[2], e.Shape[3]
	for i := range n {
		for at := range h * w {
			for k := range c {
				out = append(out, float32(e.Q[(i*c+k)*h*w+at]*e.Scale))
			}
		}
	}
	return out, []int{n, h, w, c}
}

// variable is where we keep a weight of the file: "G.convT1.weight" is /generator/convT1/w.
func variable(name string) string {
	part := strings.Split(name, ".")
	scope := map[string]string{"G": ganlib.ScopeGenerator, "D": ganlib.ScopeDiscriminator}[part[0]]
	return scope + "/" + part[1] + "/" + strings.Replace(part[2], "weight", "w", 1)
}

// firstStep plays the first iteration and returns what it reported; change makes another game of it, nil leaves it.
func (game *tinyGame) firstStep(change func(*ganlib.GAN)) (runlog.Values, error) {
	h, c := game.Header.Config, dcgan.Practice2023()
	c.BatchSize, c.Channels, c.Latent, c.GenMaps, c.DiscMaps = h.Batch, h.NC, h.NZ, h.NGF, h.NDF
	gan, err := dcgan.New(c)
	if err != nil {
		return nil, err
	}
	drawn := 0
	gan.Prior.Draw = func(*rand.Rand) float64 {
		z := game.Z[drawn/len(game.Z[0].Q)]
		v := z.Q[drawn%len(game.Z[0].Q)] * z.Scale
		drawn++
		return v
	}
	if change != nil {
		change(gan)
	}
	b, err := shared()
	if err != nil {
		return nil, err
	}
	trainer, err := train.New(b, gan, train.Options{BatchSize: h.Batch, Images: math.MaxInt64})
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	if err := game.start(trainer.Store()); err != nil {
		return nil, err
	}
	point, err := trainer.Iterate(context.Background(), realBatch{game.Real[0]})
	return point.Values, err
}

func (game *tinyGame) start(store *model.Store) error {
	for name, weights := range game.Weights {
		values, dims := weights.channelsLast()
		if _, err := store.CreateVariable(variable(name), tensors.FromFlatDataAndDimensions(values, dims...)); err != nil {
			return fmt.Errorf("practice: %s: %w", name, err)
		}
	}
	return nil
}

// realBatch hands out the real pictures.
type realBatch struct{ pictures exact }

func (r realBatch) Next(context.Context, int, int) (data.Batch, error) {
	pixels, d := r.pictures.channelsLast()
	return data.Batch{Pixels: pixels, N: d[0], Height: d[1], Width: d[2], Channels: d[3]}, nil
}

func (realBatch) Recycle(data.Batch) {}

// stale changes a game so that G learns from what D said of the fakes before D's own step.
func stale(gan *ganlib.GAN) {
	before := func(in ganlib.Inputs) *graph.Node {
		return in.Once("D(G(z)) before", func() *graph.Node {
			fakes := in.Once("G(z)", func() *graph.Node { return gan.Generate(in) })
			return gan.Discriminate(in.WithMode(nn.BatchStatistics), fakes).Logits
		})
	}
	steps := append([]ganlib.Step{}, gan.Steps...)
	d := steps[0].Loss
	steps[0].Loss = func(in ganlib.Inputs) (*graph.Node, []ganlib.Term) {
		before(in)
		return d(in)
	}
	steps[1].Loss = func(in ganlib.Inputs) (*graph.Node, []ganlib.Term) { return loss.NonSaturating(before(in)), nil }
	gan.Steps = steps
}

// mixed changes a game so that real and fake pictures go through D as one batch.
func mixed(gan *ganlib.GAN) {
	steps := append([]ganlib.Step{}, gan.Steps...)
	steps[0].Loss = func(in ganlib.Inputs) (*graph.Node, []ganlib.Term) {
		fakes := in.Once("G(z)", func() *graph.Node { return gan.Generate(in) })
		n := in.Real.Shape().Dimensions[0]
		both := gan.Discriminate(in, graph.Concatenate([]*graph.Node{in.Real, fakes}, 0)).Logits
		real := graph.Slice(both, graph.AxisRange(0, n), graph.AxisRange())
		fake := graph.Slice(both, graph.AxisRange(n, 2*n), graph.AxisRange())
		return loss.Discriminator(real, fake), []ganlib.Term{
			{Name: dcgan.RealScore, Value: graph.ReduceAllMean(nn.Sigmoid(real))},
			{Name: dcgan.FakeBefore, Value: graph.ReduceAllMean(nn.Sigmoid(fake))},
		}
	}
	gan.Steps = steps
}

// FirstSteps plays the first iteration of a tiny DCGAN, whose weights and pictures are written down, in three ways, and
// tables what each reports: as the practice does, with G learning from the old D, and with one mixed batch for D.
func FirstSteps() (string, error) {
	game, err := readTinyGame()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| one step | D(x) | D(G(z)) before D's step | errD | errG |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, way := range []struct {
		name   string
		change func(*ganlib.GAN)
	}{{"as in the practice", nil}, {"D not asked again for G", stale}, {"real and fake in one batch", mixed}} {
		v, err := game.firstStep(way.change)
		if err != nil {
			return "", fmt.Errorf("practice: %s: %w", way.name, err)
		}
		fmt.Fprintf(&b, "| %s | %.4f | %.4f | %.4f | %.4f |\n", way.name, v[dcgan.RealScore], v[dcgan.FakeBefore], v["D/loss"], v["G/loss"])
	}
	return b.String(), nil
}
