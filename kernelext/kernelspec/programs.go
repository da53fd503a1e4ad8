package kernelspec

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// proxyPackage is our program in front of GoNB, goplsModule the module of its own that pins gopls, in a checkout.
const (
	proxyPackage = "cmd/ganbook-kernel"
	goplsModule  = "kernelext/kernelspec/gopls"
)

// proxyFiles prints the files that a program is made of, as far as they lie in its own module.
const proxyFiles = `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}` +
	`{{range .CgoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .SFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`

// proxyPath is where the proxy of a checkout is kept: in the checkout's own folder, under a name that depends on its sources, its
// module's requirements and the toolchain, so that an edited checkout gets a new one. "" when the checkout has none.
func (m *checkout) proxyPath(ctx context.Context, cache string) (string, error) {
	if _, err := os.Stat(filepath.Join(m.source, filepath.FromSlash(proxyPackage), "main.go")); err != nil {
		return "", nil
	}
	listed, err := run(ctx, m.source, m.buildEnviron(), m.goCommand(), "list", "-deps", "-f", proxyFiles, "./"+proxyPackage)
	if err != nil {
		return "", err
	}
	files := append(strings.Split(strings.TrimSpace(listed), "\n"), filepath.Join(m.source, "go.mod"), filepath.Join(m.source, "go.sum"))
	hash := sha256.New()
	fmt.Fprintln(hash, m.toolchain, runtime.GOARCH)
	for _, file := range files {
		if file == "" { // between packages
			continue
		}
		name, err := filepath.Rel(m.source, file)
		if err != nil {
			return "", fmt.Errorf("kernelspec: %w", err)
		}
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("kernelspec: %w", err)
		}
		fmt.Fprintln(hash, filepath.ToSlash(name))
		_, err = io.Copy(hash, f)
		f.Close()
		if err != nil {
			return "", fmt.Errorf("kernelspec: %w", err)
		}
	}
	place := sha256.Sum256([]byte(m.source))
	return filepath.Join(cache, "kernel", "proxy", fmt.Sprintf("%x", place[:6]), fmt.Sprintf("%x", hash.Sum(nil)[:8]), "ganbook-kernel"), nil
}

// buildProxy builds our program unless it is there, and removes those of older sources that no kernel runs any more.
func (m *checkout) buildProxy(ctx context.Context, o Options) error {
	if m.proxy == "" {
		return nil
	}
	if !isFile(m.proxy) {
		o.logf("kernel: building %s (a few seconds)", filepath.Base(m.proxy))
		if err := m.build(ctx, o, m.source, m.proxy, "./"+proxyPackage); err != nil {
			return err
		}
	}
	now := time.Now()
	os.Chtimes(filepath.Dir(m.proxy), now, now) // the time of its last use
	for _, dir := range shared.Find(filepath.Dir(filepath.Dir(m.proxy)), "*") {
		info, err := os.Stat(dir)
		if err != nil || dir == filepath.Dir(m.proxy) || time.Since(info.ModTime()) < keepProxy || shared.InUse(dir) {
			continue
		}
		os.RemoveAll(dir) // the next setup tries again
	}
	return nil
}

// keepProxy is how long a program of older sources stays: an open JupyterLab restarts its kernels with the program that it started.
const keepProxy = 24 * time.Hour

var goplsVersion = regexp.MustCompile(`(?m)^\s*(?:require\s+)?golang\.org/x/tools/gopls (v\S+)`)

// goplsPath is where the pinned gopls is kept, apart from the kernel's other programs: GoNB would start one that it finds in its PATH.
// "" when the checkout pins none.
func (m *checkout) goplsPath(cache string) (string, error) {
	text, err := os.ReadFile(filepath.Join(m.source, filepath.FromSlash(goplsModule), "go.mod"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("kernelspec: %w", err)
	}
	version := goplsVersion.FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("kernelspec: %s/go.mod names no version of gopls", goplsModule)
	}
	return filepath.Join(cache, "kernel", strings.Join([]string{"gopls", string(version[1]), m.toolchain, runtime.GOARCH}, "-"), "gopls"), nil
}

