package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/ganlib/backend"
)

// benchCmd measures training steps, ours and those of others in turn, each in a process of its own; or what is around
// them; or the notebook kernel.
type benchCmd struct {
	Suite     string   `arg:"" optional:"" enum:"cpu,gpu,kernel,data" default:"cpu" help:"What to measure: cpu or gpu (training steps), data (start, images, snapshots, resume) or kernel (notebooks)."`
	Peer      string   `help:"A Python with torch: its steps are measured in turn with ours." placeholder:"PYTHON"`
	Variants  []string `help:"Which ways to use torch: ${enum}; default: all that the suite has." enum:"tutorial,best,passive,compiled,graphs" placeholder:"NAME"`
	Jax       string   `help:"A Python with JAX, measured likewise." placeholder:"PYTHON"`
	Work      []string `help:"Works such as dcgan:16:64, or families of them such as wgan; default: the suite's table, which --list prints." placeholder:"WORK"`
	Layers    bool     `help:"Measure the convolutions of the works one by one instead, with quantiles."`
	Profile   string   `help:"Folder for a profile of each work (pprof); prints where the processor's time went." placeholder:"DIR"`
	List      bool     `help:"List the works and their multiplications, and measure nothing."`
	Rounds    int      `help:"Rounds; ours and the peers' alternate in each; default: 4, of the suite kernel 15." placeholder:"N"`
	Seconds   float64  `help:"Length of a round, about." default:"5"`
	Data      string   `help:"Folder or archive of images for the suite data, prepared anew; without it: synthetic faces." placeholder:"DIR"`
	Backend   string   `help:"What computes our steps; default: go in the suite cpu, xla:cuda in the suite gpu." placeholder:"NAME"`
	JSON      bool     `help:"Print one JSON object per row and nothing else."`
	Benchstat bool     `help:"Print the rounds of cpu and gpu as lines of Go's benchmark format, for benchstat."`
	Readme    bool     `help:"Write the table of cpu or gpu into the checkout's README.md as well."`
	Worker    string   `hidden:"" help:"Serve rounds of this work on standard input."`
}

func (c *benchCmd) Run(a *app) error {
	if c.Worker != "" {
		return serveBench(a.ctx, c.Worker, c.Backend, c.Profile, os.Stdin, os.Stdout)
	}
	if err := c.validate(); err != nil {
		return usage(err)
	}
	if c.Suite == "gpu" && !c.List {
		if err := needGPU(a.ctx); err != nil {
			return err
		}
	}
	if err := checkBackend(c.Backend); err != nil && !c.List {
		return usage(err)
	}
	switch c.Suite {
	case "kernel":
		return c.kernel(a)
	case "data":
		return c.pipeline(a)
	}
	works, err := work.Select(c.Work, c.table())
	if err != nil {
		return usage(err)
	}
	if c.List {
		return c.list(a.out, works)
	}
	return c.steps(a, works)
}

// table is the suite's.
func (c *benchCmd) table() []work.Work {
	if c.Suite == "gpu" {
		return work.GPU()
	}
	return work.CPU()
}

// validate fills in what depends on the suite and refuses flags that mean nothing in it.
func (c *benchCmd) validate() error {
	if c.Rounds == 0 {
		c.Rounds = map[string]int{"cpu": 4, "gpu": 4, "data": 4, "kernel": 15}[c.Suite]
	}
	if c.Rounds < 1 || !(c.Seconds > 0) {
		return fmt.Errorf("--rounds %d, --seconds %v: at least one round of some length", c.Rounds, c.Seconds)
	}
	for _, f := range []struct {
		name   string
		given  bool
		suites []string
	}{
		{"--peer", c.Peer != "", stepSuites},
		{"--jax", c.Jax != "", stepSuites},
		{"--variants", len(c.Variants) > 0, stepSuites},
		{"--list", c.List, stepSuites},
		{"--readme", c.Readme, stepSuites},
		{"--benchstat", c.Benchstat, stepSuites},
		{"--work", len(c.Work) > 0, []string{"cpu", "gpu", "data"}},
		{"--layers", c.Layers, stepSuites},
		{"--profile", c.Profile != "", []string{"cpu"}},
		{"--backend", c.Backend != "", stepSuites},
		{"--data", c.Data != "", []string{"data"}},
	} {
		if f.given && !slices.Contains(f.suites, c.Suite) {
			return fmt.Errorf("%s means nothing to the suite %s; it belongs to %v", f.name, c.Suite, f.suites)
		}
	}
	switch {
	case c.Profile != "" && (c.JSON || c.Benchstat || c.Layers || c.Readme):
		return fmt.Errorf("--profile %s prints for people and slows steps down: leave --json, --benchstat, --layers and --readme out", c.Profile)
	case c.JSON && c.Benchstat:
		return fmt.Errorf("--json and --benchstat: choose one, both are for programs")
	case len(c.Variants) > 0 && c.Peer == "":
		return fmt.Errorf("--variants %v are ways to use torch; name a Python that has it with --peer", c.Variants)
	case c.Readme && c.Peer == "":
		return fmt.Errorf("--readme writes a table beside PyTorch; name a Python that has it with --peer")
	}
	if c.Backend == "" && (c.Suite == "gpu" || c.Suite == "cpu" && os.Getenv(backend.Variable) == "") {
		c.Backend = map[string]string{"gpu": "xla:cuda", "cpu": "go"}[c.Suite] // whatever the default of this machine is
	}
	return nil
}

// stepSuites are those that measure training steps.
var stepSuites = []string{"cpu", "gpu"}
