package nn

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// BenchmarkDCGAN is one training step of a DCGAN for 64×64 pictures: D on real and fake, Adam, D on the same fakes
// for G, Adam. It measures the layers alone: no data, no trainer.
//
//	go test ./ganlib/nn -run - -bench DCGAN -benchtime 10x
func BenchmarkDCGAN(b *testing.B) {
	for _, size := range []struct{ batch, width int }{{16, 16}, {16, 64}, {128, 64}} {
		b.Run(fmt.Sprintf("batch%d/width%d", size.batch, size.width), func(b *testing.B) {
			benchmarkStep(b, size.batch, size.width)
		})
	}
}

func benchmarkStep(b *testing.B, batch, width int) {
	generatorAdam := optimizer.Adam().LearningRate(2e-4).Betas(0.5, 0.999).Scope("adam_g").Done()
	discriminatorAdam := optimizer.Adam().LearningRate(2e-4).Betas(0.5, 0.999).Scope("adam_d").Done()
	store := model.NewStore()
	exec, err := model.NewExec(gantest.Backend(b), store, func(s *model.Scope, real, z *graph.Node) []*graph.Node {
		g := real.Graph()
		s.Store().SetTraining(g, true)
		fake := benchGenerator(s.At("g"), z, width)
		onReal, onFake := benchDiscriminator(s.At("d"), real, width), benchDiscriminator(s.At("d"), graph.StopGradient(fake), width)
		lossD := graph.Add(benchLoss(onReal, 1), benchLoss(onFake, 0))
		discriminatorAdam.UpdateGraph(s.Store().Scope("/d"), g, lossD)
		lossG := benchLoss(benchDiscriminator(s.At("d"), fake, width), 1)
		generatorAdam.UpdateGraph(s.Store().Scope("/g"), g, lossG)
		return []*graph.Node{lossD, lossG}
	})
	if err != nil {
		b.Fatal(err)
	}
	defer exec.Finalize()
	real, z := noise(b, 1, 0.5, batch, 64, 64, 3), noise(b, 2, 1, batch, 1, 1, 100)
	timeSteps(b, func() {
		if _, err := exec.Call(real, z); err != nil {
			b.Fatal(err)
		}
	})
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchGenerator(s *model.Scope, z *graph.Node, width int) *graph.Node {
	norm := BatchNormOptions{Mode: Training}
	x := ConvTranspose2D(s.At("conv1"), z, Conv{Out: 8 * width, Kernel: 4, Stride: 1, Init: Normal(0.02)})
	for i := 2; i <= 4; i++ {
		x = ReLU(BatchNorm(s.At("bn%d", i-1), x, norm))
		x = ConvTranspose2D(s.At("conv%d", i), x, Conv{Out: 8 * width >> (i - 1), Kernel: 4, Stride: 2, Pad: Pad(1), Init: Normal(0.02)})
	}
	x = ReLU(BatchNorm(s.At("bn4"), x, norm))
	return Tanh(ConvTranspose2D(s.At("conv5"), x, Conv{Out: 3, Kernel: 4, Stride: 2, Pad: Pad(1), Init: Normal(0.02)}))
}

func benchDiscriminator(s *model.Scope, x *graph.Node, width int) *graph.Node {
	x = LeakyReLU(Conv2D(s.At("conv1"), x, Conv{Out: width, Kernel: 4, Stride: 2, Pad: Pad(1), Init: Normal(0.02)}), 0.2)
	for i := 2; i <= 4; i++ {
		x = Conv2D(s.At("conv%d", i), x, Conv{Out: width << (i - 1), Kernel: 4, Stride: 2, Pad: Pad(1), Init: Normal(0.02)})
		x = LeakyReLU(BatchNorm(s.At("bn%d", i), x, BatchNormOptions{Mode: Training}), 0.2)
	}
	return Conv2D(s.At("conv5"), x, Conv{Out: 1, Kernel: 4, Stride: 1, Init: Normal(0.02)})
}

func benchLoss(logits *graph.Node, label float64) *graph.Node {
	l := graph.Log1P(graph.Exp(graph.Neg(graph.Abs(logits))))
	x := graph.Sub(graph.Max(logits, graph.ScalarZero(logits.Graph(), dtypes.Float32)), graph.MulScalar(logits, label))
	return graph.ReduceAllMean(graph.Add(x, l))
}

// BenchmarkAnoGAN is one iteration of the MNIST AnoGAN at batch 256: a step of D, then two of G.
//
//	go test ./ganlib/nn -run - -bench AnoGAN -benchtime 20x
func BenchmarkAnoGAN(b *testing.B) {
	const batch = 256
	adamG := optimizer.Adam().LearningRate(1e-3).Scope("adam_g").Done()
	adamD := optimizer.Adam().LearningRate(1e-3).Scope("adam_d").Done()
	store := model.NewStore()
	stepD, err := model.NewExec(gantest.Backend(b), store, func(s *model.Scope, real, z *graph.Node) *graph.Node {
		s.Store().SetTraining(z.Graph(), true)
		fake := graph.StopGradient(smallGenerator(s.At("g"), z))
		loss := graph.Add(benchLoss(smallDiscriminator(s.At("d"), real), 1), benchLoss(smallDiscriminator(s.At("d"), fake), 0))
		adamD.UpdateGraph(s.Store().Scope("/d"), z.Graph(), loss)
		return loss
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stepD.Finalize()
	stepG, err := model.NewExec(gantest.Backend(b), store, func(s *model.Scope, z *graph.Node) *graph.Node {
		s.Store().SetTraining(z.Graph(), true)
		loss := benchLoss(smallDiscriminator(s.At("d"), smallGenerator(s.At("g"), z)), 1)
		adamG.UpdateGraph(s.Store().Scope("/g"), z.Graph(), loss)
		return loss
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stepG.Finalize()
	real, z := noise(b, 1, 0.5, batch, 28, 28, 1), noise(b, 2, 1, batch, 50)
	timeSteps(b, func() {
		if _, err := stepD.Call(real, z); err != nil {
			b.Fatal(err)
		}
		for range 2 {
			if _, err := stepG.Call(z); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func smallGenerator(s *model.Scope, z *graph.Node) *graph.Node {
	norm := BatchNormOptions{Mode: Training, Rule: TF1Fused}
	x := Dense(s.At("dense"), z, DenseOptions{Out: 7 * 7 * 32, Bias: true, Init: GlorotUniform})
	x = LeakyReLU(BatchNorm(s.At("bn1"), graph.Reshape(x, -1, 7, 7, 32), norm), 0.2)
	for i, size := range []int{14, 28} {
		conv := Conv{Out: 16 >> i, Kernel: 3, Stride: 2, Pad: SamePadding(size, size, 3, 2), Bias: true, Init: GlorotUniform}
		x = LeakyReLU(BatchNorm(s.At("bn%d", i+2), ConvTranspose2D(s.At("conv%d", i+2), x, conv), norm), 0.2)
	}
	return Tanh(ConvTranspose2D(s.At("conv4"), x, Conv{Out: 1, Kernel: 3, Stride: 1, Pad: Pad(1), Bias: true, Init: GlorotUniform}))
}

func smallDiscriminator(s *model.Scope, x *graph.Node) *graph.Node {
	for i, size := range []int{28, 14} {
		conv := Conv{Out: 16 << i, Kernel: 3, Stride: 2, Pad: SamePadding(size, size, 3, 2), Bias: true, Init: GlorotUniform}
		x = LeakyReLU(Conv2D(s.At("conv%d", i+1), x, conv), 0.2)
	}
	return Dense(s.At("dense"), graph.Reshape(x, -1, 7*7*32), DenseOptions{Out: 1, Bias: true, Init: GlorotUniform})
}
