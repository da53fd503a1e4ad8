package main

import (
	"context"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/train"
)

// dcganTrial is the practice's DCGAN, as `run dcgan --scale full` trains it.
func (c *compareLoweringsCmd) dcganTrial(a *app) trial {
	images := int64(c.Steps) * int64(c.Batch)
	options := func(l leg, out string) experiments.Options {
		return experiments.Options{
			Scale: experiments.Full, Data: c.Faces, Out: out, Seed: &l.seed, Batch: c.Batch, Width: c.Width, Images: images, Log: a.err,
			Watch: func(*runlog.Run, experiments.Settings) []runlog.Sink { return []runlog.Sink{&lines{a: a}} },
		}
	}
	return trial{
		name:   "dcgan",
		images: images,
		series: []string{"D/loss", "G/loss", dcgan.RealScore, dcgan.FakeBefore, dcgan.FakeAfter},
		train: func(ctx context.Context, l leg, out string, begun *runlog.Run) (err error) {
			if begun == nil {
				_, err = experiments.Train(ctx, "dcgan", options(l, out))
				return err
			}
			_, err = experiments.Resume(ctx, begun.Dir(), options(l, out))
			return err
		},
		draw: (&compareRunsCmd{}).pictures,
	}
}

// criticTrial is the WGAN-GP of [criticConfig].
func (c *compareLoweringsCmd) criticTrial(a *app) trial {
	batch := c.Batch / 2
	images := int64(c.Steps) * int64(batch)
	return trial{
		name:   "wgan-gp",
		images: images,
		series: []string{"wasserstein", "penalty", "D/loss", "G/loss", "D/gradient"},
		train: func(ctx context.Context, l leg, out string, begun *runlog.Run) error {
			config := criticConfig{Maps: c.Width, BatchSize: batch, Images: images, Seed: l.seed, Data: c.Pictures}
			return config.train(ctx, out, begun, &lines{a: a})
		},
		draw: criticPictures,
	}
}

// criticPictures draws n pictures of the newest snapshot of a run, and takes 2n real ones.
func criticPictures(ctx context.Context, run *runlog.Run, n int) (fake, real []float32, err error) {
	var c criticConfig
	if err := run.Info().DecodeConfig(&c); err != nil {
		return nil, nil, err
	}
	src, err := c.source(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := backend.New("")
	if err != nil {
		return nil, nil, err
	}
	defer b.Finalize()
	store, gan := ganlib.NewStore(c.Seed), c.game()
	if _, err := train.Load(run, store); err != nil {
		return nil, nil, err
	}
	z := gan.Prior.Sample(seed.Rand(1, "generate"), n)
	fake, err = inBatches(z, n, func(z []float32, mode func(ganlib.Inputs) ganlib.Inputs) ([]float32, []int, error) {
		return train.Generate(b, store, gan, ganlib.Constant{}.At(0), mode, z)
	})
	if err != nil {
		return nil, nil, err
	}
	real, err = realPictures(src, n)
	return fake, real, err
}
