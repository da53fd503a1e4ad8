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
// With an encoder each of G's steps minimises its loss + Rebuild·mean (x − G(E(x)))², and with the last of them, before that
// moves anything:
//
//	E   minimise  mean (x − G(E(x)))²
//
// All steps see one z. All of them use the statistics of the batch; a network's moving averages move in its own steps, those
// of G twice where it draws G(z) and G(E(x)), so that they are of both.
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
	gan.Steps = []ganlib.Step{c.discriminatorStep(gan), c.generatorStep(gan)}
	gan.Networks = []ganlib.Network{
		{Name: "generator", Scope: ganlib.ScopeGenerator, Layers: layers(c.generatorBlocks())},
		{Name: "discriminator", Scope: ganlib.ScopeDiscriminator, Layers: layers(c.discriminatorBlocks())},
	}
	if len(c.EncMaps) > 0 {
		gan.Encode = c.encoder
		gan.Steps = append(gan.Steps, c.encoderStep(gan))
		gan.Networks = append(gan.Networks, ganlib.Network{Name: "encoder", Scope: ganlib.ScopeEncoder, Layers: layers(c.encoderBlocks())})
	}
	return gan, nil
}

func (c Config) discriminatorStep(gan *ganlib.GAN) ganlib.Step {
	return ganlib.Step{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: c.adam(), Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		real := gan.Discriminate(in, in.Real).Logits
		fake := gan.Discriminate(in, gan.Generate(in.WithMode(nn.BatchStatistics))).Logits
		return loss.Discriminator(real, fake), []ganlib.Term{ // −log D(x) − log(1 − D(G(z)))
			{Name: Accuracy, Value: accuracy(real, fake, 0)}, {Name: PostAccuracy, Value: accuracy(real, fake, 0.5)},
			{Name: RealScore, Value: ReduceAllMean(nn.Sigmoid(real))}, {Name: FakeScore, Value: ReduceAllMean(nn.Sigmoid(fake))},
		}
	}}
}

func (c Config) generatorStep(gan *ganlib.GAN) ganlib.Step {
	return ganlib.Step{Name: "G", Scope: ganlib.ScopeGenerator, Adam: c.adam(), Batch: ganlib.SameBatch, Repeats: c.GenSteps, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		l := loss.NonSaturating(gan.Discriminate(in.WithMode(nn.BatchStatistics), gan.Generate(in)).Logits) // −log D(G(z))
		if c.Rebuild == 0 {
			return l, nil
		}
		z := gan.Encode(in.WithMode(nn.BatchStatistics), in.Real)
		return Add(l, MulScalar(squaredError(in.Real, gan.Generate(in.WithZ(z))), c.Rebuild)), nil
	}}
}

func (c Config) encoderStep(gan *ganlib.GAN) ganlib.Step {
	return ganlib.Step{Name: "E", Scope: ganlib.ScopeEncoder, Adam: c.adam(), Batch: ganlib.SameForward, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		z := gan.Encode(in, in.Real)
		return squaredError(in.Real, gan.Generate(in.WithMode(nn.BatchStatistics).WithZ(z))), nil
	}}
}

func squaredError(x, y *Node) *Node { return ReduceAllMean(Square(Sub(x, y))) }

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

// encoder is E: image [B, S, S, nc] → z [B, z_dim], in (−1, 1) where the prior is uniform.
func (c Config) encoder(in ganlib.Inputs, x *Node) *Node {
	for _, b := range c.encoderBlocks() {
		x = b.apply(in, c, ganlib.ScopeEncoder, x)
	}
	return Reshape(x, -1, c.Latent)
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
