package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
)

// pipelineRow is what one part of a training around its steps costs.
type pipelineRow struct {
	What     string  `json:"what"`
	Unit     string  `json:"unit"` // "s", "%" or "MB" (10⁶ bytes)
	Median   float64 `json:"median"`
	Minimum  float64 `json:"minimum"`
	Maximum  float64 `json:"maximum"`
	Measured int     `json:"measured"` // how often
	Detail   string  `json:"detail"`
	Load     string  `json:"load_average"`
}

func newRow(what, unit, detail string, values ...float64) pipelineRow {
	return pipelineRow{
		What: what, Unit: unit, Median: median(values), Minimum: slices.Min(values), Maximum: slices.Max(values),
		Measured: len(values), Detail: detail, Load: loadAverage(),
	}
}

// pipeline measures what is around the steps. Everything it makes lies in a temporary folder: runs, and the cache of
// prepared images, which is empty at first.
func (c *benchCmd) pipeline(a *app) error {
	batch, width, err := parseWork(c.Work[0])
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
	for _, measure := range []func(context.Context) ([]pipelineRow, error){p.prepare, p.starts, p.training} {
		rows, err := measure(a.ctx)
		if err != nil {
			return fmt.Errorf("bench: pipeline: %w", err)
		}
		p.rows = append(p.rows, rows...)
	}
	return c.printPipeline(a.out, p.rows)
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
	rows         []pipelineRow
}

const pipelineSide = 64 // of the images, in pixels

// prepare opens the images: decoded into the empty cache, then from it. The files themselves may be in the system's
// memory already.
func (p *pipeline) prepare(ctx context.Context) (rows []pipelineRow, err error) {
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

func (c *benchCmd) printPipeline(w io.Writer, rows []pipelineRow) error {
	if c.JSON {
		encoder := json.NewEncoder(w)
		for _, r := range rows {
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tmedian\tmin\tmax\tunit\tmeasured\tdetail\tload")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.3f\t%s\t%d\t%s\t%s\n",
			r.What, r.Median, r.Minimum, r.Maximum, r.Unit, r.Measured, r.Detail, r.Load)
	}
	return table.Flush()
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
