package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/features"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/train"
)

// fidCmd says how far a run's samples are from real images, in the features of a named net, and what real images are
// from each other.
type fidCmd struct {
	runArg
	Features string `help:"File of the net: a classifier (see: features train) or Inception as safetensors with the names of pytorch-fid. Without it: the net that comes with ganbook for the run's set." placeholder:"FILE"`
	Data     string `help:"Images to compare with instead of those of the run: a path or the name of a set." placeholder:"PATH"`
	Images   int    `help:"Samples, and real images, at most. FID depends on the number." default:"10000" placeholder:"N"`
	Seed     int64  `help:"Of the latents and of the choice of images." default:"1" placeholder:"N"`
	Mode     string `help:"Batch norm of the generator: ${enum}." enum:"inference,batch" default:"inference"`
	Best     bool   `help:"From the snapshot at which D told real and fake least apart, instead of the newest."`
	Subsets  int    `help:"Subsets of which KID is the mean." default:"100" placeholder:"N"`
	Backend  string `help:"What computes." placeholder:"NAME"`
	JSON     bool   `help:"Print one JSON object per line and nothing else."`
}

func (c *fidCmd) Run(a *app) error {
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	if err := c.check(); err != nil {
		return usage(err)
	}
	run, err := openSnapshot(dir, c.Backend, c.Best)
	if err != nil {
		return err
	}
	defer run.Close()
	m := &fidMeasure{cmd: c, app: a, run: run, console: newConsole(a.err)}
	if m.real, m.held, err = m.open(); err != nil {
		return err
	}
	b, err := backend.New(c.Backend)
	if err != nil {
		return err
	}
	defer b.Finalize()
	if m.net, err = features.Find(b, c.Features, m.set()); err != nil {
		return err
	}
	defer m.net.Close()
	if err := m.net.Accepts(m.real.Height(), m.real.Width(), m.real.Channels()); err != nil {
		return err
	}
	rows, err := m.rows()
	m.console.Clear()
	if err != nil {
		return err
	}
	return m.print(rows)
}

func (c *fidCmd) check() error {
	switch {
	case c.Images < 4:
		return fmt.Errorf("--images %d: it must be at least 4", c.Images)
	case c.Subsets < 2 || c.Subsets > mostPictures:
		return fmt.Errorf("--subsets %d: it must be from 2 to %d", c.Subsets, mostPictures)
	}
	if err := checkDataFlag(c.Data); err != nil {
		return err
	}
	return checkBackend(c.Backend)
}

// fidMeasure is a measurement on its way.
type fidMeasure struct {
	cmd        *fidCmd
	app        *app
	run        *experiments.Opened
	real, held fidImages // what the run was trained on, and what not; held may be empty
	net        features.Net
	console    *console
}

// fidImages are real images, in a row's words.
type fidImages struct {
	*data.Source        // nil: there are none
	name         string // "training images"
	which        string // which images these are
}

// open opens the images to compare with. A set of which everything was trained on has no held-out images.
func (m *fidMeasure) open() (real, held fidImages, err error) {
	ctx := m.app.ctx
	if m.cmd.Data == "" {
		real.name, real.which = "training images", "what the run was trained on"
		if real.Source, err = m.run.Trained(ctx); err != nil {
			return real, held, err
		}
		held.name, held.which = "held-out images", m.run.HeldOutWords()
		held.Source, err = m.run.HeldOut(ctx)
	} else {
		real.name, real.which = "given images", "what --data names, whatever the run was trained on"
		held.name, held.which = "given test images", "the test images of what --data names"
		set, path := m.cmd.Data, ""
		if _, absent := os.Stat(m.cmd.Data); absent == nil {
			set, path = "", m.cmd.Data
		}
		d := m.run.Settings.Data
		o := data.Options{Size: d.Size, Channels: d.Channels, Values: d.Values, Progress: preparing(m.console)}
		if real.Source, err = data.Open(ctx, set, path, o); err != nil {
			return real, held, err
		}
		o.Split = "test"
		if held.Source, err = data.Open(ctx, set, path, o); err == nil && held.Hash() == real.Hash() {
			err = fmt.Errorf("%s is one part", real.Name())
		}
	}
	if err == nil && held.Len() < 2 {
		err = fmt.Errorf("%s is a single image", held.Name())
	}
	if err != nil {
		m.console.Line("no %s: %v", held.name, err)
		held.Source = nil
	}
	return real, held, nil
}

// set is the name of the data set, without what was chosen of it.
func (m *fidMeasure) set() string {
	name, _, _ := strings.Cut(m.real.Name(), " ")
	return name
}

// points are the features of n images of a source.
func (m *fidMeasure) points(what string, src *data.Source) (eval.Points, error) {
	begun := time.Now()
	return m.net.Extract(m.app.ctx, src, func(done int) {
		if now := time.Now(); done < src.Len() && m.console.Due(now) {
			rate := float64(done) / now.Sub(begun).Seconds()
			m.console.Progress(now, fmt.Sprintf("features of %s: %s of %s, %s left", what, grouped(done), grouped(src.Len()), roughly(seconds(float64(src.Len()-done)/rate))))
		}
	})
}

// chosen are the features of n images at random, from a stream of a name.
func (m *fidMeasure) chosen(stream string, of fidImages, n int) (eval.Points, error) {
	some, err := of.Subset(seed.Rand(m.cmd.Seed, "fid/"+stream).Perm(of.Len())[:n])
	if err != nil {
		return eval.Points{}, err
	}
	return m.points(of.name, some)
}

// Pictures drawn at once: for the statistics of a batch as many as a sample sheet has.
const (
	samplesTogether = 200
	sheetTogether   = 64
)

// samples draws n pictures, as bytes, which is what real images are. All batches have one size.
func (m *fidMeasure) samples(n int) (*data.Source, error) {
	mode, together := func(in ganlib.Inputs) ganlib.Inputs { return train.RunningAverages(in) }, samplesTogether
	if m.cmd.Mode == "batch" {
		mode, together = train.BatchStatistics, sheetTogether
	}
	whole := (n + together - 1) / together * together
	z := m.run.Latents(whole, m.cmd.Seed)
	size := len(z) / whole
	var pixels []byte
	var shape []int
	for at := 0; at < whole; at += together {
		if err := m.app.ctx.Err(); err != nil {
			return nil, err
		}
		drawn, d, err := m.run.Generate(z[at*size:(at+together)*size], mode)
		if err != nil {
			return nil, err
		}
		for i, v := range drawn {
			if !(v >= -1.001 && v <= 1.001) { // NaN, too
				return nil, fmt.Errorf("fid: %s draws a pixel of %v in picture %d; take an earlier snapshot", m.run.Run.Dir(), v, at+i/(len(drawn)/together))
			}
			pixels = append(pixels, byte(max(0, min(255, 127.5*(v+1)+0.5))))
		}
		shape = d[1:]
		if now := time.Now(); m.console.Due(now) {
			m.console.Progress(now, fmt.Sprintf("samples: %s of %s", grouped(at+together), grouped(whole)))
		}
	}
	return data.New("samples", pixels[:n*shape[0]*shape[1]*shape[2]], shape[0], shape[1], shape[2], nil)
}
