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
	how, verdict := "not bit-equal", "the repetition differs"
	if r.Metrics == nil && r.Weights == nil && !r.Compared() {
		how, verdict = "not known to be bit-equal", "there was too little to compare"
	}
	fmt.Fprintf(a.out, "%s repeated to %s shown: %s\n", dir, plural(int(r.Images), "image"), how)
	printMissing(a, "the repetition", r.NotNow)
	printMissing(a, "the run's metrics.jsonl", r.NotThen)
	printDifference(a, "metrics", r.Metrics, r.Numbers)
	printDifference(a, "weights", r.Weights, r.Tensors)
	return &reported{errors.New(verdict)}
}

// printMissing names the iterations that one side has no point of.
func printMissing(a *app, where string, iterations []int64) {
	const most = 8
	if len(iterations) == 0 {
		return
	}
	var list []string
	for _, n := range iterations[:min(most, len(iterations))] {
		list = append(list, grouped(n))
	}
	if more := len(iterations) - most; more > 0 {
		list = append(list, fmt.Sprintf("… (%s more)", grouped(more)))
	}
	fmt.Fprintf(a.out, "metrics: %s has no point of %s: %s\n", where, plural(len(iterations), "iteration"), strings.Join(list, " "))
}

// printDifference says what differs of so many things that were compared.
func printDifference(a *app, what string, d *experiments.Difference, compared int) {
	if compared == 0 {
		fmt.Fprintf(a.out, "%s: there is nothing that both have\n", what)
		return
	}
	if d == nil {
		fmt.Fprintf(a.out, "%s: bit-equal\n", what)
		return
	}
	fmt.Fprintf(a.out, "%s: %s of %s differ, first %s: %v was %v (by %.3g); by most %s: %.3g\n",
		what, grouped(d.Count), plural(d.Of, "number"), d.Where, d.Is, d.Was, d.Is-d.Was, d.LargestWhere, d.Largest)
}
