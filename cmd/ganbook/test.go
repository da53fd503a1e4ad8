package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// testCmd runs the checks of the checkout with the toolchain and environment that everything is built with.
type testCmd struct {
	Long bool `help:"Also the race detector, every fuzz target for a minute, fifty kills instead of ten."`
}

// raced are the packages with goroutines of their own.
var raced = []string{"./ganlib/data/...", "./ganlib/train/...", "./ganlib/runlog/..."}

func (c *testCmd) Run(a *app) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	began := time.Now()
	steps := [][]string{
		{"vet", "./..."},
		{"test", "-timeout=20m", "./..."},
	}
	if c.Long {
		steps[1] = []string{"test", "-timeout=60m", "-count=1", "./..."}
		if _, err := compiler(a.ctx); err != nil {
			return fmt.Errorf("test: the race detector needs a C compiler: %w; %s", err, compilerRemedy)
		}
		// The backend's matrix products move through buffers by plain arithmetic, which checkptr rejects by design.
		steps = append(steps, append([]string{"test", "-race", "-gcflags=all=-d=checkptr=0", "-timeout=60m"}, raced...))
		targets, err := fuzzTargets(root)
		if err != nil {
			return err
		}
		for _, t := range targets {
			steps = append(steps, []string{"test", "-run=^$", "-fuzz=^" + t.name + "$", "-fuzztime=1m", "./" + t.dir})
		}
	}
	for _, args := range steps {
		if err := c.goTool(a, root, args); err != nil {
			return err
		}
	}
	if err := c.xla(a, root); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "all checks passed in %s\n", roughly(time.Since(began)))
	return nil
}

// goTool runs one Go command in the checkout and shows its output as it comes.
func (c *testCmd) goTool(a *app, root string, args []string, env ...string) error {
	fmt.Fprintf(a.out, "go %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(a.ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, a.out, a.err
	cmd.Env = append(pinned(os.Environ(), root), env...)
	if c.Long {
		cmd.Env = append(cmd.Env, "GANBOOK_LONG=1")
	}
	if slices.Contains(args, "-race") {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=1") // also where the default is 0
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("test: there is no go in PATH; start it as %s test, which finds one", program)
	case a.ctx.Err() != nil:
		return fmt.Errorf("test: %w", a.ctx.Err())
	case err != nil:
		return fmt.Errorf("test: go %s failed: %w", args[0], err)
	}
	return nil
}

// pinned is an environment with the toolchain of go.mod and SIMD, unless somebody chose otherwise.
func pinned(env []string, root string) []string {
	if os.Getenv("GOTOOLCHAIN") == "" {
		if version := goVersion(root); version != "" {
			env = append(env, "GOTOOLCHAIN=go"+version)
		}
	}
	if os.Getenv("GOEXPERIMENT") == "" {
		env = append(env, "GOEXPERIMENT=simd")
	}
	return append(env, "GOWORK=off")
}

var goLine = regexp.MustCompile(`(?m)^go ([0-9.]+)$`)

// goVersion is the version that go.mod asks for, "" when it cannot be read.
func goVersion(root string) string {
	text, _ := os.ReadFile(filepath.Join(root, "go.mod"))
	if m := goLine.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// moduleRoot is the checkout: what the launcher says, else the module of ganbook around the working folder.
func moduleRoot() (string, error) {
	if root := os.Getenv("GANBOOK_ROOT"); isCheckout(root) {
		return root, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if isCheckout(at) {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is in no checkout of ganbook: change into one, or set GANBOOK_ROOT to it", dir)
		}
	}
}

func isCheckout(dir string) bool {
	if dir == "" {
		return false
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && strings.HasPrefix(string(text), "module github.com/ganbook/ganbook\n")
}

// fuzzTarget is one Fuzz function and the folder of its package.
type fuzzTarget struct{ dir, name string }

var fuzzFunc = regexp.MustCompile(`^func (Fuzz[A-Za-z0-9_]*)\(`)

// fuzzTargets finds the fuzz targets of the checkout; go test fuzzes one at a time.
func fuzzTargets(root string) ([]fuzzTarget, error) {
	var found []fuzzTarget
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "runs"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if m := fuzzFunc.FindStringSubmatch(lines.Text()); m != nil {
				found = append(found, fuzzTarget{dir: filepath.ToSlash(dir), name: m[1]})
			}
		}
		return nil
	})
	return found, err
}
