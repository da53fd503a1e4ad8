package main

import (
	"encoding/json"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// run tells what went wrong in a training, with cause and remedy.
func (c *doctorCmd) run(a *app) error {
	dir, err := runArg{Name: c.Name, Runs: c.Runs}.find()
	if err != nil {
		return usage(err)
	}
	run, err := runlog.Open(dir)
	if err != nil {
		return err
	}
	findings, damaged := c.findings(run) // beside damaged lines, the others are good
	if len(findings) == 0 && damaged != nil {
		return damaged
	}
	if c.JSON {
		for _, f := range findings {
			if err := json.NewEncoder(a.out).Encode(f); err != nil {
				return err
			}
		}
		return damaged
	}
	if len(findings) == 0 {
		fmt.Fprintln(a.out, health.Healthy(run))
	}
	for _, e := range health.Episodes(findings) {
		fmt.Fprintf(a.out, "%-7s  %s%s\n", e.Severity, health.Line(e.Finding), until(e))
		fmt.Fprintf(a.out, "         %s\n         → %s\n", e.Cause, e.Remedy)
	}
	return damaged
}

// findings are those that the run keeps, or those of its numbers, looked at again.
func (c *doctorCmd) findings(run *runlog.Run) ([]runlog.Finding, error) {
	if !c.Again {
		return run.Findings()
	}
	points, err := run.Points()
	return health.Examine(points), err
}

func until(e health.Episode) string {
	if e.Until == 0 {
		return ""
	}
	return fmt.Sprintf("; over at iteration %d", e.Until)
}
