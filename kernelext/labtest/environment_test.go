package labtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// cached returns a folder of the cache that is made from the named files, once for each content of theirs. Of several
// that make it at the same time one wins, and all can use it.
func cached(t *testing.T, name string, files []string, fill func(ctx context.Context, dir string) error) string {
	t.Helper()
	hash := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(hash, "%d %s", len(text), text)
	}
	cache, err := kernelspec.CacheDir(kernelspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "labtest", fmt.Sprintf("%s-%x", name, hash.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".new-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := fill(ctx, temp); err != nil {
		missing(t, "%v", err)
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, lost := os.Stat(dir); lost != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// python is the interpreter of a virtual environment with jupyter_kernel_test, from the lock file.
func python(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join("locks", "test.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return virtual(t, lock).Python()
}

// virtual is the virtual environment of a lock file, made the first time.
func virtual(t *testing.T, lock []byte) *jupyter.Environment {
	t.Helper()
	cache, err := kernelspec.CacheDir(kernelspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	environment, err := jupyter.Build(ctx, jupyter.Options{Cache: cache, Lock: lock, Log: os.Stderr})
	if err != nil {
		missing(t, "%v", err)
	}
	return environment
}

// chromium is the system's browser; none is ever downloaded.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "there is no browser: install chromium")
	return ""
}

// browserScripts is a folder with the scripts that drive the browser and the library they need.
func browserScripts(t *testing.T) string {
	t.Helper()
	from := filepath.Join("testdata", "browser")
	var files []string
	for _, name := range []string{"package.json", "package-lock.json", "lab.js", "page.js"} {
		files = append(files, filepath.Join(from, name))
	}
	return cached(t, "browser", files, func(ctx context.Context, dir string) error {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			return err
		}
		if _, err := output(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
			return fmt.Errorf("the browser is driven with Node.js 20 or newer (nodejs npm): %w", err)
		}
		_, err := output(ctx, dir, "node", "--eval", "require('playwright-core')")
		return err
	})
}