// Gopls builds the pinned gopls unless it is in the cache already (about a minute, and the network) and returns its path.
func Gopls(ctx context.Context, o Options) (string, error) {
	m, err := openModule(ctx, o)
	if err != nil {
		return "", err
	}
	if m.gopls == "" {
		return "", fmt.Errorf("kernelspec: %s has no %s/go.mod, which pins gopls", m.source, goplsModule)
	}
	return m.gopls, m.locked(ctx, o, func() error { return m.buildGopls(ctx, o) })
}

func (m *checkout) buildGopls(ctx context.Context, o Options) error {
	if m.gopls == "" || isFile(m.gopls) {
		return nil
	}
	began := time.Now()
	o.logf("kernel: building gopls, which completes code (about a minute)")
	if err := m.build(ctx, o, filepath.Join(m.source, filepath.FromSlash(goplsModule)), m.gopls, "golang.org/x/tools/gopls"); err != nil {
		return err
	}
	o.logf("kernel: gopls built in %.1f s", time.Since(began).Seconds())
	return nil
}

// build builds programs into a folder that appears under its name complete. The caller holds the lock.
func (m *checkout) build(ctx context.Context, o Options, dir, program string, packages ...string) error {
	final := filepath.Dir(program)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return explain(fmt.Errorf("kernelspec: %w", err))
	}
	temp, err := os.MkdirTemp(filepath.Dir(final), tempPattern)
	if err != nil {
		return explain(fmt.Errorf("kernelspec: %w", err))
	}
	defer os.RemoveAll(temp)
	args := append([]string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", temp + string(filepath.Separator)}, packages...)
	if _, err := run(ctx, dir, m.buildEnviron(), m.goCommand(), args...); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("kernelspec: %w", err)
	}
	os.RemoveAll(final) // what an interrupted removal left
	if err := os.Rename(temp, final); err != nil && !isFile(program) {
		return fmt.Errorf("kernelspec: %w", err)
	}
	return nil
}

// buildEnviron is the environment of builds of our programs.
func (m *checkout) buildEnviron() []string {
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN="+m.toolchain)
}

const tempPattern = ".build-*"

// locked runs work while no other process builds for kernels; what builds that were killed left is removed first.
func (m *checkout) locked(ctx context.Context, o Options, work func() error) error {
	held, err := lock(ctx, filepath.Join(m.cache, "kernel"), o)
	if err != nil {
		return err
	}
	defer held.Release()
	for _, depth := range []string{"", "proxy/*/"} {
		for _, dir := range shared.Find(filepath.Join(m.cache, "kernel"), depth+tempPattern) {
			os.RemoveAll(dir)
		}
	}
	return work()
}

// lockName is the file of the lock on the folder of built programs.
const lockName = ".lock"

func lock(ctx context.Context, dir string, o Options) (*shared.Held, error) {
	held, err := shared.Lock(ctx, filepath.Join(dir, lockName), func() {
		o.logf("kernel: another setup is building; waiting for it")
	})
	if err != nil {
		return nil, explain(fmt.Errorf("kernelspec: %w", err))
	}
	return held, nil
}

// explain adds to an error which folder can be chosen instead.
func explain(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "no space left") || strings.Contains(text, "quota exceeded"):
		return fmt.Errorf("%w\n→ make room (about 1 GB), or choose other folders: GANBOOK_CACHE for programs, GOCACHE for what Go compiles, GOMODCACHE for modules, TMPDIR", err)
	case strings.Contains(text, "read-only file system") || strings.Contains(text, "permission denied") || strings.Contains(text, "not a directory"):
		return fmt.Errorf("%w\n→ choose folders that you can write: GANBOOK_CACHE for programs, GOCACHE for what Go compiles, GOMODCACHE for modules, JUPYTER_DATA_DIR for the kernel", err)
	}
	return err
}
