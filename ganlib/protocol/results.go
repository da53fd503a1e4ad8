package protocol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Results is a folder of one evaluation at one scale: evaluation.json and a file for each finished cell.
type Results struct {
	Dir        string
	Evaluation *Evaluation
}

// EvaluationFile is the name of an evaluation in the folder of its cells.
const EvaluationFile = "evaluation.json"

// Folder is where the cells of an evaluation at a scale lie below the root of all results.
func Folder(root, name, scale string) string {
	return filepath.Join(root, filepath.FromSlash(name), scale)
}

// OpenResults reads a folder's evaluation.
func OpenResults(dir string) (*Results, error) {
	e, err := Read(filepath.Join(dir, EvaluationFile))
	if err != nil {
		return nil, err
	}
	return &Results{dir, e}, nil
}

// BaselineFile is where the baselines of a class lie; those of all scales are the same.
func (r *Results) BaselineFile(class int) string {
	return filepath.Join(filepath.Dir(r.Dir), "baselines", fmt.Sprintf("class-%d.json", class))
}

// Cell reads a cell; nil: it is not finished.
func (r *Results) Cell(class int, seed int64) (*Cell, error) {
	c, err := readCell(filepath.Join(r.Dir, cellName(class, seed)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if c.Protocol != r.Evaluation.Hash {
		return nil, &Edited{Path: filepath.Join(r.Dir, EvaluationFile), Fixed: r.Evaluation.Hash, Is: r.Evaluation.Hash, Cell: cellName(class, seed), CellProtocol: c.Protocol}
	}
	return c, nil
}

// Cells reads all that are finished, by class and then by seed. The error names those that cannot be read; the others come
// beside it.
func (r *Results) Cells() (cells []*Cell, err error) {
	var unread []error
	for _, class := range r.Evaluation.Classes {
		for _, seed := range r.Evaluation.Seeds {
			c, err := r.Cell(class, seed)
			if err != nil {
				unread = append(unread, err)
			} else if c != nil {
				cells = append(cells, c)
			}
		}
	}
	return cells, errors.Join(unread...)
}

// AllResults finds every evaluation below a root, by name and scale, each before its variants.
func AllResults(root string) (list []*Results, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != EvaluationFile {
			return err
		}
		r, err := OpenResults(filepath.Dir(path))
		if err == nil {
			list = append(list, r)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("protocol: there are no results in %s: %w", root, err)
	}
	slices.SortStableFunc(list, func(a, b *Results) int {
		x, y := a.Evaluation, b.Evaluation
		return cmp.Or(cmp.Compare(x.Published, y.Published), first(x.Name == x.Published, y.Name == y.Published), cmp.Compare(x.Name, y.Name), cmp.Compare(a.Dir, b.Dir))
	})
	return list, err
}

// first puts what is so before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Claim takes a cell for this process; nobody else gets it before Release, or the end of the process. The error wraps
// [runlog.ErrLocked] while somebody has it.
func (r *Results) Claim(class int, seed int64) (*runlog.FileLock, error) {
	return lock(filepath.Join(r.Dir, strings.TrimSuffix(cellName(class, seed), ".json")+".lock"))
}

func lock(path string) (*runlog.FileLock, error) {
	l, err := runlog.LockFile(path)
	if err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	return l, nil
}

// waitForLock takes a lock as soon as it is free.
func waitForLock(ctx context.Context, path string) (*runlog.FileLock, error) {
	for {
		l, err := lock(path)
		if !errors.Is(err, runlog.ErrLocked) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// escapeGlob makes a path that contains *, ? or [ match itself.
var escapeGlob = strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace
