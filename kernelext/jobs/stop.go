package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// patience is how long Stop waits for a training to save: its iteration, a last sheet, the figures and a snapshot.
const patience = 2 * time.Minute

// ErrNotRunning is wrapped by the error of Stop when no process is training.
var ErrNotRunning = errors.New("it is not running")

// Stop asks the process of a training to end, as the stop button does, and waits until it has saved. When ctx ends, the
// training is still told to stop, but not waited for.
func (t *Training) Stop(ctx context.Context) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	who, stillThere, err := t.process(ctx, late.C)
	if err != nil {
		return err
	}
	if err := t.terminate(who); err != nil {
		return err
	}
	late.Reset(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for stillThere() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("jobs: %s was told to stop and is still saving: %w", t.Name(), ctx.Err())
		case <-late.C:
			return fmt.Errorf("jobs: %s was told to stop, but process %d still runs after %v; look into its log, or end it with "+
				"kill -9 %d: what it did since its last snapshot is then lost", t.Name(), who.PID, patience, who.PID)
		}
	}
	return t.Refresh()
}

// process returns who trains, and how to see whether it still does.
func (t *Training) process(ctx context.Context, late <-chan time.Time) (who runlog.Holder, stillThere func() bool, err error) {
	if t.Job != nil && t.Job.State() == Running {
		for t.Job.PID == 0 && t.Job.State() == Running { // its program is being started
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return who, nil, fmt.Errorf("jobs: %s was not told to stop, its program has not said its process number yet: %w", t.Name(), ctx.Err())
			case <-late:
				return who, nil, fmt.Errorf("jobs: %s cannot be stopped: its program does not say its process number in %s; look whether the disk is full, "+
					"and end the program %s with kill -TERM", t.Name(), filepath.Join(t.Job.dir, recordFile), filepath.Join(t.Job.dir, programFile))
			}
			if err := t.Refresh(); err != nil {
				return who, nil, err
			}
		}
		who = runlog.Holder{PID: t.Job.PID, Host: t.Job.Host, Started: t.Job.Started}
		return who, func() bool { return t.Job.State() == Running }, nil
	}
	if t.Dir == "" {
		return who, nil, fmt.Errorf("jobs: %s: %w", t.Name(), ErrNotRunning)
	}
	run, err := runlog.Open(t.Dir)
	if err != nil {
		return who, nil, err
	}
	who, ok := run.Holder()
	switch {
	case !ok:
		return who, nil, fmt.Errorf("jobs: %s: %w (%s)", t.Name(), ErrNotRunning, run.Status())
	case who.PID == 0:
		return who, nil, fmt.Errorf("jobs: %s is being trained, but its lock does not say by which process; end that one with kill -TERM", t.Dir)
	}
	return who, func() bool { _, ok := run.Holder(); return ok }, nil
}

// terminate sends the one signal. A program takes a second one as an order to end without saving, so whoever asks once
// more for the same process only waits.
func (t *Training) terminate(who runlog.Holder) error {
	if host, _ := os.Hostname(); who.Host != host {
		return fmt.Errorf("jobs: %s is being trained on another machine: process %d on %s, this is %s; stop it there", t.Name(), who.PID, who.Host, host)
	}
	dir := t.Dir
	if dir == "" {
		dir = t.Job.dir
	}
	told := filepath.Join(dir, toldFile)
	var before runlog.Holder
	if b, err := os.ReadFile(told); err == nil && json.Unmarshal(b, &before) == nil && before.PID == who.PID && before.Started.Equal(who.Started) {
		return nil
	}
	if err := syscall.Kill(who.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("jobs: cannot stop %s: process %d: %w; it may belong to another user or container", t.Name(), who.PID, err)
	}
	if b, err := json.Marshal(who); err == nil {
		os.WriteFile(told, b, 0o666) // without it a second Stop would only be less patient
	}
	return nil
}

// toldFile says which process was told to stop. Its name makes the next Resume of the run remove it.
const toldFile = ".tmp-told-to-stop"
