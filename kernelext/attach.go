package kernelext

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// watchInterval is how often a run folder is looked at.
const watchInterval = liveInterval

// logShown is how many bytes of a failed job's log are part of the error.
const logShown = 3000

// Attach shows a training as Live does, from its run folder, until it ends: one that Detach started in this or another
// notebook, in this or an earlier kernel, or one started from the command line. The name is that of Detach, the id or
// number of a run in the folder runs, the path of a run anywhere, an experiment (its newest run), or "" for what was
// started last. A training that has ended is shown as it is.
//
// The stop button ends only the watching. Several cells may watch one training. Attach panics, so that the cell fails,
// when there is no such training and when its body failed: then with the error and the end of what it printed.
func Attach(name string, series ...string) {
	if jobs.Own() != nil {
		return
	}
	ctx, cancel := Context()
	defer cancel()
	if err := attach(ctx, name, Live(series...)); err != nil {
		panic(fmt.Errorf("kernelext: attach: %w", err))
	}
}

func attach(ctx context.Context, name string, panel *Panel) error {
	t, err := jobs.Find(jobs.Root, name)
	if err != nil {
		return err
	}
	if name == "" {
		name = t.Name()
	}
	panel.recorded = true
	w := &watch{training: t, name: name, panel: panel, sheets: map[string]sheetFile{}}
	return w.follow(ctx)
}

// watch brings what a run folder says into a panel.
type watch struct {
	training *jobs.Training
	name     string // by which it can be attached again
	panel    *Panel

	run    *runlog.Run // nil: none yet
	status string      // of the run
	record os.FileInfo // run.json when it was last read
	points int         // in the panel
	wrong  int         // findings in the panel
	last   int64       // iteration of the last of them
	sheets map[string]sheetFile
}

// sheetFile is a sample sheet in the panel.
type sheetFile struct {
	path string
	at   time.Time
}

// follow renews the panel until the training or ctx ends.
func (w *watch) follow(ctx context.Context) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		if err := w.panel.lost(); err != nil { // the kernel is gone: nobody would ever stop the watching
			return err
		}
		running := w.training.Running() // asked first: what is written later is read in the next round
		if err := w.read(); err != nil {
			return errors.Join(err, w.panel.Close())
		}
		if !running {
			w.panel.setNote(w.ending())
			return errors.Join(w.panel.Close(), w.failure())
		}
		w.panel.setNote(w.hint())
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.panel.setNote(w.farewell())
			return w.panel.leave()
		}
	}
}

// read takes over what is new.
func (w *watch) read() error {
	if err := w.training.Refresh(); err != nil {
		return err
	}
	if dir := w.training.Dir; dir != "" && (w.run == nil || w.run.Dir() != dir) {
		run, err := runlog.Open(dir)
		if err != nil {
			return err
		}
		w.run, w.record, w.points, w.wrong = run, nil, 0, 0
		clear(w.sheets)
		w.panel.reset()
	}
	if w.run == nil {
		return nil
	}
	w.status = w.run.Status()
	w.readGoal()
	if err := w.readPoints(); err != nil {
		return err
	}
	if err := w.readFindings(); err != nil {
		return err
	}
	return w.readSheets()
}

// readGoal asks run.json how far the run is to go: a resumption may have changed it.
func (w *watch) readGoal() {
	info, err := os.Stat(filepath.Join(w.run.Dir(), "run.json"))
	if err != nil || w.record != nil && os.SameFile(info, w.record) && info.ModTime().Equal(w.record.ModTime()) {
		return
	}
	if run, err := runlog.Open(w.run.Dir()); err == nil {
		w.record = info
		w.panel.Goal(run.Info().Goal())
	}
}

// readPoints adds the new points; after a resumption that dropped some, all of them anew.
func (w *watch) readPoints() error {
	points, err := w.run.Points()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	if len(points) < w.points || w.points > 0 && points[w.points-1].Iteration != w.last {
		w.points, w.wrong = 0, 0
		clear(w.sheets)
		w.panel.reset()
	}
	for _, pt := range points[w.points:] {
		// The time of training, not that of reading: an hour of points may arrive at once.
		w.panel.add(pt, time.Unix(0, 0).Add(time.Duration(pt.Seconds*float64(time.Second))))
		w.last = pt.Iteration
	}
	w.points = len(points)
	return nil
}

// readFindings shows what has gone wrong; they are few.
func (w *watch) readFindings() error {
	findings, err := w.run.Findings()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	if len(findings) != w.wrong {
		w.wrong = len(findings)
		w.panel.setFindings(findings)
	}
	return nil
}

