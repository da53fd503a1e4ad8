package dcgan

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
)

// Names of the reported values besides D/loss and G/loss.
const (
	RealScore  = "D(x)"          // mean D(x), before D's step
	FakeBefore = "D(G(z))"       // mean D(G(z)), before D's step
	FakeAfter  = "D(G(z)) after" // the same fakes through the updated D, before G's step
	RealLoss   = "D/loss real"
	FakeLoss   = "D/loss fake"
)

// New is the game of the practice (spec §8.3), one iteration in one compiled call:
//
//	D   minimise  −log D(x) − log(1 − D(G(z)))   real and fake as two batches, each with its own batch statistics
//	G   minimise  −log D(G(z))                   the same fakes, seen by the D just updated
func New(c Config) (*ganlib.GAN, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	gan := &ganlib.GAN{
		Name:   "dcgan",
		Config: c,
		Image:  ganlib.Image{Height: c.ImageSize, Width: c.ImageSize, Channels: c.Channels},
		Prior:  c.prior(),
	}
	gan.Generate = func(in ganlib.Inputs) *Node { return c.generator(in, in.Z) }
	gan.Discriminate = func(in ganlib.Inputs, x *Node) ganlib.Scores { return c.discriminator(in, x) }
	fakes := func(in ganlib.Inputs) *Node { return in.Once("G(z)", func() *Node { return gan.Generate(in) }) }
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: c.adam(), Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			real := gan.Discriminate(in, in.Real).Logits
			fake := gan.Discriminate(in, fakes(in)).Logits
			realLoss := loss.BCEWithLogits(real, c.RealLabel) // −log D(x)
			fakeLoss := loss.BCEWithLogits(fake, 0)           // −log(1 − D(G(z)))
			return Add(realLoss, fakeLoss), []ganlib.Term{
				{Name: RealLoss, Value: realLoss}, {Name: FakeLoss, Value: fakeLoss},
				{Name: RealScore, Value: meanScore(real)}, {Name: FakeBefore, Value: meanScore(fake)},
			}
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: c.adam(), Batch: ganlib.SameBatch, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			fake := gan.Discriminate(in, fakes(in)).Logits
			return loss.NonSaturating(fake), // −log D(G(z)); the true label, whatever real_label is for D
				[]ganlib.Term{{Name: FakeAfter, Value: meanScore(fake)}}
		}},
	}
	gan.Networks = []ganlib.Network{
		{Name: "generator", Scope: ganlib.ScopeGenerator, Layers: layers(c.generatorBlocks())},
		{Name: "discriminator", Scope: ganlib.ScopeDiscriminator, Layers: layers(c.discriminatorBlocks())},
	}
	return gan, nil
}

// generator is G: z [B, nz] → image [B, S, S, nc] in (−1, 1).
func (c Config) generator(in ganlib.Inputs, z *Node) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	x := Reshape(z, -1, 1, 1, c.Latent)
	for _, b := range c.generatorBlocks() {
		x = b.apply(in, c, s, x)
	}
	return x
}

// discriminator is D without its sigmoid: image [B, S, S, nc] → logit [B, 1]. Its features are the last 4×4 map.
func (c Config) discriminator(in ganlib.Inputs, x *Node) ganlib.Scores {
	s := in.Scope(ganlib.ScopeDiscriminator)
	var features *Node
	for _, b := range c.discriminatorBlocks() {
		features = x
		x = b.apply(in, c, s, x)
	}
	return ganlib.Scores{Logits: Reshape(x, -1, 1), Features: features}
}

// meanScore is the mean of D over a batch, D = σ(logit).
func meanScore(logits *Node) *Node { return ReduceAllMean(nn.Sigmoid(logits)) }

func layers(blocks []block) []ganlib.Layer {
	var rows []ganlib.Layer
	for _, b := range blocks {
		rows = append(rows, b.layer())
	}
	return rows
}
