package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots/sheet"
)

// criticConfig is the WGAN-GP (Gulrajani et al. 2017) by which lowerings are compared: a small net of 3×3 layers, so
// that the gradient penalty differentiates twice through every lowering that 3×3 layers have.
type criticConfig struct {
	Maps      int    `json:"maps"` // of the 32×32 layers; the smaller maps have twice as many
	BatchSize int    `json:"batch_size"`
	Images    int64  `json:"images"` // to show in all
	Seed      int64  `json:"seed"`
	Data      string `json:"data"` // path; "": synthetic faces
}

const (
	criticSide    = 32
	criticPenalty = 10 // λ
)

// game is the WGAN-GP with one critic step an iteration, as in progressive growing.
func (c criticConfig) game() *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "wgan-gp", Config: c, Image: ganlib.Image{Height: criticSide, Width: criticSide, Channels: 3}, Prior: ganlib.Normal(128),
		Generate:     c.generate,
		Discriminate: func(in ganlib.Inputs, x *Node) ganlib.Scores { return ganlib.Scores{Logits: c.criticise(in, x)} },
	}
	adam := ganlib.Adam{LearningRate: 2e-4, Beta1: 0, Beta2: 0.9, Epsilon: 1e-8}
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			critic := func(x *Node) *Node { return c.criticise(in, x) }
			fake := StopGradient(c.generate(in))
			u := in.Uniform(in.Real.Shape().Dimensions[0], 1, 1, 1)
			mixed := Add(in.Real, Mul(Sub(fake, in.Real), u))
			gap := loss.Critic(critic(in.Real), critic(fake))
			penalty := loss.GradientPenalty(critic, mixed, 1)
			return Add(gap, MulScalar(penalty, criticPenalty)), []ganlib.Term{
				{Name: "wasserstein", Value: Neg(gap)}, {Name: "penalty", Value: penalty}}
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, LatentOnly: true, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.CriticGenerator(c.criticise(in, c.generate(in))), nil
		}},
	}
	return gan
}

func conv3x3(s *model.Scope, x *Node, maps int, bias bool) *Node {
	return nn.Conv2D(s, x, nn.Conv{Out: maps, Kernel: 3, Stride: 1, Pad: nn.Pad(1), Bias: bias})
}

// generate goes from the latent over 4×4, 8×8 and 16×16 to the picture: doubled, convolved, normalised.
func (c criticConfig) generate(in ganlib.Inputs) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	norm := func(name string, x *Node) *Node {
		return nn.ReLU(nn.BatchNorm(s.At("bn%s", name), x, nn.BatchNormOptions{Mode: in.Mode, Rule: nn.TorchRule}))
	}
	x := Reshape(nn.Dense(s.At("dense"), in.Z, nn.DenseOptions{Out: 4 * 4 * 2 * c.Maps}), -1, 4, 4, 2*c.Maps)
	x = norm("4", x)
	for side, maps := 8, 2*c.Maps; side <= criticSide; side, maps = 2*side, c.Maps {
		name := fmt.Sprint(side)
		x = norm(name, conv3x3(s.At("conv%s", name), nn.Upsample2D(x, 2), maps, false))
	}
	return nn.Tanh(conv3x3(s.At("rgb"), x, 3, true))
}

// criticise is the critic, [B, 32, 32, 3] → [B, 1]: two layers at full size, then one at each size down to 8×8.
func (c criticConfig) criticise(in ganlib.Inputs, x *Node) *Node {
	s := in.Scope(ganlib.ScopeDiscriminator)
	x = nn.LeakyReLU(conv3x3(s.At("rgb"), x, c.Maps, true), 0.2)
	for side, maps := criticSide, c.Maps; side > 4; side, maps = side/2, 2*c.Maps {
		x = nn.LeakyReLU(conv3x3(s.At("conv%d", side), x, maps, true), 0.2)
		x = nn.Downsample2D(x, 2)
	}
	return nn.Dense(s.At("dense"), Reshape(x, -1, 4*4*2*c.Maps), nn.DenseOptions{Out: 1, Bias: true})
}

func (c criticConfig) source(ctx context.Context) (*data.Source, error) {
	return data.Open(ctx, "", c.Data, data.Options{Size: criticSide, Channels: 3, Seed: c.Seed})
}

// train begins a run in a folder, or goes on with the one given.
func (c criticConfig) train(ctx context.Context, out string, begun *runlog.Run, watch runlog.Sink) (err error) {
	b, err := backend.New("")
	if err != nil {
		return err
	}
	defer b.Finalize()
	src, err := c.source(ctx)
	if err != nil {
		return err
	}
	run, err := c.open(out, begun, src)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	trainer, err := train.New(b, c.game(), train.Options{
		Images: c.Images, BatchSize: c.BatchSize, Seed: c.Seed, SampleEvery: 500, Sheet: criticSheet,
		SnapshotEvery: time.Minute, Run: run, Watch: []runlog.Sink{watch},
	})
	if err != nil {
		return err
	}
	defer trainer.Close()
	if err := trainer.Run(ctx, src); err != nil {
		return err
	}
	return run.Finish("done", trainer.Timing().Values())
}

// open makes a new run in a folder, or opens the one begun for writing.
func (c criticConfig) open(out string, begun *runlog.Run, src *data.Source) (*runlog.Run, error) {
	if begun == nil {
		return runlog.Create(out, c.info(src))
	}
	return runlog.Resume(begun.Dir())
}

func criticSheet(pixels []float32, n, height, width, channels int) (image.Image, error) {
	return sheet.Draw(sheet.Batch{Pixels: pixels, N: n, Height: height, Width: width, Channels: channels}, sheet.Samples)
}

// info is the head of the run's record.
func (c criticConfig) info(src *data.Source) runlog.Info {
	config := backend.Config("")
	return runlog.Info{
		Experiment: "wgan-gp", Seed: c.Seed, Config: c, Backend: config, Lowering: nn.LoweringOf(config), Executors: backend.ExecutorsOf(config),
		Data: runlog.DataInfo{
			Name: src.Name(), Hash: src.Hash(), Official: src.Official(), Note: src.Note(),
			Images: src.Len(), Height: src.Height(), Width: src.Width(), Channels: src.Channels(),
		},
	}
}
