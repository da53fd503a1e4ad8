package main

import (
	"fmt"
	"image/gif"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

// generateCmd draws new pictures from the newest whole snapshot of a run, or from the best, which may still be training.
type generateCmd struct {
	runArg
	Kind    string `help:"What to draw: ${enum}." enum:"grid,images,walk" default:"grid"`
	Count   int    `help:"Pictures of a grid, or single pictures." default:"64" placeholder:"N"`
	Walk    string `help:"Way through the latent space: ${enum}. A spherical walk keeps the length of z, where the prior has its mass." enum:"linear,spherical" default:"spherical"`
	Frames  int    `help:"Pictures of a walk, both ends included." default:"10" placeholder:"N"`
	Seed    int64  `help:"Seed of the latents: the same one draws the same pictures." default:"1" placeholder:"N"`
	Mode    string `help:"Batch norm: ${enum}. With batch statistics, as in training, a picture depends on its neighbours; in inference it does not." enum:"batch,inference" default:"batch"`
	Best    bool   `help:"From the snapshot at which D told real and fake least apart, instead of the newest. That is no measure of quality."`
	Out     string `help:"Folder for the pictures; default: generated, in the run's folder." placeholder:"DIR"`
	Backend string `help:"What computes." placeholder:"NAME"`
}

func (c *generateCmd) Run(a *app) error {
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	if err := c.check(); err != nil {
		return usage(err)
	}
	opened, err := openSnapshot(dir, c.Backend, c.Best)
	if err != nil {
		return err
	}
	defer opened.Close()
	if c.Out == "" {
		c.Out = filepath.Join(dir, "generated")
	}
	files, err := c.draw(opened)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "from the snapshot at %s shown\n", plural(int(opened.State.Images), "image"))
	for _, f := range files {
		fmt.Fprintln(a.out, f)
	}
	return nil
}

// openSnapshot opens a run at its newest whole snapshot, or at the best.
func openSnapshot(dir, backend string, best bool) (*experiments.Opened, error) {
	if best {
		return experiments.OpenBest(dir, backend)
	}
	return experiments.OpenOn(dir, backend)
}

// Limits that keep a mistyped number from filling the memory.
const mostPictures = 10_000

func (c *generateCmd) check() error {
	switch {
	case c.Count < 1 || c.Count > mostPictures:
		return fmt.Errorf("--count %d: it must be from 1 to %d", c.Count, mostPictures)
	case c.Kind == "walk" && (c.Frames < 2 || c.Frames > mostPictures):
		return fmt.Errorf("--frames %d: it must be from 2 to %d", c.Frames, mostPictures)
	}
	return checkBackend(c.Backend)
}

func (c *generateCmd) mode() func(ganlib.Inputs) ganlib.Inputs {
	if c.Mode == "inference" {
		return train.RunningAverages
	}
	return train.BatchStatistics
}

// draw makes the pictures and returns their files.
func (c *generateCmd) draw(o *experiments.Opened) ([]string, error) {
	switch c.Kind {
	case "walk":
		return c.walk(o)
	case "images":
		return c.images(o)
	}
	sheet, err := o.Sheet(o.Latents(c.Count, c.Seed), c.mode())
	if err != nil {
		return nil, err
	}
	file := c.file("grid", ".png")
	return []string{file}, plots.WritePNG(file, sheet)
}

// file names a picture after its kind and seed.
func (c *generateCmd) file(kind, suffix string) string {
	return filepath.Join(c.Out, fmt.Sprintf("%s-%d%s", kind, c.Seed, suffix))
}

func (c *generateCmd) images(o *experiments.Opened) (files []string, err error) {
	b, err := c.pictures(o, o.Latents(c.Count, c.Seed))
	if err != nil {
		return nil, err
	}
	for i := range b.N {
		img, err := sheet.Picture(one(b, i), b.Height, b.Width, b.Channels)
		if err != nil {
			return nil, err
		}
		file := c.file("image", fmt.Sprintf("-%04d.png", i))
		if err := plots.WritePNG(file, img); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// walk draws the way between two latents as a strip and as an animation that goes there and back.
func (c *generateCmd) walk(o *experiments.Opened) ([]string, error) {
	ends := o.Latents(2, c.Seed)
	size := len(ends) / 2
	b, err := c.pictures(o, experiments.Walk(ends[:size], ends[size:], c.Frames, c.Walk == "spherical"))
	if err != nil {
		return nil, err
	}
	strip, err := plots.LatentWalk(b)
	if err != nil {
		return nil, err
	}
	files := []string{c.file("walk-"+c.Walk, ".png"), c.file("walk-"+c.Walk, ".gif")}
	if err := plots.WritePNG(files[0], strip); err != nil {
		return nil, err
	}
	animation, err := thereAndBack(b)
	if err != nil {
		return nil, err
	}
	return files, plots.WriteGIF(files[1], animation)
}

// Side of an animation's pictures, about, and its pace in hundredths of a second.
const (
	walkSide = 256
	walkPace = 10
)

func thereAndBack(b sheet.Batch) (*gif.GIF, error) {
	var g gif.GIF
	for i := range b.N {
		img, err := sheet.Picture(one(b, i), b.Height, b.Width, b.Channels)
		if err != nil {
			return nil, err
		}
		g.Image = append(g.Image, plots.Quantise(plots.Enlarge(img, max(1, walkSide/b.Height))))
		g.Delay = append(g.Delay, walkPace)
	}
	for i := b.N - 2; i > 0; i-- {
		g.Image = append(g.Image, g.Image[i])
		g.Delay = append(g.Delay, walkPace)
	}
	return &g, nil
}

// pictures shows latents to the generator.
func (c *generateCmd) pictures(o *experiments.Opened, z []float32) (sheet.Batch, error) {
	pixels, d, err := o.Generate(z, c.mode())
	if err != nil {
		return sheet.Batch{}, err
	}
	return sheet.Batch{Pixels: pixels, N: d[0], Height: d[1], Width: d[2], Channels: d[3]}, nil
}

// one is the pixels of picture i.
func one(b sheet.Batch, i int) []float32 {
	size := b.Height * b.Width * b.Channels
	return b.Pixels[i*size : (i+1)*size]
}
