package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/download"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/protocol"
)

// evalCmd computes the cells of an evaluation that was fixed before, and fixes it if nobody has.
type evalCmd struct {
	Evaluation string            `arg:"" help:"Which one: anogan/mnist-one-class, anogan/cifar10-leave-one-out …, or the file of one."`
	Scale      string            `help:"How much is trained for each cell: full (the document's epochs), short (2,000 batches; the default), lecture or smoke. A file has its own." placeholder:"SCALE"`
	Classes    string            `help:"Rows of the grid, such as 0-9 or 0,1,8; default: all." placeholder:"LIST"`
	Seeds      string            `help:"Columns of the grid, such as 0-2; default: the first." placeholder:"LIST"`
	Data       string            `help:"Folder, archive or file of the images. Without it: the set of the evaluation, downloaded." placeholder:"PATH"`
	Out        string            `help:"Folder of all runs." default:"runs" placeholder:"DIR"`
	Results    string            `help:"Folder of all results; default: testdata/results of the checkout." placeholder:"DIR"`
	Jobs       int               `help:"Cells computed at once; default: one for each core." placeholder:"N"`
	Backend    string            `help:"What computes a cell; default: the Go backend on one core." placeholder:"NAME"`
	Experiment string            `help:"What a variant trains, such as anogan/encoder, with --name." placeholder:"ID"`
	Set        map[string]string `help:"A setting of training or search of a variant, with --name." placeholder:"KEY=VALUE"`
	Iterations int64             `help:"Batches to train of a variant, with --name." placeholder:"N"`
	Batch      int               `help:"Pictures searched at once of a variant, with --name." placeholder:"N"`
	Name       string            `help:"Name of a variant, such as anogan/mnist-one-class-wide." placeholder:"NAME"`
	Draft      string            `help:"Only write what would be fixed into a file, to be edited and given instead of an evaluation's name." placeholder:"FILE"`
	Yes        bool              `help:"Accept the terms of a set that has to be downloaded."`
}

func (c *evalCmd) Run(a *app) error {
	draft, err := c.draft()
	if err != nil {
		return usage(err)
	}
	if err := c.check(); err != nil {
		return usage(err)
	}
	if c.Draft != "" {
		return draft.WriteDraft(c.Draft)
	}
	line := newConsole(a.err)
	pool, err := c.open(a, draft, line)
	if err != nil {
		return err
	}
	results, err := c.fix(a, draft, pool, line)
	if err != nil {
		return err
	}
	cells, err := c.cells(results.Evaluation)
	if err != nil {
		return usage(err)
	}
	g := newGrid(c, &experiments.Grid{
		Results: results, Pool: pool, Path: c.Data, Out: c.Out, Backend: c.Backend,
		Command: strings.Join(append([]string{"ganbook"}, a.args...), " "),
	}, cells, line)
	failed := g.run(a.ctx)
	if a.ctx.Err() != nil {
		return stoppedGrid(a.ctx, line, failed)
	}
	return errors.Join(printResults(a.out, results), failed)
}

func (c *evalCmd) check() error {
	if c.Jobs < 0 || c.Jobs > 1024 {
		return fmt.Errorf("--jobs %d: it must be from 1 to 1024", c.Jobs)
	}
	if c.Iterations < 0 || c.Batch < 0 || c.Batch > mostPictures {
		return fmt.Errorf("--iterations %d, --batch %d: both must be at least 1, the batch at most %d", c.Iterations, c.Batch, mostPictures)
	}
	if err := checkDataFlag(c.Data); err != nil {
		return err
	}
	if c.Backend == "" {
		return nil
	}
	return checkBackend(c.Backend)
}

// wishes says whether a variant is asked for.
func (c *evalCmd) wishes() bool {
	return c.Experiment != "" || len(c.Set) > 0 || c.Iterations > 0 || c.Batch > 0
}

// draft is what would be fixed, but for the files of the set.
func (c *evalCmd) draft() (*protocol.Evaluation, error) {
	if info, err := os.Stat(c.Evaluation); err == nil && info.Mode().IsRegular() {
		if c.wishes() || c.Name != "" {
			return nil, fmt.Errorf("%s is an evaluation of its own; edit it instead of giving --experiment, --set, --iterations, --batch or --name", c.Evaluation)
		}
		e, err := protocol.ReadDraft(c.Evaluation)
		if err == nil && c.Scale != "" && c.Scale != e.Scale {
			return nil, fmt.Errorf("--scale %s: %s is of scale %s; leave --scale out, or edit the file under another name or scale", c.Scale, c.Evaluation, e.Scale)
		}
		return e, err
	}
	e, err := experiments.FindEvaluation(c.Evaluation)
	if err != nil {
		return nil, err
	}
	if c.wishes() && c.Name == "" {
		return nil, fmt.Errorf("--experiment, --set, --iterations and --batch make a variant of %s; give it a name of its own: --name %[1]s-variant", e.ID)
	}
	if _, err := experiments.FindEvaluation(c.Name); err == nil {
		return nil, fmt.Errorf("--name %s: that is an evaluation of its own; give the variant another name, such as %s-variant", c.Name, e.ID)
	}
	return e.Draft(experiments.EvaluationOptions{Scale: c.Scale, Name: c.Name, Experiment: c.Experiment, Set: c.Set, Iterations: c.Iterations, Batch: c.Batch})
}

