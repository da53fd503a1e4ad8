package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Open opens a run folder for reading, in any process, also while it is being written.
func Open(dir string) (*Run, error) {
	rec, err := openRecord(dir)
	if err != nil {
		return nil, err
	}
	return &Run{dir: dir, record: rec, files: disk{}}, nil
}

// Resume opens a run folder for writing. It fails with the holder's process and host when another process writes it;
// the lock of a process that died is free. What a killed writer left half written is removed.
//
// The result of an earlier Finish stays until the run has gone on, so that a resumption that fails before leaves a
// finished run finished: SetInfo with a new Resumption, the first Point, or a Rewind that drops points clears it.
func Resume(dir string) (*Run, error) {
	rec, err := openRecord(dir)
	if err != nil {
		return nil, err
	}
	r, err := openWriter(dir, rec)
	if err != nil {
		return nil, err
	}
	// Read again under the lock: the writer before may have changed it since.
	if r.record, err = openRecord(dir); err == nil {
		err = r.recover()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func openRecord(dir string) (record, error) {
	rec, err := readRecord(filepath.Join(dir, runFile))
	if errors.Is(err, fs.ErrNotExist) {
		return rec, fmt.Errorf("runlog: %s is not a run folder: it has no %s", dir, runFile)
	}
	return rec, err
}

// openWriter takes the lock of a run folder and opens its metrics for appending.
func openWriter(dir string, rec record) (*Run, error) {
	l, err := acquire(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	metrics, err := openAppender(filepath.Join(dir, metricsFile))
	if err != nil {
		l.release()
		return nil, err
	}
	return &Run{dir: dir, lock: l, record: rec, metrics: metrics, files: disk{}}, nil
}

// recover removes what a killed writer left behind.
func (r *Run) recover() error {
	return errors.Join(removeTemporary(r.dir), removeTemporary(r.path(samplesDir)), r.recoverSnapshots())
}

// List opens every run folder of root for reading, oldest number first. Folders without a readable run.json are
// left out and named in the error, which comes beside the others. A missing root holds no runs.
func List(root string) ([]*Run, error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	var runs []*Run
	var damaged error
	for _, e := range entries {
		if !e.IsDir() || !runName.MatchString(e.Name()) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		run, err := Open(filepath.Join(root, e.Name()))
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		runs = append(runs, run)
	}
	slices.SortStableFunc(runs, func(a, b *Run) int { return number(filepath.Base(a.dir)) - number(filepath.Base(b.dir)) })
	return runs, damaged
}

// deleted starts the name of a run that is being deleted.
const deleted = ".deleted-"

// Delete removes a run folder with everything in it. It refuses folders that are not runs and runs being written.
// The folder loses its name while it is locked, so no other process can resume the run from then on; should removing
// its content fail or be cut short, the next Create beside it removes the rest.
func Delete(dir string) error {
	dir, err := filepath.Abs(dir)
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, runFile))
	}
	if err != nil {
		return fmt.Errorf("runlog: %s is not a run folder, so it was not deleted: %w", dir, err)
	}
	l, err := acquire(filepath.Join(dir, lockFile))
	if err != nil {
		return err
	}
	return remove(dir, l)
}

// remove deletes a run folder whose lock is held, and releases the lock.
func remove(dir string, l *lock) error {
	defer l.release()
	folder, err := filepath.EvalSymlinks(dir) // where dir is a link, its target holds the run
	if err != nil {
		return fmt.Errorf("runlog: delete %s: %w", dir, err)
	}
	gone := filepath.Join(filepath.Dir(folder), deleted+filepath.Base(folder))
	if err := os.Rename(folder, gone); err != nil {
		return fmt.Errorf("runlog: delete %s: %w", dir, err)
	}
	os.Remove(dir) // the link, where it was one
	if err := os.RemoveAll(gone); err != nil {
		return fmt.Errorf("runlog: delete %s: it is no run any more, but %s remains: %w; remove that folder by hand", dir, gone, err)
	}
	return nil
}
