package train

import (
	"errors"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// failuresAllowed is how many snapshots in a row may fail before training stops: a full disk may be emptied in time,
// a night's training that cannot be kept is not worth going on.
const failuresAllowed = 3

// saver writes snapshots beside the training, one at a time.
type saver struct {
	run      *runlog.Run
	pending  chan error // of the snapshot being written; nil: none
	failures int
}

func newSaver(run *runlog.Run) *saver { return &saver{run: run} }

// wait ends the snapshot being written and returns its error.
func (s *saver) wait() error {
	if s == nil || s.pending == nil {
		return nil
	}
	err := <-s.pending
	s.pending = nil
	return err
}

// save begins to write a snapshot. It copies nothing: the entries must not change until wait.
func (s *saver) save(entries []runlog.Tensor, state State) {
	done := make(chan error, 1)
	s.pending = done
	go func() {
		if name := notFinite(entries); name != "" {
			done <- fmt.Errorf("train: %s holds numbers that are not finite after iteration %d; the snapshot was not written", name, state.Iteration)
			return
		}
		done <- s.run.Save(state.Images, entries, state, state.Scores.Value())
	}()
}

// saveSoon begins a snapshot; training goes on as soon as the variables are copied (tens of milliseconds).
func (t *Trainer) saveSoon() error {
	if t.saver == nil {
		return nil
	}
	if err := t.settle(t.saver.wait()); err != nil {
		return err
	}
	entries, state, err := t.capture()
	if err != nil {
		return err
	}
	t.saver.save(entries, state)
	return nil
}

// settle decides what a failed snapshot means: a warning, until too many failed in a row.
func (t *Trainer) settle(err error) error {
	if err == nil {
		t.saver.failures = 0
		return nil
	}
	t.saver.failures++
	if t.saver.failures >= failuresAllowed {
		return fmt.Errorf("train: %s: %d snapshots in a row failed, training stops: %w", t.gan.Name, t.saver.failures, err)
	}
	t.warn("a snapshot failed, training goes on: %v", err)
	return nil
}

// ErrNotSaved is wrapped by the error of a training whose last snapshot could not be written, whatever else ended it.
var ErrNotSaved = errors.New("the last snapshot failed")

// saveNow writes the last snapshot and waits for it.
func (t *Trainer) saveNow() error {
	if t.saver == nil {
		return nil
	}
	if err := t.saver.wait(); err != nil {
		t.warn("a snapshot failed: %v", err)
	}
	entries, state, err := t.capture()
	if err == nil {
		t.saver.save(entries, state)
		err = t.saver.wait()
	}
	if err != nil {
		return fmt.Errorf("train: %s: %w, the run stays at the one before: %w", t.gan.Name, ErrNotSaved, err)
	}
	return nil
}

// kept says whether the run has a snapshot, once the one being written is.
func (t *Trainer) kept() bool {
	if t.saver == nil {
		return false
	}
	if err := t.saver.wait(); err != nil {
		t.warn("a snapshot failed: %v", err)
	}
	return len(t.saver.run.Snapshots()) > 0
}
