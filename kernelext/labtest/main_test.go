package labtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"

	// What the kernel, its cells and the command line are built from: go test runs these tests again when that changes.
	_ "github.com/ganbook/ganbook/ganlib/experiments"
	_ "github.com/ganbook/ganbook/kernelext"
	_ "github.com/ganbook/ganbook/kernelext/assist"
	_ "github.com/ganbook/ganbook/kernelext/nbhtml"
	_ "github.com/ganbook/ganbook/kernelext/nbrun"
	_ "github.com/ganbook/ganbook/kernelext/proxy"
	_ "github.com/ganbook/ganbook/kernelext/result"
)

// patience is how long anything may take on a machine that builds and tests other packages at the same time.
const patience = 5 * time.Minute

var long = os.Getenv("GANBOOK_LONG") != ""

// jupyterDir is the JUPYTER_PATH of all tests of this package: the kernel is installed there and nowhere else.
var jupyterDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "labtest-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if jupyterDir, err = filepath.EvalSymlinks(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

var install = sync.OnceValues(func() (kernelspec.Spec, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	return kernelspec.Install(ctx, kernelspec.Options{DataDir: jupyterDir, Log: os.Stderr})
})

// installed is the kernel as users have it, of this checkout, with everything that cells import compiled.
func installed(t *testing.T) kernelspec.Spec {
	t.Helper()
	kerneltest.Spec(t, kerneltest.ModuleRoot(t)) // says what is wrong, or that there is no network
	spec, err := install()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// missing ends a test for lack of a program that only tests need: by a failure where CI promised to install it.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("in CI this must be there: "+format, args...)
	}
	t.Skipf(format, args...)
}

// output runs a program and returns what it printed to stdout; its failure carries stderr.
func output(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return out, fmt.Errorf("%s %q: %w", filepath.Base(program), args, err)
	}
	return out, nil
}
