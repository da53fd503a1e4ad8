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
	if _, err := run(ctx, m.root, m.buildEnviron(), m.goCommand(), "mod", "download"); err != nil {
		return fmt.Errorf("%w\n→ the modules of %s must be fetched once, which needs the network; GOPROXY and HTTPS_PROXY say how to reach it", err, filepath.Join(m.root, "go.mod"))
	}
	return nil
}

// buildTools builds gonb and goimports into the cache unless they are there; the caller holds the lock.
func (m *checkout) buildTools(ctx context.Context, o Options) error {
	if err := m.fetchModules(ctx); err != nil {
		return err
	}
	if m.toolsBuilt() {
		return nil
	}
	began := time.Now()
	o.logf("kernel: building gonb and goimports (about a minute)")
	var packages []string
	for _, t := range tools {
		packages = append(packages, t.pkg)
	}
	if err := m.build(ctx, o, m.root, m.gonb(), packages...); err != nil {
		return err
	}
	o.logf("kernel: gonb and goimports built in %.1f s", time.Since(began).Seconds())
	return nil
}

func (m *checkout) toolsBuilt() bool {
	for _, t := range tools {
		if !isFile(filepath.Join(m.bin, t.name)) {
			return false
		}
	}
	return true
}

// Packages of ours that cells import, and those among them that only tests and programs use.
var (
	usedInCells    = regexp.MustCompile(`/(ganlib|plots|notebooks)(/|$)|/kernelext(/result)?$`)
	notUsedInCells = regexp.MustCompile(`/(gantest|internal)(/|$)`)
)

// warm compiles what a cell can import exactly as GoNB compiles a cell, so that the first cell of a notebook
// waits for its own link only: a main package of its own module, joined to the checkout by a go.work, built
// with the kernel's environment (every variable of which is part of the build cache's keys).
func (m *checkout) warm(ctx context.Context, o Options, spec Spec) error {
	began := time.Now()
	o.logf("kernel: compiling what cells import (1-2 minutes the first time)")
	dir, err := os.MkdirTemp("", "ganbook-warm-")
	if err != nil {
		return explain(fmt.Errorf("kernelspec: %w", err))
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
			return explain(fmt.Errorf("kernelspec: %w", err))
		}
	}
	if _, err = run(ctx, dir, env, m.goCommand(), "build", "-o", filepath.Join(dir, "cell"), "."); err != nil {
		return err
	}
	o.logf("kernel: compiled in %.1f s", time.Since(began).Seconds())
	return nil
}
