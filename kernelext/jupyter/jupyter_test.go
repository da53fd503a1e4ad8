package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every requirement of the lock file names one version and at least one hash, and JupyterLab is among them.
func TestLabLockIsPinned(t *testing.T) {
	requirement := regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*==[0-9][0-9A-Za-z.]*( ; .+)?$`)
	hash := regexp.MustCompile(`^--hash=sha256:[0-9a-f]{64}$`)
	var names []string
	joined := strings.ReplaceAll(string(LabLock), "\\\n", "\x00")
	for line := range strings.Lines(joined) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, "\x00")
		if !requirement.MatchString(strings.TrimSpace(parts[0])) {
			t.Errorf("requirement %q names no single version", parts[0])
		}
		if len(parts) < 2 {
			t.Errorf("%q has no hash", parts[0])
		}
		for _, h := range parts[1:] {
			if !hash.MatchString(strings.TrimSpace(h)) {
				t.Errorf("%s: hash %q", parts[0], h)
			}
		}
		name, _, _ := strings.Cut(parts[0], "==")
		names = append(names, name)
	}
	for _, want := range []string{"jupyterlab", "jupyter-server", "jupyter-client", "pyzmq", "nbconvert"} {
		if !slices.Contains(names, want) {
			t.Errorf("the lock file has no %s", want)
		}
	}
}

// The project's own lock files equal those that were tried out.
func TestLocksAreThoseThatWereTried(t *testing.T) {
	for name, ours := range map[string][]byte{"lab": LabLock, "cuda": CUDA.Lock} {
		tried, err := os.ReadFile("../../../shared/stack/locks/" + name + ".lock")
		if err != nil {
			t.Skip("no shared data beside the checkout")
		}
		if !bytes.Equal(tried, ours) {
			t.Errorf("locks/%s.lock differs from the lock file that was tried out", name)
		}
	}
}

// fakeEnvironment makes what looks like a complete environment.
func fakeEnvironment(t *testing.T, cache string, lock []byte, version string, used time.Time) *Environment {
	t.Helper()
	e := &Environment{Dir: filepath.Join(home(cache), folder(lock, version))}
	for _, file := range []string{e.Python(), e.Jupyter(), filepath.Join(e.Dir, marker)} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(e.Dir, marker), used, used); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOpen(t *testing.T) {
	cache, now := t.TempDir(), time.Now()
	if _, err := Open(cache); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "./ganbook setup") {
		t.Fatalf("an empty cache: %v", err)
	}
	fakeEnvironment(t, cache, []byte("another lock file"), "3.12", now)
	if _, err := Open(cache); !errors.Is(err, ErrMissing) {
		t.Fatalf("an environment of another lock file: %v", err)
	}
	older := fakeEnvironment(t, cache, LabLock, "3.11", now.Add(-time.Hour))
	newer := fakeEnvironment(t, cache, LabLock, "3.10", now)
	if e, err := Open(cache); err != nil || e.Dir != newer.Dir {
		t.Fatalf("%+v, %v; want the one used last, %s", e, err, newer.Dir)
	}
	if err := os.Remove(filepath.Join(newer.Dir, marker)); err != nil { // interrupted while it was made
		t.Fatal(err)
	}
	if e, err := Open(cache); err != nil || e.Dir != older.Dir {
		t.Fatalf("%+v, %v; want the whole one, %s", e, err, older.Dir)
	}
	if err := errors.Join(os.Remove(older.Python()), os.Symlink("/absent/python3", older.Python())); err != nil { // its Python was removed
		t.Fatal(err)
	}
	if e, err := Open(cache); !errors.Is(err, ErrMissing) {
		t.Fatalf("without an interpreter: %+v, %v", e, err)
	}
}

// A complete environment is used whatever Python there is, and its settings are mended.
func TestBuildUsesWhatIsThere(t *testing.T) {
	fakePythons(t, nil)
	cache := t.TempDir()
	want := fakeEnvironment(t, cache, LabLock, "3.11", time.Now())
	e, err := Build(t.Context(), Options{Cache: cache})
	if err != nil || e.Dir != want.Dir {
		t.Fatalf("%+v, %v; want %s", e, err, want.Dir)
	}
	for name, folder := range settingFolders {
		text, err := os.ReadFile(filepath.Join(e.Dir, folder, name))
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %v, %s", name, err, text)
		}
	}
}

func TestTidyAndRemove(t *testing.T) {
	cache, now := t.TempDir(), time.Now()
	current := fakeEnvironment(t, cache, LabLock, "3.11", now)
	recent := fakeEnvironment(t, cache, []byte("a"), "3.11", now.Add(-24*time.Hour))
	old := fakeEnvironment(t, cache, []byte("b"), "3.11", now.Add(-31*24*time.Hour))
	partial := fakeEnvironment(t, cache, []byte("c"), "3.11", now)
	if err := os.Remove(filepath.Join(partial.Dir, marker)); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	o := Options{Cache: cache, Log: &log}
	tidy(o, current)
	for e, want := range map[*Environment]bool{current: true, recent: true, old: false, partial: false} {
		if _, err := os.Stat(e.Dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", e.Dir, err == nil, want)
		}
	}
	settings := filepath.Join(userHome(cache), "config", "theme")
	if err := errors.Join(os.MkdirAll(filepath.Dir(settings), 0o700), os.WriteFile(settings, []byte("dark"), 0o600)); err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(ServerDataDir(cache, "/checkout"), "kernels", "ganbook")
	if err := os.MkdirAll(kernel, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Remove(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kernel); err == nil {
		t.Errorf("left: %s", kernel)
	}
	if left := all(cache); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(settings); err != nil || !strings.Contains(log.String(), userHome(cache)) {
		t.Errorf("the user's settings: %v\n%s", err, log.String())
	}
	if err := Remove(t.Context(), o); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

func TestRemedy(t *testing.T) {
	for message, want := range map[string]string{
		"OSError: [Errno 28] No space left on device":                                               "GANBOOK_CACHE",
		"mkdir /x: permission denied":                                                               "GANBOOK_CACHE",
		"mkdir /x: read-only file system":                                                           "GANBOOK_CACHE",
		"ERROR: No matching distribution found for anyio==4.16.0":                                   "PIP_INDEX_URL",
		"NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in": "HTTPS_PROXY",
		"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE":                  "lock file",
		"something else": "--kernel-only",
	} {
		if got := remedy(message, withoutLab); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

// A cache that cannot be written is an error that names the variable to set.
func TestBuildInABadFolder(t *testing.T) {
	fakePythons(t, map[string]string{"python3": "cpython 3.11.2 ordinary venv ensurepip"})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), Options{Cache: file}); err == nil || !strings.Contains(err.Error(), "GANBOOK_CACHE") {
		t.Errorf("%v", err)
	}
}

func TestCleanEnviron(t *testing.T) {
	got := cleanEnviron([]string{"PATH=/bin", "PYTHONPATH=/x", "PIP_TARGET=/y", "JUPYTER_PATH=/z", "PIP_INDEX_URL=https://mirror", "JUPYTER_TOKEN="})
	if want := []string{"PATH=/bin", "PIP_INDEX_URL=https://mirror", "PIP_USER=0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
