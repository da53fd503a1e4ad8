package work

import (
	"fmt"
	"math/bits"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// wganFamily is an iteration of WGAN-GP (Gulrajani et al. 2017) on a net of 3×3 layers like that of progressive growing
// (Karras et al. 2018), all with as many channels: a step of the critic and one of G, each on latents of its own.
var wganFamily = family{
	name:    "wgan",
	numbers: []number{{"batch", 1}, {"side", 8}, {"channels", 1}},
	about:   "WGAN-GP, 3×3 net, batch %[1]d, %[2]d×%[2]d, %[3]d channels",
	check: func(n []int) error {
		if bits.OnesCount(uint(n[1])) != 1 {
			return fmt.Errorf("side %d; the net doubles from 4×4, so it must be a power of two", n[1])
		}
		return nil
	},
	count: countWGAN,
	start: func(b compute.Backend, n []int) (Step, error) {
		gan := wgan(n[1], n[2])
		source, err := noise(2*n[0], gan.Image)
		if err != nil {
			return nil, err
		}
		return startGame(b, gan, source, n[0])
	},
}

const (
	wganLatent  = 128
	wganPenalty = 10 // λ
)

func wgan(side, channels int) *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "wgan", Image: ganlib.Image{Height: side, Width: side, Channels: 3}, Prior: ganlib.Normal(wganLatent),
		Generate: func(in ganlib.Inputs) *Node { return wganGenerator(in, side, channels) },
		Discriminate: func(in ganlib.Inputs, x *Node) ganlib.Scores {
			return ganlib.Scores{Logits: wganCritic(in, x, side, channels)}
		},
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0, Beta2: 0.99, Epsilon: 1e-8}
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			critic := func(x *Node) *Node { return gan.Discriminate(in, x).Logits }
			fake := StopGradient(gan.Generate(in))
			mixed := Add(in.Real, Mul(in.Uniform(in.Real.Shape().Dimensions[0], 1, 1, 1), Sub(fake, in.Real)))
			gap := loss.Critic(critic(in.Real), critic(fake))
			return Add(gap, MulScalar(loss.GradientPenalty(critic, mixed, 1), wganPenalty)), nil
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, LatentOnly: true, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.CriticGenerator(gan.Discriminate(in, gan.Generate(in)).Logits), nil
		}},
	}
	return gan
}

// threeByThree is a 3×3 layer with bias and LeakyReLU.
func threeByThree(s *model.Scope, x *Node, channels int) *Node {
	return nn.LeakyReLU(nn.Conv2D(s, x, nn.Conv{Out: channels, Kernel: 3, Stride: 1, Pad: nn.Pad(1), Bias: true}), 0.2)
}

// wganGenerator: a dense layer to 4×4 and one convolution there, two at each further size, a 1×1 layer to colours.
func wganGenerator(in ganlib.Inputs, side, channels int) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	x := nn.LeakyReLU(nn.Dense(s.At("dense"), in.Z, nn.DenseOptions{Out: 4 * 4 * channels, Bias: true}), 0.2)
	x = threeByThree(s.At("conv4"), Reshape(x, -1, 4, 4, channels), channels)
	for at := 8; at <= side; at *= 2 {
		x = threeByThree(s.At("conv%da", at), nn.Upsample2D(x, 2), channels)
		x = threeByThree(s.At("conv%db", at), x, channels)
	}
	return nn.Conv2D(s.At("rgb"), x, nn.Conv{Out: 3, Kernel: 1, Stride: 1, Bias: true})
}

// wganCritic mirrors it: [B, side, side, 3] → [B, 1].
func wganCritic(in ganlib.Inputs, x *Node, side, channels int) *Node {
	s := in.Scope(ganlib.ScopeDiscriminator)
	x = nn.LeakyReLU(nn.Conv2D(s.At("rgb"), x, nn.Conv{Out: channels, Kernel: 1, Stride: 1, Bias: true}), 0.2)
	for at := side; at >= 8; at /= 2 {
		x = threeByThree(s.At("conv%da", at), x, channels)
		x = threeByThree(s.At("conv%db", at), x, channels)
		x = nn.Downsample2D(x, 2)
	}
	x = threeByThree(s.At("conv4"), x, channels)
	return nn.Dense(s.At("dense"), Reshape(x, -1, 4*4*channels), nn.DenseOptions{Out: 1, Bias: true})
}

// countWGAN: G's forward pass for the critic's fakes is not the one of its own step.
func countWGAN(n []int) int64 {
	side, c := n[1], n[2]
	g, d := layers{dense(wganLatent, 4*4*c), conv(4, 3, c, c)}, layers{conv(side, 1, 3, c)}
	for at := 8; at <= side; at *= 2 {
		g = append(g, conv(at, 3, c, c), conv(at, 3, c, c))
	}
	for at := side; at >= 8; at /= 2 {
		d = append(d, conv(at, 3, c, c), conv(at, 3, c, c))
	}
	g = append(g, conv(side, 1, c, 3))
	d = append(d, conv(4, 3, c, c), dense(4*4*c, 1))
	critic := 2*d.trained() + d.sum() + d.penalised()
	return g.sum() + critic + g.trained() + d.through()
}
