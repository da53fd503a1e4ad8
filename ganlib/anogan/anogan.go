package anogan

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Names of the reported values besides D/loss and G/loss.
const (
	Accuracy     = "D/accuracy" // share of D's decisions that are right, a logit above 0 being "real"
	PostAccuracy = "d_acc"      // the blog's: above 0.5, which is a probability of 0.622
	RealScore    = "D(x)"       // mean D(x), before D's step
	FakeScore    = "D(G(z))"    // mean D(G(z)), before D's step
)

// New is the game of the documents, one iteration in one compiled call (spec §4):
//
//	D   minimise  −log D(x) − log(1 − D(G(z)))
//	G   minimise  −log D(G(z))                   through the D just updated; GenSteps times, each with the G just updated
//
// All steps see one z. All of them use the statistics of the batch; G's moving averages move in its own steps, D's in D's.
func New(c Config) (*ganlib.GAN, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	gan := &ganlib.GAN{
		Name:     "anogan",
		Config:   c,
		Image:    ganlib.Image{Height: c.ImageSize, Width: c.ImageSize, Channels: c.Channels},
		Prior:    c.prior(),
		Schedule: c.schedule(),
	}
	gan.Generate = c.generator
	gan.Discriminate = c.discriminator
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: c.adam(), Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			real := gan.Discriminate(in, in.Real).Logits
			fake := gan.Discriminate(in, gan.Generate(in.WithMode(nn.BatchStatistics))).Logits
			return loss.Discriminator(real, fake), []ganlib.Term{ // −log D(x) − log(1 − D(G(z)))
				{Name: Accuracy, Value: accuracy(real, fake, 0)}, {Name: PostAccuracy, Value: accuracy(real, fake, 0.5)},
				{Name: RealScore, Value: ReduceAllMean(nn.Sigmoid(real))}, {Name: FakeScore, Value: ReduceAllMean(nn.Sigmoid(fake))},
			}
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: c.adam(), Batch: ganlib.SameBatch, Repeats: c.GenSteps, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			fake := gan.Discriminate(in.WithMode(nn.BatchStatistics), gan.Generate(in)).Logits
			return loss.NonSaturating(fake), nil // −log D(G(z))
		}},
	}
	gan.Networks = []ganlib.Network{
		{Name: "generator", Scope: ganlib.ScopeGenerator, Layers: layers(c.generatorBlocks())},
		{Name: "discriminator", Scope: ganlib.ScopeDiscriminator, Layers: layers(c.discriminatorBlocks())},
	}
	return gan, nil
}

// generator is G: in.Z [B, z_dim] → image [B, S, S, nc] in (−1, 1).
func (c Config) generator(in ganlib.Inputs) *Node {
	x := in.Z
	for _, b := range c.generatorBlocks() {
		x = b.apply(in, c, ganlib.ScopeGenerator, x)
	}
	return x
}

// discriminator is D without its sigmoid: image [B, S, S, nc] → logit [B, 1] and the feature f(x), [B, h, w, maps].
func (c Config) discriminator(in ganlib.Inputs, x *Node) ganlib.Scores {
	var scores ganlib.Scores
	for i, b := range c.discriminatorBlocks() {
		x = b.apply(in, c, ganlib.ScopeDiscriminator, x)
		if i+1 == c.Feature {
			scores.Features = x
		}
	}
	scores.Logits = Reshape(x, -1, 1)
	return scores
}

// accuracy is the share of decisions that are right when a logit above the threshold means "real".
func accuracy(real, fake *Node, threshold float64) *Node {
	limit := Scalar(real.Graph(), real.DType(), threshold)
	right := func(is *Node) *Node { return ReduceAllMean(ConvertDType(is, dtypes.Float32)) }
	return MulScalar(Add(right(GreaterThan(real, limit)), right(LessOrEqual(fake, limit))), 0.5)
}

func layers(blocks []block) []ganlib.Layer {
	var rows []ganlib.Layer
	for _, b := range blocks {
		rows = append(rows, b.layer())
	}
	return rows
}
