package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/nbhtml"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// nbCmd works on notebooks without a browser.
type nbCmd struct {
	Run   nbRunCmd   `cmd:"" help:"Run notebooks with the real kernel and write their outputs back."`
	Check nbCheckCmd `cmd:"" help:"Check saved notebooks: structure, size, no error and nothing remote in text and outputs."`
	HTML  nbHTMLCmd  `cmd:"" name:"html" help:"Write notebooks as HTML that reads without scripts and without network."`
}

type nbRunCmd struct {
	Files   []string      `arg:"" name:"file" help:"Notebooks."`
	Scale   string        `help:"Scale the notebook's experiments run at: full, lecture or smoke; default: as the notebook says." placeholder:"SCALE"`
	Output  string        `help:"Write the notebook with its outputs there instead of back." placeholder:"FILE"`
	Timeout time.Duration `help:"Limit for a notebook." default:"1h"`
	XLA     bool          `name:"xla" help:"Run them with the kernel \"Go (ganbook, XLA)\"."`
	Keep    bool          `help:"Write the outputs also when a cell failed."`
}

func (c *nbRunCmd) Run(a *app) error {
	if c.Output != "" && len(c.Files) > 1 {
		return usagef("--output names one file, and there are %d notebooks", len(c.Files))
	}
	o := nbrun.Options{Output: c.Output, Timeout: c.Timeout, CellTimeout: c.Timeout, KeepFailed: c.Keep, Log: a.out}
	if c.Scale != "" {
		scale, err := experiments.ParseScale(c.Scale)
		if err != nil {
			return usage(err)
		}
		o.Env = []string{"GANBOOK_SCALE=" + string(scale)}
	}
	for _, file := range c.Files { // before a kernel is built, which may take minutes
		if err := nbrun.Readable(file); err != nil {
			return err
		}
	}
	kernel := kernelspec.Options{Log: a.out}
	if c.XLA {
		var err error
		if kernel.XLA, err = environmentOf(); err != nil {
			return err
		}
	}
	spec, err := kernelspec.Prepare(a.ctx, kernel)
	if err != nil {
		return err
	}
	o.Spec = spec
	for _, file := range c.Files {
		if _, err := nbrun.Run(a.ctx, file, o); err != nil {
			return err
		}
	}
	return nil
}

type nbCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Notebooks."`
}

func (c *nbCheckCmd) Run(a *app) error {
	var failed error
	for _, file := range c.Files {
		if err := nbrun.Check(file); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		fmt.Fprintf(a.out, "%s: ok\n", file)
	}
	return failed
}

type nbHTMLCmd struct {
	Files  []string `arg:"" name:"file" help:"Notebooks."`
	Output string   `short:"o" help:"File, or folder for several notebooks; default: beside each notebook." placeholder:"PATH"`
}

func (c *nbHTMLCmd) Run(a *app) error {
	output := c.Output
	if output != "" && len(c.Files) > 1 {
		if info, err := os.Stat(output); err == nil && !info.IsDir() {
			return usagef("--output %s is one file, and there are %d notebooks; name a folder", output, len(c.Files))
		}
		output += "/"
	}
	var failed error
	from := map[string]string{}
	for _, file := range c.Files {
		name := filepath.Base(file)
		if other, ok := from[name]; ok && output != "" {
			return usagef("%s and %s would become the same page in %s; export them one by one", other, file, c.Output)
		}
		from[name] = file
	}
	for _, file := range c.Files {
		written, err := nbhtml.Export(file, output)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		fmt.Fprintf(a.out, "%s: %s\n", file, written)
	}
	return failed
}
