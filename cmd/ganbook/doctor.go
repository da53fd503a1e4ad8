package main

import (
	"encoding/json"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// doctorCmd checks the machine, line by line, or a training, and says what to do about what is wrong.
type doctorCmd struct {
	Name  string `arg:"" name:"run" optional:"" help:"A run to examine instead of the machine: its folder, its name or its number."`
	Again bool   `help:"Examine the numbers of the run again instead of telling what was found while it trained."`
	JSON  bool   `help:"Print one JSON object per check, or per finding, and nothing else."`
	Runs  string `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
}

// finding is the outcome of a check.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // "ok", "warn" or "fail"
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateFail = "fail"
)

func (c *doctorCmd) Run(a *app) error {
	if c.Name != "" {
		return c.run(a)
	}
	if c.Again {
		return usagef("--again: name the run to examine")
	}
	failed := 0
	host := runlog.Host()
	for _, check := range []func() finding{
		checkGo,
		func() finding { return checkCompiler(compiler(a.ctx)) },
		func() finding { return checkSIMD(host) },
		func() finding { return checkCPU(host) },
		checkMemory,
		func() finding { return checkDisk("runs", c.Runs) },
		checkCache,
		func() finding { return checkGPU(a.ctx) },
		func() finding { return checkXLA(a.ctx) },
		checkCompute,
		checkData,
		func() finding { return checkPython(a.ctx) },
		checkLab,
		func() finding { return checkKernel(a.ctx) },
		func() finding { return checkLogout(a.ctx) },
	} {
		f := check()
		if f.State == stateFail {
			failed++
		}
		if err := c.print(a, f); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &reported{fmt.Errorf("doctor: %s failed", plural(failed, "check"))}
	}
	return nil
}

func (c *doctorCmd) print(a *app, f finding) error {
	if c.JSON {
		return json.NewEncoder(a.out).Encode(f)
	}
	fmt.Fprintf(a.out, "%-4s  %-10s  %s\n", f.State, f.Check, f.Detail)
	if f.Remedy != "" {
		fmt.Fprintf(a.out, "      %-10s  → %s\n", "", f.Remedy)
	}
	return nil
}
