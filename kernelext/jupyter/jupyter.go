// Package jupyter makes and uses a Python virtual environment with the JupyterLab that the project pins.
//
// The environment lies in ganbook's cache and belongs to ganbook alone: every package is the one of a lock file, checked against its
// hash, and the user's own Jupyter, if there is one, is neither used nor changed.
package jupyter

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// LabLock is the lock file of JupyterLab: one requirement a package with version and hashes, for all systems and Python versions.
//
//go:embed locks/lab.lock
var LabLock []byte

// Environment is a complete virtual environment. Its folder cannot be moved.
type Environment struct {
	Dir string
}

// ErrMissing: there is no complete environment. Build makes one.
var ErrMissing = errors.New("JupyterLab is not installed")

// Open finds the complete environment for the pinned JupyterLab in a cache folder, of several the one used last. It starts no program.
func Open(cache string) (*Environment, error) { return open(cache, LabLock, "") }

func open(cache string, lock []byte, version string) (*Environment, error) {
	var found *Environment
	var used time.Time
	for _, dir := range shared.Find(home(cache), folder(lock, orAny(version))) {
		e := &Environment{Dir: dir}
		if at, ok := e.complete(); ok && (found == nil || at.After(used)) {
			found, used = e, at
		}
	}
	if found == nil {
		return nil, fmt.Errorf("jupyter: %w in %s; install it with ./ganbook setup", ErrMissing, home(cache))
	}
	return found, nil
}

// home is where a cache keeps environments and what JupyterLab stores.
func home(cache string) string { return filepath.Join(cache, "jupyter") }

// folder is the name of an environment: it depends on all that decides what is in it.
func folder(lock []byte, version string) string {
	hash := sha256.Sum256(lock)
	return fmt.Sprintf("env-%x-py%s-%s-%s", hash[:6], version, runtime.GOOS, runtime.GOARCH)
}

func orAny(version string) string {
	if version == "" {
		return "*"
	}
	return version
}

// marker is written last: an environment without it was interrupted while it was made. Its time is that of the last use.
const marker = ".complete"

// complete says whether the environment can be used, and when it was used last. The interpreter it was made from may be gone.
func (e *Environment) complete() (used time.Time, ok bool) {
	info, err := os.Stat(filepath.Join(e.Dir, marker))
	if err != nil {
		return used, false
	}
	for _, program := range []string{e.Python(), e.Jupyter()} {
		if p, err := os.Stat(program); err != nil || p.Mode()&0o111 == 0 {
			return used, false
		}
	}
	return info.ModTime(), true
}

// Python is the environment's interpreter.
func (e *Environment) Python() string { return filepath.Join(e.Dir, "bin", "python") }

// Jupyter is the environment's jupyter command.
func (e *Environment) Jupyter() string { return filepath.Join(e.Dir, "bin", "jupyter") }

// Lab is the environment's jupyter-lab command.
func (e *Environment) Lab() string { return filepath.Join(e.Dir, "bin", "jupyter-lab") }

// DataDir is the Jupyter data folder of the environment, where its kernels are.
func (e *Environment) DataDir() string { return filepath.Join(e.Dir, "share", "jupyter") }

// Version is that of an installed package, named as its dist-info folder has it; "" when it is not installed.
func (e *Environment) Version(name string) string {
	found := shared.Find(e.Dir, "lib/python3.*/site-packages/"+name+"-*.dist-info")
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[len(found)-1]), name+"-"), ".dist-info")
}
