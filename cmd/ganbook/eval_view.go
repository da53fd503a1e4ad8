package main

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// gridView tells how a grid gets on: a line for each finished cell, and one progress line.
type gridView struct {
	line  *console
	total int

	mu      sync.Mutex
	began   time.Time
	done    int              // cells, in this sitting and before
	spent   float64          // cells' worth of work in this sitting, finished ones
	working map[int]*working // by worker
	waited  bool             // it was said that others work
}

// working is a cell in work.
type working struct {
	cell  cellID
	what  string
	share float64 // done of the cell
	first float64 // done before this sitting; −1: not known yet
}

// trainingShare is about how much of a cell's work its training is.
const trainingShare = 0.6

func newGridView(line *console, total int) *gridView {
	return &gridView{line: line, total: total, began: time.Now(), working: map[int]*working{}}
}

// begin returns what the cell reports to.
func (v *gridView) begin(worker int, id cellID) experiments.CellWatch {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := &working{cell: id, what: "begins", first: -1}
	v.working[worker] = w
	tell := func(share float64, format string, args ...any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		w.what, w.share = fmt.Sprintf(format, args...), share
		if w.first < 0 {
			w.first = share
		}
		v.show()
	}
	return experiments.CellWatch{
		Log: &prefixed{v.line, id.String()},
		Train: func(run *runlog.Run, s experiments.Settings) []runlog.Sink {
			v.line.Line("%s: %s of %s, %s", id, plural(int(iterations(s, run.Info().Data.Images)), "iteration"), plural(run.Info().Data.Images, "image"), run.Dir())
			return []runlog.Sink{&cellSink{view: v, cell: id, goal: s.Images, tell: tell}}
		},
		Searching: func(done, total int) {
			tell(trainingShare+(1-trainingShare)*float64(done)/float64(total), "searched %s of %s", grouped(done), grouped(total))
		},
		Judging: func() { tell(1, "baselines") },
	}
}

// prefixed says of which cell a warning is; what a training says of memory is left out.
type prefixed struct {
	line   *console
	prefix string
}

func (p *prefixed) Write(text []byte) (int, error) {
	if words := strings.TrimSpace(string(text)); !strings.HasPrefix(words, "memory:") {
		p.line.Line("%s: %s", p.prefix, words)
	}
	return len(text), nil
}

// show renews the progress line; the caller holds the lock.
func (v *gridView) show() {
	now := time.Now()
	if !v.line.Due(now) {
		return
	}
	var parts []string
	worked, open := v.spent, float64(v.total-v.done)
	for i := range slices.Max(keys(v.working)) + 1 {
		if w := v.working[i]; w != nil {
			parts = append(parts, fmt.Sprintf("%s: %s", w.cell, w.what))
			worked += w.share - max(w.first, 0)
			open -= w.share
		}
	}
	text := fmt.Sprintf("%d of %s done; %s", v.done, plural(v.total, "cell"), strings.Join(parts, "; "))
	if worked > 0.02 && open > 0 {
		text += fmt.Sprintf("; %s left", roughly(seconds(now.Sub(v.began).Seconds()*open/worked)))
	}
	v.line.Progress(now, text)
}

func keys(m map[int]*working) (list []int) {
	list = append(list, -1)
	for k := range m {
		list = append(list, k)
	}
	return list
}

// had counts a cell that was finished before, or by another process.
func (v *gridView) had(c *protocol.Cell) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.line.Line("%s: AUROC %.4f, as found", cellID{c.Class, c.Seed}, c.Scores["weighted"].AUROC.Value)
}

func (v *gridView) finished(worker int, c *protocol.Cell) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.spent += 1 - max(v.working[worker].first, 0)
	delete(v.working, worker)
	text := fmt.Sprintf("%s: AUROC", cellID{c.Class, c.Seed})
	for _, name := range []string{"weighted", "residual", "discrimination", "logit"} {
		if f, ok := c.Scores[name]; ok {
			text += fmt.Sprintf(" %.4f %s,", f.AUROC.Value, name)
		}
	}
	for _, b := range c.Baselines {
		text += fmt.Sprintf(" %.4f %s,", b.AUROC.Value, b.Name)
	}
	v.line.Line("%s %s training, %s search", text, roughly(seconds(c.Seconds.Training)), roughly(seconds(c.Seconds.Search)))
}

// left takes a cell away that was not finished.
func (v *gridView) left(worker int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.working, worker)
}

// others says once that what is left is in work elsewhere.
func (v *gridView) others(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.waited && len(v.working) == 0 {
		v.waited = true
		v.line.Line("waiting for %s of other processes", plural(n, "cell"))
	}
}

// cellSink turns a training's points into progress.
type cellSink struct {
	view *gridView
	cell cellID
	goal int64
	tell func(share float64, format string, args ...any)
}

func (s *cellSink) Point(p runlog.Point) error {
	s.tell(trainingShare*float64(p.Images)/float64(max(s.goal, 1)), "trained %s of %s images", grouped(p.Images), grouped(s.goal))
	return nil
}

// Finding tells what goes wrong in a training.
func (s *cellSink) Finding(f runlog.Finding) error {
	if !f.Resolved && f.Severity != "info" {
		s.view.line.Line("%s: doctor: %s", s.cell, health.Line(f))
	}
	return nil
}

func (s *cellSink) Image(string, int64, image.Image) error { return nil }
func (s *cellSink) Close() error                           { return nil }
