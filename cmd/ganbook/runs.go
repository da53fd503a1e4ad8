package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// runsCmd looks after the folder of runs.
type runsCmd struct {
	List   runsListCmd   `cmd:"" default:"withargs" help:"List the runs."`
	Show   runsShowCmd   `cmd:"" help:"Show what a run was and how far it came."`
	Stop   runsStopCmd   `cmd:"" help:"Stop a training with a snapshot, wherever it was started."`
	Delete runsDeleteCmd `cmd:"" help:"Delete runs with everything in them."`
}

type runsShowCmd struct {
	runArg
}

func (c *runsShowCmd) Run(a *app) error {
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	run, err := runlog.Open(dir)
	if err != nil {
		return err
	}
	i := run.Info()
	l, last := describeRun(run)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	row("run", "%s", run.Dir())
	row("status", "%s", l.Status)
	row("command", "%s", i.Command)
	row("started", "%s", i.Started.Local().Format("2006-01-02 15:04"))
	row("experiment", "%s, scale %s, seed %d", i.Experiment, i.Scale, i.Seed)
	row("data", "%s, %s of %d×%d×%d %s", i.Data.Name, plural(i.Data.Images, "image"), i.Data.Height, i.Data.Width, i.Data.Channels, i.Data.Note)
	row("backend", "%s, %s, %s", i.Backend, i.Host.CPU, i.Host.Go)
	row("shown", "%s of %s images in %s, %s", grouped(l.Images), grouped(l.Wanted), roughly(seconds(l.Seconds)), plural(int(last.Iteration), "iteration"))
	for _, name := range sortedNames(last.Values) {
		row("last "+name, "%.4f", last.Values[name])
	}
	findings, damaged := run.Findings()
	for _, e := range health.Episodes(findings) {
		row("finding", "%s%s", health.Line(e.Finding), until(e))
	}
	for _, f := range figureFiles(run) {
		row("figure", "%s", f)
	}
	if samples := run.Samples(); len(samples) > 0 {
		row("last sample", "%s", samples[len(samples)-1].Path)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return errors.Join(showSettings(a.out, i), damaged)
}

// showSettings prints the run's settings as they are recorded.
func showSettings(w io.Writer, i runlog.Info) error {
	text, err := json.MarshalIndent(i.Config, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "settings %s\n", text)
	return nil
}

func sortedNames(values runlog.Values) []string {
	var names []string
	for n := range values {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

type runsDeleteCmd struct {
	Names []string `arg:"" name:"run" help:"Runs: folders, names or numbers."`
	Runs  string   `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
	Yes   bool     `help:"Do not ask."`
}

func (c *runsDeleteCmd) Run(a *app) error {
	var dirs []string
	for _, name := range c.Names {
		dir, err := runArg{Name: name, Runs: c.Runs}.find()
		if err != nil {
			return usage(err)
		}
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		if !c.Yes && !confirm(a, dir) {
			return usagef("%s was not deleted: say --yes", dir)
		}
		if err := runlog.Delete(dir); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "deleted %s\n", dir)
	}
	return nil
}

func confirm(a *app, dir string) bool {
	if !isTerminal(a.err) || !isTerminalFile(os.Stdin) {
		return false
	}
	fmt.Fprintf(a.err, "Delete %s with its snapshots and figures? [y/N] ", dir)
	return readYes(os.Stdin)
}
