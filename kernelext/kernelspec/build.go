package kernelspec

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// fetchModules brings every module of go.mod into the module cache. Building this program fetches only those it needs,
// but GoNB asks about the whole of go.mod, and cells have no network. It takes no time once they are there.
func (m *checkout) fetchModules(ctx context.Context) error {
	env := append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN="+m.toolchain)
	if _, err := run(ctx, m.root, env, m.goCommand(), "mod", "download"); err != nil {
		return fmt.Errorf("%w\nthe modules of %s must be fetched once, which needs the network", err, filepath.Join(m.root, "go.mod"))
	}
	return nil
}

// buildTools builds gonb and goimports into the cache unless they are there. The folder appears under its
// name complete: of several that build together one wins, and all can use it.
func (m *checkout) buildTools(ctx context.Context, o Options) error {
	complete := func() bool {
		for _, t := range tools {
			if !isFile(filepath.Join(m.bin, t.name)) {
				return false
			}
		}
		return true
	}
	if err := m.fetchModules(ctx); err != nil {
		return err
	}
	if complete() {
		return nil
	}
	began := time.Now()
	o.logf("kernel: building gonb and goimports (about a minute)")
	parent := filepath.Dir(m.bin)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("kernelspec: %w; choose another folder with GANBOOK_CACHE", err)
	}
	temp, err := os.MkdirTemp(parent, ".build-*")
	if err != nil {
		return fmt.Errorf("kernelspec: %w; choose another folder with GANBOOK_CACHE", err)
	}
	defer os.RemoveAll(temp)
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN="+m.toolchain)
	args := []string{"build", "-o", temp + string(filepath.Separator)}
	for _, t := range tools {
		args = append(args, t.pkg)
	}
	if _, err := run(ctx, m.root, env, m.goCommand(), args...); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("kernelspec: %w", err)
	}
	if !complete() {
		os.RemoveAll(m.bin) // what an interrupted removal left
	}
	if err := os.Rename(temp, m.bin); err != nil && !complete() {
		return fmt.Errorf("kernelspec: %w", err)
	}
	o.logf("kernel: built in %.1f s", time.Since(began).Seconds())
	return nil
}

// Packages of ours that cells import, and those below them that only programs and tests use.
var (
	usedInCells    = regexp.MustCompile(`/(ganlib|kernelext|plots)(/|$)`)
	notUsedInCells = regexp.MustCompile(`/(gantest|internal|kernelext/.*)(/|$)`)
)

// warm compiles what a cell can import exactly as GoNB compiles a cell, so that the first cell of a notebook
// waits for its own link only: a main package of its own module, joined to the checkout by a go.work, built
// with the kernel's environment (every variable of which is part of the build cache's keys).
func (m *checkout) warm(ctx context.Context, o Options, spec Spec) error {
	began := time.Now()
	o.logf("kernel: compiling what cells import (1-2 minutes the first time)")
	dir, err := os.MkdirTemp("", "ganbook-warm-")
	if err != nil {
		return fmt.Errorf("kernelspec: %w", err)
	}
	defer os.RemoveAll(dir)
	// Which proxy modules come from is no part of a key: now is the time to fetch what is missing.
	env := append(spec.Environ(os.Environ()), "GOPROXY="+os.Getenv("GOPROXY"))
	listed, err := run(ctx, m.root, append(env, "GOWORK=off"), m.goCommand(), "list", "-f", `{{if .GoFiles}}{{.ImportPath}}{{end}}`, "./...")
	if err != nil {
		return err
	}
	var main bytes.Buffer
	main.WriteString("package main\n\nimport (\n\t\"fmt\"\n")
	for pkg := range strings.FieldsSeq(listed) {
		if usedInCells.MatchString(pkg) && !notUsedInCells.MatchString(pkg) {
			fmt.Fprintf(&main, "\t_ %q\n", pkg)
		}
	}
	main.WriteString(")\n\nfunc main() { fmt.Println() }\n")
	version := strings.TrimPrefix(m.toolchain, "go")
	for name, text := range map[string]string{
		"go.mod":  "module cell\n\ngo " + version + "\n",
		"go.work": fmt.Sprintf("go %s\n\nuse (\n\t.\n\t%q\n)\n", version, m.root),
		"main.go": main.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("kernelspec: %w", err)
		}
	}
	if _, err = run(ctx, dir, env, m.goCommand(), "build", "-o", filepath.Join(dir, "cell"), "."); err != nil {
		return err
	}
	o.logf("kernel: compiled in %.1f s", time.Since(began).Seconds())
	return nil
}
