package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/ganbook/ganbook/ganlib/data/download"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/experiments/figures"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
)

// runCmd trains an experiment from its beginning.
type runCmd struct {
	Experiment string       `arg:"" help:"Which one: dcgan, dcgan/radford2015 … (see: list)."`
	Settings   settingFlags `embed:""`
	Data       string       `help:"Folder, archive or file of images, or the name of a set (see: data list). Without it: the experiment's own, synthetic faces or MNIST." placeholder:"PATH"`
	Out        string       `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
	Yes        bool         `help:"Accept the terms of a set that has to be downloaded."`
	memoryFlag
	JSON bool `help:"Print one JSON object per line and nothing else."`
}

// memoryFlag is for commands that train.
type memoryFlag struct {
	IgnoreMemory bool `help:"Train even if this machine has less memory than the training is estimated to need."`
}

// settingFlags are the wishes that change an experiment.
type settingFlags struct {
	Scale     string            `help:"How much of the document's experiment: full, lecture (minutes) or smoke (seconds)." default:"lecture"`
	Seed      *int64            `help:"Master seed of all random numbers; default 999." placeholder:"N"`
	Backend   string            `help:"What computes: go, go:num_executors=4, xla:cuda …" placeholder:"NAME"`
	Precision string            `help:"Of products on a GPU: tf32 (the default, factors of 10 bits) or f32; elsewhere it is f32." placeholder:"NAME"`
	Batch     *int              `help:"Images in a batch." placeholder:"N"`
	Width     *int              `help:"Maps of both networks (ngf, ndf)." placeholder:"N"`
	ImageSize *int              `help:"Side of the images: 32, 64, 128." placeholder:"N"`
	Epochs    *int              `help:"Passes over the images." placeholder:"N"`
	Images    *int64            `help:"Images to show, instead of epochs." placeholder:"N"`
	Set       map[string]string `help:"Any setting by its name in the document, such as lr=0.0001 or real_label=0.9." placeholder:"KEY=VALUE"`
}

func (c *runCmd) Run(a *app) error {
	o, err := c.Settings.options(c.Experiment)
	if err != nil {
		return usage(err)
	}
	if err := checkDataFlag(c.Data); err != nil {
		return usage(err)
	}
	v := newView(a, c.JSON)
	consent := terms{a: a, yes: c.Yes}
	o.Data, o.Out, o.Log, o.Watch = c.Data, c.Out, v.console, v.watch
	o.Progress, o.Figures, o.IgnoreMemory = preparing(v.console), figures.Draw, c.IgnoreMemory
	o.Download = func(ctx context.Context, set string) error {
		return download.Get(ctx, set, "", downloading(v.console), consent.accept)
	}
	o.Command = strings.Join(append([]string{"ganbook"}, a.args...), " ")
	run, err := experiments.Train(a.ctx, c.Experiment, o)
	return consent.explain(v.end(run, err))
}

// options checks the wishes before anything is opened, so that a mistyped one costs nothing.
func (f settingFlags) options(id string) (o experiments.Options, err error) {
	if _, err := experiments.Find(id); err != nil {
		return o, err
	}
	if o.Scale, err = experiments.ParseScale(f.Scale); err != nil {
		return o, err
	}
	for _, n := range []struct {
		flag string
		wish *int
		to   *int
	}{
		{"batch", f.Batch, &o.Batch}, {"width", f.Width, &o.Width},
		{"image-size", f.ImageSize, &o.ImageSize}, {"epochs", f.Epochs, &o.Epochs},
	} {
		if n.wish == nil {
			continue
		}
		if *n.wish < 1 {
			return o, fmt.Errorf("--%s %d: it must be at least 1", n.flag, *n.wish)
		}
		*n.to = *n.wish
	}
	if f.Images != nil {
		if *f.Images < 1 {
			return o, fmt.Errorf("--images %d: it must be at least 1", *f.Images)
		}
		o.Images = *f.Images
	}
	o.Seed, o.Set = f.Seed, f.Set
	if o.Backend, err = chooseBackend(f.Backend, f.Precision); err != nil {
		return o, err
	}
	return o, experiments.Check(id, o)
}

// end tells how a training went and where its results lie.
func (v *view) end(run *runlog.Run, err error) error {
	v.console.Clear()
	if run == nil {
		return err
	}
	if v.json {
		return errors.Join(err, v.emit(endEvent(run, err)))
	}
	switch {
	case err == nil:
		v.done(run)
	case experiments.Stopped(err):
		v.console.Line("stopped after %s; a snapshot is kept", plural(int(v.images), "image"))
		v.console.Line("go on with: %s resume %s", program, run.Dir())
		return &reported{err}
	default:
		v.console.Line("the run's record is in %s", run.Dir())
		switch {
		case resumable(run, err):
			v.console.Line("from its last snapshot: %s resume %s", program, run.Dir())
		case len(run.Snapshots()) > 0:
			v.console.Line("pictures from its last snapshot: %s generate %s", program, run.Dir())
		}
	}
	return err
}

// resumable says whether a run that ended so can be gone on with: it has a snapshot, and did not diverge, as it would
// again, to the bit.
func resumable(run *runlog.Run, err error) bool {
	var diverged *train.Diverged
	return len(run.Snapshots()) > 0 && !errors.As(err, &diverged)
}

func (v *view) done(run *runlog.Run) {
	v.console.Line("done: %s in %s (%.1f a second)", plural(int(v.images), "image"), roughly(v.spent()), v.perSecond())
	v.console.Line("run folder: %s", run.Dir())
	for _, f := range figureFiles(run) {
		v.console.Line("figure:     %s", f)
	}
	v.console.Line("new pictures: %s generate %s", program, run.Dir())
}

// figureFiles lists the files of a run's figures.
func figureFiles(run *runlog.Run) []string {
	found, _ := filepath.Glob(filepath.Join(run.Dir(), figures.Dir, "*"))
	sort.Strings(found)
	return found
}
