package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Training is what a name stands for: a run, the detached job that trains it, or a job that has no run yet.
type Training struct {
	Job *Job   // nil: a run that no job of this folder is training
	Dir string // the run folder, "" before there is one
}

// Places are the folders of runs where a training of this checkout may be, without those that do not exist: root, that
// of the command line, that of the notebooks. The launcher and the kernel say in GANBOOK_ROOT where the checkout is.
func Places(root string) []string {
	places := []string{root}
	known := map[string]bool{}
	if path, err := filepath.Abs(root); err == nil {
		known[path] = true
	}
	checkout := os.Getenv("GANBOOK_ROOT")
	for _, place := range []string{filepath.Join(checkout, Root), filepath.Join(checkout, "notebooks", Root)} {
		if _, err := os.Stat(place); checkout != "" && !known[place] && err == nil {
			places = append(places, place)
		}
	}
	return places
}

// Look is Find in root and then in the other places; of "" it returns what was started last in all of them.
func Look(root, name string) (*Training, error) {
	var found *Training
	var failed error
	for _, place := range Places(root) {
		t, err := Find(place, name)
		switch {
		case err != nil && failed == nil:
			failed = err // the first is where it was expected
		case err == nil && name != "":
			return t, nil
		case err == nil && (found == nil || t.started().After(found.started())):
			found = t
		}
	}
	if found != nil {
		return found, nil
	}
	return nil, failed
}

// Find returns the training of a name: the name of a job, a run folder, the id or number of a run below root, an
// experiment (its newest run), or "" for what was started last.
func Find(root, name string) (*Training, error) {
	if name != "" {
		if run, err := runlog.Open(name); err == nil {
			return ofRun(run.Dir())
		}
	}
	all, err := List(root)
	if err != nil {
		return nil, err
	}
	runs, damaged := runlog.List(root)
	if name == "" {
		return newest(root, all, runs, damaged)
	}
	for i := len(all) - 1; i >= 0; i-- {
		if folder(all[i].Name) == folder(name) {
			return &Training{Job: all[i], Dir: all[i].Run}, nil
		}
	}
	for i := len(runs) - 1; i >= 0; i-- {
		if isCalled(runs[i], name) {
			return ofRun(runs[i].Dir())
		}
	}
	return nil, errors.Join(unknown(root, name, all, runs), damaged)
}

// isCalled reports whether a run has that id, number or experiment.
func isCalled(run *runlog.Run, name string) bool {
	id := filepath.Base(run.Dir())
	number, _, _ := strings.Cut(id, "-")
	digits := strings.TrimLeft(name, "0")
	return id == name || digits != "" && digits == strings.TrimLeft(number, "0") || run.Info().Experiment == name
}

// ofRun is the training of a run folder, with the job that is training it.
func ofRun(dir string) (*Training, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	all, err := List(filepath.Dir(path))
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Run == path && all[i].State() == Running {
			return &Training{Job: all[i], Dir: dir}, nil
		}
	}
	return &Training{Dir: dir}, err
}

// newest is what was started last, a job or a run.
func newest(root string, all []*Job, runs []*runlog.Run, damaged error) (*Training, error) {
	var last *runlog.Run
	var started time.Time
	for _, run := range runs {
		if at := begun(run); !at.Before(started) {
			last, started = run, at
		}
	}
	if n := len(all); n > 0 && (last == nil || all[n-1].Started.After(started)) {
		return &Training{Job: all[n-1], Dir: all[n-1].Run}, nil
	}
	if last == nil {
		path, _ := filepath.Abs(root)
		return nil, errors.Join(fmt.Errorf("jobs: there is no training in %s; start one, or name the folder of a run elsewhere", path), damaged)
	}
	return ofRun(last.Dir())
}

// begun is when the run was started or resumed last.
func begun(run *runlog.Run) time.Time {
	info := run.Info()
	if n := len(info.Resumed); n > 0 {
		return info.Resumed[n-1].Time
	}
	return info.Started
}

func (t *Training) started() time.Time {
	if t.Job != nil {
		return t.Job.Started
	}
	run, err := runlog.Open(t.Dir)
	if err != nil {
		return time.Time{}
	}
	return begun(run)
}

func unknown(root, name string, all []*Job, runs []*runlog.Run) error {
	path, _ := filepath.Abs(root)
	text := fmt.Sprintf("jobs: there is no training %q, neither a run folder of that name nor in %s", name, path)
	var there []string
	if n := len(all); n > 0 {
		there = append(there, all[n-1].Name)
	}
	if n := len(runs); n > 0 {
		there = append(there, filepath.Base(runs[n-1].Dir()))
	}
	if len(there) > 0 {
		text += "; the newest there: " + strings.Join(there, ", ")
	}
	return errors.New(text)
}

// Name is how people call the training: the name of its job, else the id of its run.
func (t *Training) Name() string {
	if t.Job != nil {
		return t.Job.Name
	}
	return filepath.Base(t.Dir)
}

// Running reports whether a process is training it.
func (t *Training) Running() bool {
	if t.Job != nil && t.Job.State() == Running {
		return true
	}
	if t.Dir == "" {
		return false
	}
	run, err := runlog.Open(t.Dir)
	if err != nil {
		return false
	}
	_, ok := run.Holder()
	return ok
}

// Saved returns the images shown at the newest snapshot; ok is false when there is none.
func (t *Training) Saved() (images int64, ok bool) {
	if t.Dir == "" {
		return 0, false
	}
	run, err := runlog.Open(t.Dir)
	if err != nil {
		return 0, false
	}
	snapshots := run.Snapshots()
	if len(snapshots) == 0 {
		return 0, false
	}
	return snapshots[0], true
}

// Status is that of the run, else the state of the job.
func (t *Training) Status() string {
	if run, err := runlog.Open(t.Dir); err == nil {
		return run.Status()
	}
	return t.Job.State()
}

// Refresh looks whether the job has a run by now.
func (t *Training) Refresh() error {
	if t.Job == nil {
		return nil
	}
	err := t.Job.Refresh()
	if t.Job.Run != "" {
		t.Dir = t.Job.Run
	}
	return err
}
