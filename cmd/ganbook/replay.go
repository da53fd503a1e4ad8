package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ganbook/ganbook/ganlib/experiments"
)

// replayCmd repeats a run from its run.json and says whether the same comes out.
type replayCmd struct {
	runArg
	memoryFlag
	Data    string `help:"Where the run's images lie now, if they were moved." placeholder:"PATH"`
	Backend string `help:"What computes; default: what the run began with." placeholder:"NAME"`
	Keep    string `help:"Folder of runs to keep the repetition in; without it, it is deleted." placeholder:"DIR"`
}

func (c *replayCmd) Run(a *app) error {
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	if c.Backend != "" {
		if err := checkBackend(c.Backend); err != nil {
			return usage(err)
		}
	}
	out := c.Keep
	if out == "" {
		if out, err = os.MkdirTemp("", "ganbook-replay-*"); err != nil {
			return fmt.Errorf("no scratch folder for the repetition: %w; name one with --keep", err)
		}
		defer os.RemoveAll(out)
	}
	v := newView(&app{ctx: a.ctx, args: a.args, out: a.err, err: a.err}, false)
	r, err := experiments.Replay(a.ctx, dir, experiments.Options{
		Out: out, Data: c.Data, Backend: c.Backend, IgnoreMemory: c.IgnoreMemory, Log: v.console, Watch: v.watch, Progress: preparing(v.console),
		Command: strings.Join(append([]string{"ganbook"}, a.args...), " "),
	})
	v.console.Clear()
	if err != nil {
		return err
	}
	return c.report(a, dir, r)
}

// report says what differs. A repetition that is not equal to the bit is a failure.
func (c *replayCmd) report(a *app, dir string, r experiments.Replayed) error {
	if c.Keep != "" {
		fmt.Fprintf(a.out, "the repetition is %s\n", r.Run.Dir())
	}
	for _, change := range r.Changes {
		fmt.Fprintf(a.out, "changed since: %s\n", change)
	}
	if r.Equal() {
		fmt.Fprintf(a.out, "%s repeated to %s shown: bit-equal, %s of %s and %s of the snapshot\n",
			dir, plural(int(r.Images), "image"), plural(r.Numbers, "number"), plural(r.Points, "iteration"), plural(r.Tensors, "tensor"))
		return nil
	}
	fmt.Fprintf(a.out, "%s repeated to %s shown: not bit-equal\n", dir, plural(int(r.Images), "image"))
	printDifference(a, "metrics", r.Metrics)
	printDifference(a, "weights", r.Weights)
	return &reported{errors.New("the repetition differs")}
}

func printDifference(a *app, what string, d *experiments.Difference) {
	if d == nil {
		fmt.Fprintf(a.out, "%s: bit-equal\n", what)
		return
	}
	fmt.Fprintf(a.out, "%s: %s of %s differ, first %s: %v was %v (by %.3g); by most %s: %.3g\n",
		what, grouped(d.Count), plural(d.Of, "number"), d.Where, d.Is, d.Was, d.Is-d.Was, d.LargestWhere, d.Largest)
}
