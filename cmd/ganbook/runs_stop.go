package main

import (
	"errors"
	"fmt"

	"github.com/ganbook/ganbook/kernelext/jobs"
)

type runsStopCmd struct {
	Name string `arg:"" name:"run" help:"A run: its folder, its name or its number, or the name a notebook detached it by."`
	Runs string `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
}

func (c *runsStopCmd) Run(a *app) error {
	if c.Name == "" {
		return usagef("name the run to stop")
	}
	t, err := jobs.Look(c.Runs, c.Name)
	if err != nil {
		return usage(err)
	}
	if t.Running() {
		fmt.Fprintf(a.err, "stopping %s: it finishes its iteration and saves\n", t.Name())
	}
	if err := t.Stop(a.ctx); errors.Is(err, jobs.ErrNotRunning) {
		return usage(err)
	} else if err != nil {
		return err
	}
	images, saved := t.Saved()
	if !saved {
		fmt.Fprintf(a.out, "%s has ended (%s); it has no snapshot\n", t.Name(), t.Status())
		return nil
	}
	fmt.Fprintf(a.out, "%s has ended (%s); its newest snapshot is that after %s\n", t.Name(), t.Status(), plural(int(images), "image"))
	fmt.Fprintf(a.out, "go on: %s resume %s\n", program, t.Dir)
	return nil
}
