package kernelext

import (
	"context"
	"fmt"
	"html"
	"path/filepath"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// Attach shows a training as Live does, from its run folder, until it ends: one that Detach started in this or another
// notebook, in this or an earlier kernel, or one started from the command line. The name is that of Detach, the id or
// number of a run in the folder runs (of the notebook, else of the checkout), the path of a run anywhere, an experiment
// (its newest run), or "" for what was started last. A training that has ended is shown as it is.
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
	if ctx.Err() != nil {
		leave()
	}
}

func attach(ctx context.Context, name string, panel *Panel) error {
	t, err := jobs.Look(jobs.Root, name)
	if err != nil {
		return err
	}
	if name == "" { // in the panel stands a name that means the same tomorrow
		name = t.Name()
		if same, err := jobs.Look(jobs.Root, name); err != nil || same.Dir != t.Dir {
			name = t.Dir
		}
	}
	panel.recorded = true
	w := &watch{training: t, name: name, panel: panel, sheets: map[string]sheetFile{}}
	return w.follow(ctx)
}

// logShown is how many bytes of a failed job's log are part of the error.
const logShown = 3000

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
