package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/plots"
)

// compareCmd puts runs side by side.
type compareCmd struct {
	Runs      compareRunsCmd      `cmd:"" default:"withargs" help:"Statistics and sample sheets of runs side by side."`
	Lowerings compareLoweringsCmd `cmd:"" help:"Train the same nets under each lowering and compare: does the fast one hurt? Hours."`
}

type compareRunsCmd struct {
	Names    []string `arg:"" name:"run" help:"Two or more runs: folders, names or numbers."`
	Runs     string   `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
	Series   []string `help:"Only these series, such as D/loss,G/loss." placeholder:"NAME"`
	Parts    int      `help:"Parts into which the iterations are cut." default:"3" placeholder:"N"`
	First    int      `help:"Also: how far the runs are from the first one in so many first iterations." placeholder:"N"`
	Distance int      `help:"Also: the sliced Wasserstein distance between so many pictures of each run, and to its data." placeholder:"N"`
	Image    string   `help:"File for the newest sample sheets that all runs have, side by side." default:"compare.png" placeholder:"FILE"`
	Backend  string   `help:"What draws the pictures." placeholder:"NAME"`
}

func (c *compareRunsCmd) Run(a *app) error {
	members, err := c.members()
	if err != nil {
		return err
	}
	known := commonSeries(members)
	for _, name := range c.Series {
		if !slices.Contains(known, name) {
			return usagef("--series %s: the runs have %s in common", name, strings.Join(known, ", "))
		}
	}
	if len(c.Series) == 0 {
		c.Series = known
	}
	if err := c.tables(members).print(a.out); err != nil {
		return err
	}
	if c.Distance > 0 {
		t, err := distanceTable(a.ctx, members, c.Distance, c.pictures)
		if err != nil {
			return err
		}
		if err := t.print(a.out); err != nil {
			return err
		}
	}
	sheet, err := joinSheets(members)
	if err != nil {
		return err
	}
	if err := plots.WritePNG(c.Image, sheet); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, c.Image)
	return err
}

// tables are those that need the runs' records alone.
func (c *compareRunsCmd) tables(members []member) tables {
	t := tables{statisticsTable(members, c.Series, c.Parts)}
	if c.First > 0 {
		t = append(t, firstStepsTable(members, c.Series, c.First))
	}
	return t
}

func (c *compareRunsCmd) members() ([]member, error) {
	switch {
	case len(c.Names) < 2:
		return nil, usagef("only %s; name at least two to compare", plural(len(c.Names), "run"))
	case c.Parts < 1:
		return nil, usagef("--parts %d: it must be at least 1", c.Parts)
	case c.First < 0:
		return nil, usagef("--first %d: it must not be negative", c.First)
	case c.Distance < 0 || c.Distance > mostPictures:
		return nil, usagef("--distance %d: it must be from 1 to %d pictures, or 0 for none", c.Distance, mostPictures)
	}
	if err := checkBackend(c.Backend); err != nil {
		return nil, usage(err)
	}
	var members []member
	for _, name := range c.Names {
		dir, err := runArg{Name: name, Runs: c.Runs}.find()
		if err != nil {
			return nil, usage(err)
		}
		m, err := openMember("", dir)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	label(members)
	return members, nil
}

// pictures draws n pictures of the newest snapshot of a run, and takes 2n real ones.
func (c *compareRunsCmd) pictures(ctx context.Context, run *runlog.Run, n int) (fake, real []float32, err error) {
	opened, err := experiments.OpenOn(run.Dir(), c.Backend)
	if err != nil {
		return nil, nil, err
	}
	defer opened.Close()
	src, err := opened.Data(ctx)
	if err != nil {
		return nil, nil, err
	}
	fake, err = inBatches(opened.Latents(n, 1), n, opened.Generate)
	if err != nil {
		return nil, nil, err
	}
	real, err = realPictures(src, n)
	return fake, real, err
}
