package jupyter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// keep is how long an environment that nobody uses any more is kept: a checkout of another version may come back to it.
const keep = 30 * 24 * time.Hour

// tidy removes the environments that were interrupted or not used for long, except current; the caller holds the lock.
func tidy(o Options, current *Environment) {
	for _, e := range all(o.Cache) {
		used, ok := e.complete()
		if e.Dir == current.Dir || ok && time.Since(used) < keep || shared.InUse(e.Dir) {
			continue
		}
		if err := e.remove(); err == nil {
			o.logf("jupyter: removed %s, of an older version", e.Dir)
		}
	}
}

// Remove removes every environment of a cache. One that a program runs from stays and is an error. What JupyterLab stored for its
// user (settings, layouts) stays.
func Remove(ctx context.Context, o Options) error {
	if _, err := os.Stat(home(o.Cache)); err != nil {
		o.logf("jupyter: nothing is installed in %s", home(o.Cache))
		return nil
	}
	held, err := shared.Lock(ctx, filepath.Join(home(o.Cache), ".lock"), func() {
		o.logf("jupyter: another setup is at work; waiting for it")
	})
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	defer held.Release()
	var failed error
	for _, e := range all(o.Cache) {
		if shared.InUse(e.Dir) {
			failed = errors.Join(failed, fmt.Errorf("jupyter: a program runs from %s: end JupyterLab first (Ctrl-C where it was started)", e.Dir))
			continue
		}
		if err := e.remove(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("jupyter: %w", err))
			continue
		}
		o.logf("jupyter: removed %s", e.Dir)
	}
	for _, dir := range shared.Find(userHome(o.Cache), "checkout-*/kernels") {
		failed = errors.Join(failed, os.RemoveAll(dir))
	}
	if _, err := os.Stat(userHome(o.Cache)); err == nil {
		o.logf("jupyter: your JupyterLab settings stay in %s", userHome(o.Cache))
	}
	return failed
}

func all(cache string) (list []*Environment) {
	for _, dir := range shared.Find(home(cache), "env-*") {
		list = append(list, &Environment{Dir: dir})
	}
	return list
}

// remove takes the mark first, so that a removal that is interrupted leaves no environment that looks complete.
func (e *Environment) remove() error {
	if err := os.Remove(filepath.Join(e.Dir, marker)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(e.Dir)
}