// open opens the set, which is downloaded where it is not there and no path was given.
func (c *evalCmd) open(a *app, e *protocol.Evaluation, line *console) (*protocol.Pool, error) {
	set := e.Data.Set
	if _, err := os.Stat(c.Data); c.Data == set && err != nil {
		c.Data = ""
	}
	if c.Data == "" {
		if _, err := data.FindSet(set); err != nil {
			return nil, err
		}
		consent := terms{a: a, yes: c.Yes}
		if err := download.Get(a.ctx, set, "", downloading(line), consent.accept); err != nil {
			return nil, consent.explain(err)
		}
	}
	pool, err := protocol.Open(a.ctx, set, c.Data, e.Data.Size, e.Data.Channels, preparing(line))
	line.Clear()
	if err == nil && pool.Missing() != nil {
		line.Line("note: the set is divided by a draw, since it has one file only: %v", pool.Missing())
	}
	return pool, err
}

// fix fixes the evaluation, or takes the one that was fixed before and refuses what does not agree with it.
func (c *evalCmd) fix(a *app, draft *protocol.Evaluation, pool *protocol.Pool, line *console) (*protocol.Results, error) {
	dir := protocol.Folder(resultsFolder(c.Results), draft.Name, draft.Scale)
	file := filepath.Join(dir, protocol.EvaluationFile)
	e, err := protocol.Read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		draft.Data.Files = pool.Files()
		if e, err = protocol.Fix(a.ctx, file, draft); err != nil {
			return nil, err
		}
		line.Line("%s, scale %s: fixed in %s, sha256 %.12s", e.Name, e.Scale, file, e.Hash)
	case err != nil:
		return nil, err
	default:
		line.Line("%s, scale %s: as fixed in %s, sha256 %.12s", e.Name, e.Scale, file, e.Hash)
	}
	if changed := e.Differs(draft); len(changed) > 0 {
		if c.wishes() {
			return nil, usagef("%s was fixed with another %s; give a variant a name of its own: --name %s-variant", file, strings.Join(changed, ", "), draft.Name)
		}
		line.Line("note: it was fixed with another %s than would be fixed now; what was fixed holds", strings.Join(changed, ", "))
	}
	if note := unofficial(e.Data); note != "" {
		line.Line("note: %s", note)
	}
	return &protocol.Results{Dir: dir, Evaluation: e}, e.CheckData(pool.Files())
}

// unofficial says why no published number compares, "" when the files are the official ones.
func unofficial(d protocol.Data) string {
	var parts []string
	for _, f := range d.Files {
		if !f.Official {
			parts = append(parts, fmt.Sprintf("%s: %s", f.Part, orDash(f.Note)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("these are not the official files of %s, so no published number compares (%s)", d.Set, strings.Join(parts, "; "))
}

// cellID is a place in the grid.
type cellID struct {
	class int
	seed  int64
}

func (c cellID) String() string { return fmt.Sprintf("class %d, seed %d", c.class, c.seed) }

// cells lists what is asked for, one seed for all classes before the next.
func (c *evalCmd) cells(e *protocol.Evaluation) (list []cellID, err error) {
	classes, seeds := e.Classes, e.Seeds[:1]
	if c.Classes != "" {
		wanted, err := parseList("--classes", c.Classes)
		if err != nil {
			return nil, err
		}
		classes = nil
		for _, class := range wanted {
			if err := e.CheckClass(int(class)); err != nil {
				return nil, err
			}
			classes = append(classes, int(class))
		}
	}
	if c.Seeds != "" {
		if seeds, err = parseList("--seeds", c.Seeds); err != nil {
			return nil, err
		}
		for _, s := range seeds {
			if err := e.CheckSeed(s); err != nil {
				return nil, err
			}
		}
	}
	for _, s := range seeds {
		for _, class := range classes {
			list = append(list, cellID{class, s})
		}
	}
	return list, nil
}

// parseList reads "0-4" or "0,2,5-7".
func parseList(flag, text string) (list []int64, err error) {
	wrong := func() error {
		return fmt.Errorf("%s %s: write single numbers and ranges, such as 0-4 or 0,1,8", flag, text)
	}
	for word := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(word), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseInt(from, 10, 32)
		b, errB := strconv.ParseInt(to, 10, 32)
		if errA != nil || errB != nil || b < a || b-a > 10_000 {
			return nil, wrong()
		}
		for n := a; n <= b; n++ {
			if slices.Contains(list, n) {
				return nil, fmt.Errorf("%s %s: %d is named twice", flag, text, n)
			}
			list = append(list, n)
		}
	}
	return list, nil
}

func (c *evalCmd) jobs() int {
	if c.Jobs > 0 {
		return c.Jobs
	}
	return runtime.NumCPU()
}

// stoppedGrid is how a grid ends that was told to.
func stoppedGrid(ctx context.Context, line *console, err error) error {
	line.Line("stopped; the same command goes on where it was")
	return &reported{errors.Join(context.Cause(ctx), err)}
}
