package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/features"
)

// featuresCmd looks after the nets whose features compare sets of images.
type featuresCmd struct {
	Train featuresTrainCmd `cmd:"" help:"Train a small classifier on a labelled set, for FID and KID on its features."`
}

type featuresTrainCmd struct {
	Set      string `arg:"" help:"Name of a set (see: data list), or a path to labelled images."`
	Size     int    `help:"Side of the images; default: that of the files." placeholder:"N"`
	Channels int    `help:"1 for grey, 3 for colour; default: as in the files." placeholder:"N"`
	Seed     int64  `help:"Master seed: the same one trains the same net." default:"999" placeholder:"N"`
	Out      string `help:"Folder for the weights and their record." default:"features" placeholder:"DIR"`
	Backend  string `help:"What computes." placeholder:"NAME"`
	JSON     bool   `help:"Print the record as JSON and nothing else."`
}

func (c *featuresTrainCmd) Run(a *app) error {
	if err := checkBackend(c.Backend); err != nil {
		return usage(err)
	}
	if err := checkDataFlag(c.Set); err != nil {
		return usage(err)
	}
	line := newConsole(a.err)
	train, test, err := c.open(a, line)
	if err != nil {
		return err
	}
	b, err := backend.New(c.Backend)
	if err != nil {
		return err
	}
	defer b.Finalize()
	line.Line("training on %s of %s (data %.12s)", plural(train.Len(), "image"), train.Name(), train.Hash())
	r, weights, err := features.Train(a.ctx, b, train, test, features.Options{Seed: c.Seed, Name: features.NameFor(c.name()), Progress: trainingProgress(line)})
	line.Clear()
	if err != nil {
		return err
	}
	path, err := r.Save(c.Out, weights)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(r)
	}
	fmt.Fprintf(a.out, "%s %.12s: %s; names %s of %s right that it was not trained on (%.2f %%)\n", r.Name, r.SHA256,
		plural(r.Architecture.Parameters(), "weight"), grouped(r.Test.Right), plural(r.Test.Images, "image"), 100*r.Test.Accuracy)
	fmt.Fprintf(a.out, "%s; use it with: %s fid RUN --features %[1]s\n", path, program)
	return nil
}

// name is the set's, or that of its file or folder.
func (c *featuresTrainCmd) name() string {
	base := filepath.Base(c.Set)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// open opens the training images and others to test with: the set's own, or a fifth drawn where it has none.
func (c *featuresTrainCmd) open(a *app, line *console) (train, test *data.Source, err error) {
	set, path := "", c.Set
	if _, err := os.Stat(c.Set); err != nil {
		if _, err := data.FindSet(c.Set); err == nil {
			set, path = c.Set, ""
		}
	}
	o := data.Options{Size: c.Size, Channels: c.Channels, Progress: preparing(line)}
	if train, err = data.Open(a.ctx, set, path, o); err != nil {
		return nil, nil, err
	}
	o.Split = "test"
	test, why := data.Open(a.ctx, set, path, o)
	line.Clear()
	if why == nil && test.Hash() != train.Hash() {
		return train, test, nil
	}
	if why == nil {
		why = fmt.Errorf("the set is one part")
	}
	line.Line("no test images apart (%v): trained on 80 %%, tested on the others, drawn by seed %d", why, c.Seed)
	return train.Divide(0.8, c.Seed)
}

// trainingProgress shows how far a training is.
func trainingProgress(line *console) func(done, total int, loss, rate float64) {
	begun := time.Now()
	return func(done, total int, loss, _ float64) {
		if now := time.Now(); line.Due(now) {
			left := now.Sub(begun).Seconds() / float64(done) * float64(total-done)
			line.Progress(now, fmt.Sprintf("step %s of %s, loss %.4f, %s left", grouped(done), grouped(total), loss, roughly(seconds(left))))
		}
	}
}
