package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

type runsListCmd struct {
	Runs string `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
	JSON bool   `help:"Print one JSON object per run."`
}

// runLine is a run in a list.
type runLine struct {
	Run        string  `json:"run"`
	Experiment string  `json:"experiment"`
	Scale      string  `json:"scale"`
	Data       string  `json:"data"`
	Images     int64   `json:"images"`
	Wanted     int64   `json:"wanted"`
	Seconds    float64 `json:"seconds"`
	Status     string  `json:"status"`
	PID        int     `json:"pid,omitempty"`  // of the process that trains it
	Host       string  `json:"host,omitempty"` // where that is
	From       string  `json:"from"`           // command line, or the notebook that detached it
}

func describeRun(run *runlog.Run) (runLine, runlog.Point) {
	i := run.Info()
	line := runLine{Run: run.Dir(), Experiment: i.Experiment, Scale: i.Scale, Data: i.Data.Name, Wanted: i.Goal(), Status: run.Status(), From: i.Command}
	if n := len(i.Resumed); n > 0 && i.Resumed[n-1].Command != "" {
		line.From = i.Resumed[n-1].Command
	}
	if who, running := run.Holder(); running {
		line.PID, line.Host = who.PID, who.Host
	}
	points, _ := run.Points()
	if len(points) == 0 {
		return line, runlog.Point{}
	}
	last := points[len(points)-1]
	line.Images, line.Seconds = last.Images, last.Seconds
	return line, last
}

func (c *runsListCmd) Run(a *app) error {
	lines, all, damaged := runLines(c.Runs)
	if c.JSON {
		for _, line := range lines {
			if err := json.NewEncoder(a.out).Encode(line); err != nil {
				return err
			}
		}
		return damaged
	}
	if len(lines) == 0 && damaged == nil {
		fmt.Fprintf(a.out, "no runs in %s; begin one with: %s run dcgan\n", c.Runs, program)
		return c.elsewhere(a)
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSCALE\tDATA\tIMAGES\tTIME\tSTATUS\tPROCESS\tFROM")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s / %s\t%s\t%s\t%s\t%s\n", filepath.Base(l.Run), l.Scale, l.Data,
			grouped(l.Images), grouped(l.Wanted), roughly(seconds(l.Seconds)), l.Status, l.process(), orDash(l.From))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return errors.Join(c.preparing(a, all), c.elsewhere(a), damaged)
}

// runLines describes the runs of a folder, and lists its jobs.
func runLines(root string) (lines []runLine, all []*jobs.Job, damaged error) {
	runs, damaged := runlog.List(root)
	all, err := jobs.List(root)
	for _, run := range runs {
		line, _ := describeRun(run)
		if line.From == "" {
			line.From = detachedBy(all, run.Dir())
		}
		lines = append(lines, line)
	}
	return lines, all, errors.Join(damaged, err)
}

// elsewhere lists what is running in the other folders of runs of the checkout, such as that of the notebooks.
func (c *runsListCmd) elsewhere(a *app) error {
	for _, place := range jobs.Places(c.Runs)[1:] {
		lines, _, _ := runLines(place)
		for _, l := range lines {
			if l.PID == 0 {
				continue
			}
			if _, err := fmt.Fprintf(a.out, "%s is running in process %d: %s / %s images, from %s\n",
				l.Run, l.PID, grouped(l.Images), grouped(l.Wanted), orDash(l.From)); err != nil {
				return err
			}
		}
	}
	return nil
}

// preparing lists the detached programs that have no run yet.
func (c *runsListCmd) preparing(a *app, all []*jobs.Job) error {
	for _, j := range all {
		if j.State() == jobs.Running && j.Run == "" {
			if _, err := fmt.Fprintf(a.out, "%s, detached by %s, is preparing in process %d\n", j.Name, j.From, j.PID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l runLine) process() string {
	if l.PID == 0 {
		return "–"
	}
	return fmt.Sprint(l.PID)
}

// detachedBy names the notebook of the newest job that has trained a run, "" when none has.
func detachedBy(all []*jobs.Job, dir string) string {
	path, err := filepath.Abs(dir)
	for i := len(all) - 1; i >= 0 && err == nil; i-- {
		if all[i].Run == path {
			return fmt.Sprintf("%s, detached as %s", filepath.Base(all[i].From), all[i].Name)
		}
	}
	return ""
}
