package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// setupCmd installs what notebooks need.
type setupCmd struct {
	Check      bool   `help:"Change nothing; say what is missing or out of date." xor:"do"`
	JSON       bool   `help:"With --check: print one JSON object with the paths and nothing else."`
	Uninstall  bool   `help:"Remove the kernel of this checkout, JupyterLab and what was built for them; no runs, images or notebooks." xor:"do"`
	GPU        bool   `name:"gpu" help:"Also install XLA for NVIDIA GPUs (2.5 GB) and a second kernel; where there is a GPU, it computes from then on." xor:"do"`
	NoGPU      bool   `name:"no-gpu" help:"Compute on the processor again, as before setup --gpu; what was installed stays." xor:"do"`
	XLACPU     bool   `name:"xla-cpu" help:"Also install XLA for the processor (63 MB), for tests of what a GPU computes." xor:"do"`
	KernelOnly bool   `help:"The kernel alone, without JupyterLab: for an editor or a Jupyter of your own. Needs no Python."`
	Prefix     string `help:"A virtual environment with a Jupyter of your own: install the kernel there instead of for the user." placeholder:"DIR"`
}

func (c *setupCmd) Run(a *app) error {
	log := newConsole(a.out) // the kernel and JupyterLab are installed at the same time
	if err := c.goTogether(); err != nil {
		return err
	}
	n, err := openNotebooks(c.Prefix, c.KernelOnly, log)
	if err != nil {
		return err
	}
	switch {
	case c.JSON && !c.Check:
		return usagef("--json goes with --check")
	case c.Check && c.JSON:
		return c.printJSON(a, n)
	case c.Check:
		return n.printCheck(a.ctx)
	case c.Uninstall:
		return n.uninstall(a.ctx)
	case c.NoGPU:
		return n.decelerate()
	}
	began := time.Now()
	switch {
	case c.GPU:
		err = n.accelerate(a.ctx, accelerators[0])
	case c.XLACPU:
		err = n.accelerate(a.ctx, accelerators[1])
	default:
		err = n.install(a.ctx)
	}
	if err != nil {
		return err
	}
	log.Line("ready in %s; %s lab opens the notebooks", roughly(time.Since(began)), program)
	return nil
}

// printJSON prints where everything is, for scripts; what is missing is "".
func (c *setupCmd) printJSON(a *app, n *notebooks) error {
	type state struct {
		OK      bool     `json:"ok"`
		Missing []string `json:"missing,omitempty"`
		Kernel  string   `json:"kernel"` // kernel.json
		Dir     string   `json:"environment"`
		Python  string   `json:"python"`
		Jupyter string   `json:"jupyter"`
		Lab     string   `json:"jupyterlab"` // its version
		XLA     string   `json:"xla"`        // the environment with its plug-ins
		Default string   `json:"default"`    // the backend that setup --gpu chose
	}
	missing := n.missing(a.ctx)
	record := backend.Recorded(n.cache)
	s := state{OK: len(missing) == 0, XLA: record.Environment, Default: record.Default}
	for _, m := range missing {
		s.Missing = append(s.Missing, m.Error())
	}
	if file, err := kernelspec.File(n.kernel); err == nil {
		if _, err := kernelspec.Read(file); err == nil {
			s.Kernel = file
		}
	}
	if e, err := jupyter.Open(n.cache); err == nil {
		s.Dir, s.Python, s.Jupyter, s.Lab = e.Dir, e.Python(), e.Jupyter(), e.Version("jupyterlab")
	}
	if err := json.NewEncoder(a.out).Encode(s); err != nil {
		return err
	}
	if !s.OK {
		return &reported{errors.Join(missing...)}
	}
	return nil
}
