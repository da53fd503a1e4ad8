package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/ganlib/data"
)

// pipeline measures what is around the steps. Everything it makes lies in a temporary folder: runs, and the cache of
// prepared images, which is empty at first.
func (c *benchCmd) pipeline(a *app) error {
	batch, width, err := c.pipelineWork()
	if err != nil {
		return usage(err)
	}
	dir, err := os.MkdirTemp("", "ganbook-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := &pipeline{dir: dir, batch: batch, width: width, rounds: c.Rounds, length: seconds(c.Seconds), images: c.Data}
	if c.Data != "" {
		defer inCache(filepath.Join(dir, "cache"))()
	}
	for _, measure := range []func(context.Context) ([]measurement, error){p.prepare, p.starts, p.training} {
		rows, err := measure(a.ctx)
		if err != nil {
			return fmt.Errorf("bench data: %w", err)
		}
		p.rows = append(p.rows, rows...)
	}
	return c.printRows(a.out, p.rows)
}

// pipelineWork is the batch and width of the training that is watched: --work has one DCGAN.
func (c *benchCmd) pipelineWork() (batch, width int, err error) {
	if len(c.Work) == 0 {
		c.Work = []string{"dcgan:16:64"}
	}
	w, err := work.Parse(c.Work[0])
	if err != nil {
		return 0, 0, err
	}
	if len(c.Work) > 1 || w.Family() != "dcgan" {
		return 0, 0, fmt.Errorf("--work %v: the suite data watches one DCGAN, such as dcgan:16:64", c.Work)
	}
	return w.Batch(), w.Number("width"), nil
}

// inCache makes this process and its children keep prepared images in another folder, until the returned function is
// called.
func inCache(dir string) (restore func()) {
	const variable = "GANBOOK_CACHE"
	was, set := os.LookupEnv(variable)
	os.Setenv(variable, dir)
	return func() {
		if set {
			os.Setenv(variable, was)
		} else {
			os.Unsetenv(variable)
		}
	}
}

// pipeline is one measurement in progress.
type pipeline struct {
	dir          string
	batch, width int
	rounds       int
	length       time.Duration // of the training that is watched
	images       string        // "": synthetic faces
	source       *data.Source
	rows         []measurement
}

const pipelineSide = 64 // of the images, in pixels

// prepare opens the images: decoded into the empty cache, then from it. The files themselves may be in the system's
// memory already.
func (p *pipeline) prepare(ctx context.Context) (rows []measurement, err error) {
	o := data.Options{Size: pipelineSide, Channels: 3, Seed: 999}
	if p.images == "" {
		p.source = data.Faces(64*p.batch, pipelineSide, 999)
		return nil, nil
	}
	open := func() (float64, error) {
		began := time.Now()
		p.source, err = data.Open(ctx, "", p.images, o)
		return time.Since(began).Seconds(), err
	}
	first, err := open()
	if err != nil {
		return nil, err
	}
	detail := plural(p.source.Len(), "image") + " into an empty cache"
	rows = append(rows, newRow("prepare the images", "s", detail, first))
	var again []float64
	for range p.rounds {
		s, err := open()
		if err != nil {
			return nil, err
		}
		again = append(again, s)
	}
	return append(rows, newRow("open them again", "s", "from the cache", again...)), nil
}

// sizeOf adds up the files of a folder, in MB.
func sizeOf(dir string) (megabytes float64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			megabytes += float64(info.Size()) / 1e6
		}
		return err
	})
	return megabytes, err
}
