package nn

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
)

// timeSteps measures a step that has been compiled and has drawn its weights.
func timeSteps(b *testing.B, step func()) {
	step()
	step()
	before := cpuTime(b)
	for b.Loop() {
		step()
	}
	b.ReportMetric((cpuTime(b)-before).Seconds()/float64(b.N), "cpu-s/op") // steadier than the clock on a busy machine
}

// noise is a float32 tensor of normal values.
func noise(b *testing.B, seed uint64, std float64, dims ...int) *tensors.Tensor {
	return gantest.Tensor(dtypes.Float32, gantest.Flat(b, gantest.Random(seed, std, dims...)), dims...)
}

// benchGame is a step of D and one of G in one call, each with its own Adam.
func benchGame(b *testing.B, real, z *tensors.Tensor, losses func(s *model.Scope, real, z *graph.Node) (d, g func() *graph.Node)) {
	adamD := optimizer.Adam().LearningRate(1e-3).Betas(0.5, 0.999).Scope("adam_d").Done()
	adamG := optimizer.Adam().LearningRate(1e-3).Betas(0.5, 0.999).Scope("adam_g").Done()
	exec, err := model.NewExec(gantest.Backend(b), model.NewStore(), func(s *model.Scope, real, z *graph.Node) []*graph.Node {
		s.Store().SetTraining(real.Graph(), true)
		ofD, ofG := losses(s, real, z)
		lossD := ofD()
		adamD.UpdateGraph(s.Store().Scope("/d"), real.Graph(), lossD)
		lossG := ofG()
		adamG.UpdateGraph(s.Store().Scope("/g"), real.Graph(), lossG)
		return []*graph.Node{lossD, lossG}
	})
	if err != nil {
		b.Fatal(err)
	}
	defer exec.Finalize()
	timeSteps(b, func() {
		out, err := exec.Call(real, z)
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range out {
			o.FinalizeAll()
		}
	})
}

// BenchmarkDense is one step of a GAN of points in the plane: two networks of three hidden layers of 128.
//
//	go test ./ganlib/nn -run - -bench Dense -benchtime 500x
func BenchmarkDense(b *testing.B) {
	network := func(s *model.Scope, x *graph.Node, out int) *graph.Node {
		for i := 1; i <= 3; i++ {
			x = ReLU(Dense(s.At("l%d", i), x, DenseOptions{Out: 128, Bias: true}))
		}
		return Dense(s.At("l4"), x, DenseOptions{Out: out, Bias: true})
	}
	for _, batch := range []int{64, 512} {
		b.Run(fmt.Sprintf("batch%d", batch), func(b *testing.B) {
			benchGame(b, noise(b, 1, 1, batch, 2), noise(b, 2, 1, batch, 2), func(s *model.Scope, real, z *graph.Node) (d, g func() *graph.Node) {
				fake := network(s.At("g"), z, 2)
				d = func() *graph.Node {
					return loss.Discriminator(network(s.At("d"), real, 1), network(s.At("d"), graph.StopGradient(fake), 1))
				}
				return d, func() *graph.Node { return loss.NonSaturating(network(s.At("d"), fake, 1)) }
			})
		})
	}
}

// BenchmarkBlocks is layers of 3×3 with LeakyReLU between, forward and backward: batch, side, channels and layers.
//
//	go test ./ganlib/nn -run - -bench Blocks -benchtime 5x
func BenchmarkBlocks(b *testing.B) {
	for _, s := range []struct{ batch, side, channels, layers int }{{16, 16, 512, 3}, {8, 32, 512, 2}, {16, 32, 256, 4}} {
		b.Run(fmt.Sprintf("%d_%dx%d_%d_%d", s.batch, s.side, s.side, s.channels, s.layers), func(b *testing.B) {
			inputs := []any{noise(b, 1, 1, s.batch, s.side, s.side, s.channels)}
			for i := range s.layers {
				inputs = append(inputs, noise(b, uint64(2+i), math.Sqrt(2/float64(9*s.channels)), s.channels, 3, 3, s.channels))
			}
			exec, err := graph.NewExec(gantest.Backend(b), func(in []*graph.Node) []*graph.Node {
				x := in[0]
				for i, w := range in[1:] {
					if i > 0 {
						x = LeakyReLU(x, 0.2)
					}
					x = Convolve(x, w, SquareWindow(3, 1, Pad(1)))
				}
				l := graph.ReduceAllMean(graph.Square(x))
				return append([]*graph.Node{l}, graph.Gradient(l, in...)...)
			})
			if err != nil {
				b.Fatal(err)
			}
			defer exec.Finalize()
			timeSteps(b, func() {
				out, err := exec.Call(inputs...)
				if err != nil {
					b.Fatal(err)
				}
				for _, o := range out {
					o.FinalizeAll()
				}
			})
		})
	}
}

// BenchmarkCritic is one step of a WGAN-GP of 3×3 layers: D with its gradient penalty, differentiated twice, then G.
// From 4×4 on, each size has two layers.
//
//	go test ./ganlib/nn -run - -bench Critic -benchtime 5x
func BenchmarkCritic(b *testing.B) {
	const batch, channels = 16, 128
	same := func(s *model.Scope, x *graph.Node) *graph.Node {
		return LeakyReLU(Conv2D(s, x, Conv{Out: channels, Kernel: 3, Stride: 1, Pad: Pad(1), Bias: true}), 0.2)
	}
	point := func(s *model.Scope, x *graph.Node, out int) *graph.Node {
		return Conv2D(s, x, Conv{Out: out, Kernel: 1, Stride: 1, Bias: true})
	}
	for _, side := range []int{16, 32} {
		generate := func(s *model.Scope, z *graph.Node) *graph.Node {
			x := Dense(s.At("dense"), z, DenseOptions{Out: 4 * 4 * channels, Bias: true})
			x = LeakyReLU(graph.Reshape(x, batch, 4, 4, channels), 0.2)
			for size := 8; size <= side; size *= 2 {
				x = same(s.At("a%d", size), Upsample2D(x, 2))
				x = same(s.At("b%d", size), x)
			}
			return point(s.At("rgb"), x, 3)
		}
		critic := func(s *model.Scope, x *graph.Node) *graph.Node {
			x = LeakyReLU(point(s.At("rgb"), x, channels), 0.2)
			for size := side; size >= 8; size /= 2 {
				x = same(s.At("a%d", size), x)
				x = Downsample2D(same(s.At("b%d", size), x), 2)
			}
			return Dense(s.At("dense"), graph.Reshape(x, batch, 4*4*channels), DenseOptions{Out: 1, Bias: true})
		}
		b.Run(fmt.Sprintf("%dx%d", side, side), func(b *testing.B) {
			benchGame(b, noise(b, 1, 0.5, batch, side, side, 3), noise(b, 2, 1, batch, 128), func(s *model.Scope, real, z *graph.Node) (d, g func() *graph.Node) {
				fake := generate(s.At("g"), z)
				score := func(x *graph.Node) *graph.Node { return critic(s.At("d"), x) }
				d = func() *graph.Node {
					still := graph.StopGradient(fake)
					mixed := graph.Add(graph.MulScalar(real, 0.3), graph.MulScalar(still, 0.7))
					penalty := loss.GradientPenalty(score, mixed, 1)
					return graph.Add(loss.Critic(score(real), score(still)), graph.MulScalar(penalty, 10))
				}
				return d, func() *graph.Node { return loss.CriticGenerator(score(fake)) }
			})
		})
	}
}
