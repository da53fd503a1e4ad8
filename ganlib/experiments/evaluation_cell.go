package experiments

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Grid is the cells of a fixed evaluation, and how they are computed.
type Grid struct {
	Results *protocol.Results
	Pool    *protocol.Pool
	Path    string // of the images, "" for a downloaded set
	Out     string // folder of all runs
	Backend string // "": one executor for each cell, so that as many cells as cores fill a machine
	Command string
}

// CellWatch is how a cell tells what it does; nil functions are not called.
type CellWatch struct {
	Log       io.Writer // nil: nowhere
	Train     func(run *runlog.Run, s Settings) []runlog.Sink
	Searching func(done, total int)
	Judging   func()
}

// cellBackend computes a cell: the nets of the documents are too small for more than one core to help.
const cellBackend = "go:num_executors=1"

// cell is a cell in work.
type cell struct {
	grid     *Grid
	eval     *protocol.Evaluation
	class    int
	seed     int64
	division *protocol.Division
	watch    CellWatch
}

// Cell computes a cell and writes its file: train, freeze, search, judge. A training that was broken off is gone on with,
// a search that was finished is not repeated. The caller must have claimed the cell.
func (g *Grid) Cell(ctx context.Context, class int, seed int64, w CellWatch) (*protocol.Cell, error) {
	e := g.Results.Evaluation
	division, err := g.Pool.Divide(e.Split, class)
	if err != nil {
		return nil, err
	}
	c := &cell{g, e, class, seed, division, w}
	run, err := c.trained(ctx)
	if err != nil {
		return nil, err
	}
	selection, err := division.Freeze(run, e.Selection)
	if err != nil {
		return nil, err
	}
	scores, err := c.scores(ctx, run, selection)
	if err != nil {
		return nil, err
	}
	if w.Judging != nil {
		w.Judging()
	}
	return c.judge(ctx, run, selection, scores)
}

// trained returns the cell's run at its end: an old one, one that is gone on with, or a new one.
func (c *cell) trained(ctx context.Context) (*runlog.Run, error) {
	o := Options{Out: c.grid.Out, Command: c.grid.Command, Watch: c.watch.Train, Log: c.watch.Log}
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	old := c.find(s.Images)
	if old == nil {
		o.Given, o.Backend = &s, orDefault(c.grid.Backend, cellBackend)
		run, err := Train(ctx, c.eval.Training.Experiment, o)
		if err != nil {
			return nil, err
		}
		return runlog.Open(run.Dir())
	}
	if old.Status() == "done" {
		return old, nil
	}
	logf(c.watch.Log, "%s was broken off and goes on", filepath.Base(old.Dir()))
	run, err := Resume(ctx, old.Dir(), o)
	if err != nil {
		return nil, err
	}
	return runlog.Open(run.Dir())
}

// find looks for the cell's run among all runs, the newest first; nil: there is none. A run that shows another number of
// images, such as a repetition of one that was broken off or one that was told to go on for longer, is not the cell's.
func (c *cell) find(images int64) *runlog.Run {
	runs, _ := runlog.List(c.grid.Out) // a damaged neighbour hides no good run
	for i := len(runs) - 1; i >= 0; i-- {
		var s Settings
		if runs[i].Info().DecodeConfig(&s) != nil || s.Data.Part == nil || s.Seed != c.seed {
			continue
		}
		if s.Data.Part.Protocol != c.eval.Hash || s.Data.Part.Class != c.class {
			continue
		}
		if s.Images == images {
			return runs[i]
		}
		logf(c.watch.Log, "%s shows %d images and the evaluation %d: it is not used", filepath.Base(runs[i].Dir()), s.Images, images)
	}
	return nil
}

// settings are those of the evaluation on the pictures of the cell.
func (c *cell) settings() (s Settings, err error) {
	if err := json.Unmarshal(c.eval.Training.Settings, &s); err != nil {
		return s, fmt.Errorf("experiments: the settings of evaluation %s: %w", c.eval.Name, err)
	}
	path := c.grid.Path
	if path != "" {
		if path, err = filepath.Abs(path); err != nil {
			return s, err
		}
	}
	s.Seed = c.seed
	s.Data = DataSettings{
		Set: c.eval.Data.Set, Path: path, Size: c.eval.Data.Size, Channels: c.eval.Data.Channels,
		Normal: c.eval.Split.Normal(c.class),
		Part:   &EvaluationPart{Evaluation: c.eval.Name, Scale: c.eval.Scale, Protocol: c.eval.Hash, Split: c.eval.Split, Class: c.class},
	}
	s.Images = imagesOf(c.eval.Training, c.division.Train.Len(), s.BatchSize)
	s.Epochs = int((s.Images + int64(c.division.Train.Len()) - 1) / int64(c.division.Train.Len()))
	return s, nil
}

// imagesOf is how many images so many iterations show: the last batch of an epoch is short.
func imagesOf(t protocol.Training, n, batch int) int64 {
	if t.Epochs > 0 {
		return int64(t.Epochs) * int64(n)
	}
	perEpoch := int64((n + batch - 1) / batch)
	return t.Iterations/perEpoch*int64(n) + t.Iterations%perEpoch*int64(batch)
}

// judge makes the cell of the scores, adds the baselines, and writes its file.
func (c *cell) judge(ctx context.Context, run *runlog.Run, s protocol.Selection, scores *cellScores) (*protocol.Cell, error) {
	info, test := run.Info(), c.division.Test
	iterations, seconds, err := effort(run, s.Images())
	if err != nil {
		return nil, err
	}
	made := &protocol.Cell{
		Evaluation: c.eval.Name, Scale: c.eval.Scale, Protocol: c.eval.Hash, Experiment: c.eval.Training.Experiment, Class: c.class, Seed: c.seed,
		Images: s.Images(), Iterations: iterations, Weights: s.Weights(), Data: info.Data.Hash, Division: c.division.Hash(),
		Trained: c.division.Train.Len(), Held: c.division.Held.Len(), Scores: map[string]protocol.Figures{},
		Seconds: protocol.Seconds{Training: round(seconds), Search: round(scores.seconds)}, Versions: protocol.VersionsOf(info), Commit: runlog.Commit(),
	}
	made.Searched = scores.others(made.Versions)
	for _, sitting := range info.Resumed {
		made.Changes = append(made.Changes, sitting.Changes...)
	}
	made.Normal, made.Anomalous = test.Counts()
	for _, name := range c.eval.Scores {
		f, err := test.Judge(s, c.eval, widened(scores.parts[testPart][name]), widened(scores.parts[heldPart][name]), name == c.eval.Deciding)
		if err != nil {
			return nil, fmt.Errorf("the %s score of class %d, seed %d: %w", name, c.class, c.seed, err)
		}
		made.Scores[name] = f
	}
	if made.Baselines, err = c.division.Baselines(ctx, c.eval, c.grid.Results.BaselineFile(c.class)); err != nil {
		return nil, err
	}
	return made, made.Write(c.grid.Results.Dir)
}

func round(seconds float64) float64 {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond).Seconds()
}