// readSheets shows the newest sheet of each name.
func (w *watch) readSheets() error {
	if !w.panel.visible() {
		return nil
	}
	newest := map[string]runlog.SampleFile{}
	for _, s := range w.run.Samples() { // by images within a name
		newest[s.Name] = s
	}
	for name, s := range newest {
		info, err := os.Stat(s.Path)
		if err != nil {
			continue // dropped by a resumption since
		}
		if f := (sheetFile{s.Path, info.ModTime()}); f != w.sheets[name] {
			img, err := s.Load()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = w.panel.Image(name, s.Images, img)
			}
			if err != nil {
				return err
			}
			w.sheets[name] = f
		}
	}
	return nil
}

// failure is the error of a training that failed: of the job's body, or as the run says it.
func (w *watch) failure() error {
	job := w.training.Job
	if job == nil || w.finishedSince(job) {
		if reason, failed := strings.CutPrefix(w.status, "failed: "); failed {
			return fmt.Errorf("%s failed: %s", w.name, reason)
		}
		return nil
	}
	end := job.LogEnd(logShown)
	if end == "" {
		end = "(nothing)"
	}
	switch job.State() {
	case jobs.Failed:
		return fmt.Errorf("%s failed: %s\n\nThe end of what it printed (%s):\n%s", w.name, job.Error, job.Log(), end)
	case jobs.Died:
		return fmt.Errorf("%s: its process ended without finishing the body of Detach: it was killed, it crashed, or the cell ended before Detach(%q)%s\n\nThe end of what it printed (%s):\n%s",
			w.name, job.Name, w.resumption(), job.Log(), end)
	}
	return nil
}

// finishedSince reports whether the run of a job has been brought to its end after the job's own: somebody resumed it.
func (w *watch) finishedSince(job *jobs.Job) bool {
	if w.run == nil {
		return false
	}
	run, err := runlog.Open(w.run.Dir())
	if err != nil {
		return false
	}
	result, ended := run.Result()
	return ended && result.Finished.After(job.Ended)
}

// hint says, below a panel that is alive, how to see it again and how to end the training.
func (w *watch) hint() string {
	what := "Training"
	switch {
	case w.run != nil:
		what += " " + html.EscapeString(filepath.Base(w.run.Dir()))
	case w.training.Job != nil:
		what = "Preparing " + html.EscapeString(w.training.Job.Name)
		if lines := strings.FieldsFunc(w.training.Job.LogEnd(200), func(r rune) bool { return r == '\n' || r == '\r' }); len(lines) > 0 {
			what += " (" + html.EscapeString(lines[len(lines)-1]) + ")"
		}
	}
	return fmt.Sprintf("%s in a process of its own. The stop button ends only the watching. After the page was reloaded, or in another notebook, see it again with %s; end it with %s.",
		what, w.call("Attach"), w.call("Stop"))
}

// farewell is the last line after the stop button.
func (w *watch) farewell() string {
	text := fmt.Sprintf("Not watched any more; the training goes on. See it again with %s; end it with %s", w.call("Attach"), w.call("Stop"))
	if w.run != nil {
		text += " or <code>./ganbook runs stop " + html.EscapeString(w.path()) + "</code>"
	}
	return text + "."
}

// ending is the last line of a training that has ended.
func (w *watch) ending() string {
	if w.run == nil {
		return "It ended before it had a run."
	}
	id := html.EscapeString(filepath.Base(w.run.Dir()))
	switch {
	case w.status == jobs.Done:
		return id + " is done."
	case w.status == jobs.Stopped:
		return id + " was stopped" + w.resumption() + "."
	case w.status == "interrupted":
		return id + ": its process died without finishing" + w.resumption() + "."
	}
	return id + " " + html.EscapeString(w.status) + "."
}

// resumption says how to go on with a run that did not reach its end.
func (w *watch) resumption() string {
	if images, ok := w.training.Saved(); ok {
		return fmt.Sprintf("; go on from its snapshot after %s images with ./ganbook resume %s", thousands(images), w.path())
	}
	return ""
}

func (w *watch) path() string {
	if path, err := filepath.Abs(w.run.Dir()); err == nil {
		return path
	}
	return w.run.Dir()
}

func (w *watch) call(function string) string {
	return "<code>" + html.EscapeString(fmt.Sprintf("kernelext.%s(%q)", function, w.name)) + "</code>"
}

// clock is a time of this day, or with its day.
func clock(t time.Time) string {
	t = t.Local()
	if now := time.Now(); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 January 15:04")
}
