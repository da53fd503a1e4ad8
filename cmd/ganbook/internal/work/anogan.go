package work

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// anoganFamily is the iteration of the MNIST AnoGAN (a blog's nets after Schlegl et al. 2017): a step of D and two of
// G on the same latents.
var anoganFamily = family{
	name:    "anogan",
	numbers: []number{{"batch", 2}},
	about:   "AnoGAN MNIST, batch %d",
	count:   countAnoGAN,
	start: func(b compute.Backend, n []int) (Step, error) {
		gan := anogan()
		source, err := noise(2*n[0], gan.Image)
		if err != nil {
			return nil, err
		}
		return startGame(b, gan, source, n[0])
	},
}

func anogan() *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "anogan", Image: ganlib.Image{Height: 28, Width: 28, Channels: 1}, Prior: ganlib.Uniform(50),
		Generate: anoganGenerator,
		Discriminate: func(in ganlib.Inputs, x *Node) ganlib.Scores {
			return ganlib.Scores{Logits: anoganDiscriminator(in, x)}
		},
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			fake := StopGradient(gan.Generate(in.WithMode(nn.BatchStatistics))) // G's moving averages belong to G's steps
			return loss.Discriminator(gan.Discriminate(in, in.Real).Logits, gan.Discriminate(in, fake).Logits), nil
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, Batch: ganlib.SameBatch, Repeats: 2, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.NonSaturating(gan.Discriminate(in, gan.Generate(in)).Logits), nil
		}},
	}
	return gan
}

// sameConv is a 3×3 layer with TensorFlow's "same" padding, of an image (or, transposed, to one) of that side.
func sameConv(side, stride, out int) nn.Conv {
	return nn.Conv{Out: out, Kernel: 3, Stride: stride, Pad: nn.SamePadding(side, side, 3, stride), Bias: true, Init: nn.GlorotUniform}
}

func anoganGenerator(in ganlib.Inputs) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	norm := func(s *model.Scope, x *Node) *Node {
		return nn.LeakyReLU(nn.BatchNorm(s, x, nn.BatchNormOptions{Mode: in.Mode, Rule: nn.TF1Fused}), 0.2)
	}
	x := nn.Dense(s.At("dense"), in.Z, nn.DenseOptions{Out: 7 * 7 * 32, Bias: true, Init: nn.GlorotUniform})
	x = norm(s.At("bn1"), Reshape(x, -1, 7, 7, 32))
	x = norm(s.At("bn2"), nn.ConvTranspose2D(s.At("convT2"), x, sameConv(14, 2, 16)))
	x = norm(s.At("bn3"), nn.ConvTranspose2D(s.At("convT3"), x, sameConv(28, 2, 8)))
	return nn.Tanh(nn.ConvTranspose2D(s.At("convT4"), x, sameConv(28, 1, 1)))
}

func anoganDiscriminator(in ganlib.Inputs, x *Node) *Node {
	s := in.Scope(ganlib.ScopeDiscriminator)
	x = nn.LeakyReLU(nn.Conv2D(s.At("conv1"), x, sameConv(28, 2, 16)), 0.2)
	x = nn.LeakyReLU(nn.Conv2D(s.At("conv2"), x, sameConv(14, 2, 32)), 0.2)
	return nn.Dense(s.At("dense"), Reshape(x, -1, 7*7*32), nn.DenseOptions{Out: 1, Bias: true, Init: nn.GlorotUniform})
}

// countAnoGAN: D's fakes are those of G's first step; G's forward pass is done once for both.
func countAnoGAN([]int) int64 {
	g := layers{dense(50, 7*7*32), conv(7, 3, 32, 16), conv(14, 3, 16, 8), conv(28, 3, 8, 1)}
	d := layers{conv(14, 3, 1, 16), conv(7, 3, 16, 32), dense(7*7*32, 1)}
	return 2*d.trained() + 2*(g.trained()+d.through())
}
