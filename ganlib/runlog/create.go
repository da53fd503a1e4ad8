package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	runName  = regexp.MustCompile(`^\.?([0-9]{5,})(-.*)?$`)
	unusable = regexp.MustCompile(`[^A-Za-z0-9._]+`)
)

// Create makes the next run folder in root, "00001-dcgan" for the experiment "dcgan", and locks it for writing.
// Several processes may create runs in one root at once. ID, Started, Host and Modules are filled in where empty.
func Create(root string, info Info) (*Run, error) {
	name := strings.Trim(unusable.ReplaceAllString(info.Experiment, "-"), "-.")
	if name == "" {
		return nil, fmt.Errorf("runlog: experiment %q has no letter or digit to name a folder with", info.Experiment)
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, fmt.Errorf("runlog: cannot make the folder for runs: %w; choose another with --out", err)
	}
	if info.Started.IsZero() {
		info.Started = time.Now().UTC()
	}
	if info.Host.OS == "" {
		info.Host = Host()
	}
	if info.Modules == nil {
		info.Modules = Modules()
	}
	dir, rec, err := reserve(root, name, info)
	if err != nil {
		return nil, err
	}
	return openWriter(dir, rec)
}

// reserve takes the next free number. The folder is filled under the name ".00001" and renamed, so a run folder is
// never seen without its run.json, and the number is looked for once more after it is reserved: another process may
// have finished taking it between the first look and the reservation.
func reserve(root, name string, info Info) (string, record, error) {
	for {
		next, err := nextNumber(root)
		if err != nil {
			return "", record{}, err
		}
		temp := filepath.Join(root, fmt.Sprintf(".%05d", next))
		err = os.Mkdir(temp, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", record{}, fmt.Errorf("runlog: cannot make a run folder: %w; choose another place with --out", err)
		}
		if taken, err := filepath.Glob(filepath.Join(escapeGlob(root), fmt.Sprintf("%05d*", next))); err != nil || len(taken) > 0 {
			os.Remove(temp)
			continue
		}
		info.ID = fmt.Sprintf("%05d-%s", next, name)
		rec := record{Format: recordFormat, Info: info}
		dir := filepath.Join(root, info.ID)
		if err := rec.write(filepath.Join(temp, runFile)); err != nil {
			os.RemoveAll(temp)
			return "", record{}, err
		}
		if err := os.Rename(temp, dir); err != nil {
			os.RemoveAll(temp)
			return "", record{}, fmt.Errorf("runlog: %w", err)
		}
		syncDir(root)
		return dir, rec, nil
	}
}

// escapeGlob makes a path that contains *, ? or [ match itself.
var escapeGlob = strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace

func nextNumber(root string) (int, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return 0, fmt.Errorf("runlog: %w", err)
	}
	last := 0
	for _, e := range entries {
		if m := runName.FindStringSubmatch(e.Name()); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				last = max(last, n)
			}
		}
	}
	return last + 1, nil
}

// Open opens a run folder for reading, in any process, also while it is being written.
func Open(dir string) (*Run, error) {
	rec, err := openRecord(dir)
	if err != nil {
		return nil, err
	}
	return &Run{dir: dir, record: rec, files: disk{}}, nil
}

// Resume opens a run folder for writing. It fails with the holder's process and host when another process writes it;
// the lock of a process that died is free. What a killed writer left half written is removed, and the result of an
// earlier Finish is cleared.
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
	if err == nil && r.record.Result != nil {
		err = r.update(func(rec *record) { rec.Result = nil })
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
	slices.SortStableFunc(runs, func(a, b *Run) int { return number(a.dir) - number(b.dir) })
	return runs, damaged
}

func number(dir string) int {
	n := 0
	if m := runName.FindStringSubmatch(filepath.Base(dir)); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	return n
}

// Delete removes a run folder with everything in it. It refuses folders that are not runs and runs being written.
func Delete(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, runFile)); err != nil {
		return fmt.Errorf("runlog: %s is not a run folder, so it was not deleted: %w", dir, err)
	}
	l, err := acquire(filepath.Join(dir, lockFile))
	if err != nil {
		return err
	}
	// run.json goes last, so that a half deleted run can still be deleted; the lock is released before its file goes,
	// for systems that do not remove open files.
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != runFile && e.Name() != lockFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	err = errors.Join(err, l.release())
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("runlog: delete %s: %w", dir, err)
	}
	return nil
}
