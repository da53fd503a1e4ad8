package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/experiments/figures"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// resumeCmd goes on with a run from its newest whole snapshot.
type resumeCmd struct {
	runArg
	memoryFlag
	Images    *int64 `help:"Images to show in all, more than the run was to show at first." placeholder:"N"`
	Data      string `help:"Where the run's images lie now, if they were moved." placeholder:"PATH"`
	Backend   string `help:"What computes; default: what the run began with." placeholder:"NAME"`
	Precision string `help:"Of products on a GPU, tf32 or f32; default: what the run began with." placeholder:"NAME"`
	JSON      bool   `help:"Print one JSON object per line and nothing else."`
}

func (c *resumeCmd) Run(a *app) error {
	if c.Images != nil && *c.Images < 1 {
		return usagef("--images %d: it must be at least 1", *c.Images)
	}
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	config := c.Backend
	if run, err := runlog.Open(dir); err == nil && config == "" && c.Precision != "" {
		config = run.Info().Backend
	}
	if config, err = chooseBackend(config, c.Precision); err != nil {
		return usage(err)
	}
	v := newView(a, c.JSON)
	o := experiments.Options{Backend: config, Data: c.Data, Log: v.console, Watch: v.watch, Progress: preparing(v.console), Figures: figures.Draw}
	o.IgnoreMemory = c.IgnoreMemory
	if c.Images != nil {
		o.Images = *c.Images
	}
	if run, err := runlog.Open(dir); err == nil && run.Status() == "done" && c.Images == nil {
		return usagef("%s is done; to train it further, say how many images it is to be shown in all: --images N", dir)
	}
	o.Command = strings.Join(append([]string{"ganbook"}, a.args...), " ")
	run, err := experiments.Resume(a.ctx, dir, o)
	return v.end(run, err)
}

// runArg is the argument that names a run, for commands about one.
type runArg struct {
	Name string `arg:"" name:"run" help:"A run: its folder, its name or its number."`
	Runs string `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
}

// find returns the folder of the named run.
func (r runArg) find() (string, error) {
	if _, err := os.Stat(filepath.Join(r.Name, "run.json")); err == nil {
		return r.Name, nil
	}
	runs, damaged := runlog.List(r.Runs)
	var ids []string
	for _, run := range runs {
		id := filepath.Base(run.Dir())
		number, _, _ := strings.Cut(id, "-")
		if id == r.Name || strings.TrimLeft(number, "0") == strings.TrimLeft(r.Name, "0") && strings.Trim(r.Name, "0") != "" {
			return run.Dir(), nil
		}
		ids = append(ids, id)
	}
	text := fmt.Sprintf("there is no run %s, neither as a folder nor in %s", r.Name, r.Runs)
	if near := experiments.Nearest(filepath.Base(r.Name), ids); near != "" {
		text += "; did you mean " + near + "?"
	} else if len(ids) > 0 {
		text += "; the newest there is " + ids[len(ids)-1]
	}
	if damaged != nil {
		return "", fmt.Errorf("%s\nbesides: %w", text, damaged)
	}
	return "", fmt.Errorf("%s", text)
}
