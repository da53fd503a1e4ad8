package kernelspec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const isDarwin = runtime.GOOS == "darwin"

// tools are the programs a kernel needs; go.mod pins them with tool directives.
var tools = []struct{ name, pkg, module string }{
	{"gonb", "github.com/janpfeifer/gonb", "github.com/janpfeifer/gonb"},
	{"goimports", "golang.org/x/tools/cmd/goimports", "golang.org/x/tools"},
}

// checkout is the module that cells are compiled against, with the toolchain that compiles them.
type checkout struct {
	root      string   // folder of go.mod
	source    string   // the checkout that our own programs are built from
	toolchain string   // go1.27.0
	goDirs    []string // folders of the go command: the toolchain's own, then the one that can fetch it
	cache     string
	bin       string // folder of the built tools, one for each set of versions
	proxy     string // our program in front of gonb; "": none
	gopls     string // "": none
	xla       string // the environment with XLA's plug-ins; "": cells compute on the Go backend
}

// CacheDir is where ganbook keeps what it builds: GANBOOK_CACHE, else ganbook in the user's cache folder.
func CacheDir(o Options) (string, error) {
	if o.Cache != "" {
		return filepath.Abs(o.Cache)
	}
	if dir := os.Getenv("GANBOOK_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("kernelspec: %w; set GANBOOK_CACHE", err)
	}
	return filepath.Join(dir, "ganbook"), nil
}

// Root is the checkout that the options name, symbolic links resolved.
func Root(o Options) (string, error) { return findRoot(o) }

// findRoot returns the checkout, symbolic links resolved: the path is compared and part of compiled programs.
func findRoot(o Options) (string, error) {
	root := o.Root
	if root == "" {
		root = os.Getenv("GANBOOK_ROOT")
	}
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			return "", fmt.Errorf("kernelspec: %w", err)
		}
		for root = dir; !isFile(filepath.Join(root, "go.mod")); root = filepath.Dir(root) {
			if root == filepath.Dir(root) {
				return "", fmt.Errorf("kernelspec: there is no go.mod in %s or above it: start from a checkout or set GANBOOK_ROOT", dir)
			}
		}
	}
	root, err := filepath.Abs(root)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return "", fmt.Errorf("kernelspec: %w", err)
	}
	if strings.Contains(root, ",") {
		return "", fmt.Errorf("kernelspec: %s: GoNB takes a comma in a folder's name for a list; move the checkout to a path without one", root)
	}
	return root, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func openModule(ctx context.Context, o Options) (*checkout, error) {
	root, err := findRoot(o)
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir(o)
	if err != nil {
		return nil, err
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("kernelspec: cells are compiled by Go, and there is no go in PATH: start through ./ganbook, or install Go from https://go.dev/dl/: %w", err)
	}
	m := &checkout{root: root, source: root, cache: cache, xla: o.XLA}
	if o.Source != "" {
		m.source = o.Source
	}
	if m.toolchain, err = toolchain(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	env := append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN="+m.toolchain)
	goroot, err := run(ctx, root, env, goCommand, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	m.goDirs = slices.Compact([]string{filepath.Join(strings.TrimSpace(goroot), "bin"), filepath.Dir(goCommand)})
	args := []string{"list", "-m", "-f", "{{.Version}}"}
	for _, t := range tools {
		args = append(args, t.module)
	}
	versions, err := run(ctx, root, env, m.goCommand(), args...)
	if err != nil {
		return nil, err
	}
	key := append(strings.Fields(versions), m.toolchain, runtime.GOARCH)
	m.bin = filepath.Join(cache, "kernel", "gonb-goimports-"+strings.Join(key, "-"))
	if m.gopls, err = m.goplsPath(cache); err != nil {
		return nil, err
	}
	m.proxy, err = m.proxyPath(ctx, cache)
	return m, err
}

func (m *checkout) gonb() string { return filepath.Join(m.bin, "gonb") }

func (m *checkout) goCommand() string { return filepath.Join(m.goDirs[0], "go") }

// toolchain is the Go that a go.mod asks for, go1.27.0: a newer one on the machine changes nothing.
func toolchain(goMod string) (string, error) {
	text, err := os.ReadFile(goMod)
	if err != nil {
		return "", fmt.Errorf("kernelspec: %w: start from a checkout or set GANBOOK_ROOT", err)
	}
	for line := range strings.Lines(string(text)) {
		if version, ok := strings.CutPrefix(line, "go "); ok {
			return "go" + strings.TrimSpace(version), nil
		}
	}
	return "", fmt.Errorf("kernelspec: %s has no go line", goMod)
}

// run starts a program and returns its stdout; an error carries its stderr.
func run(ctx context.Context, dir string, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, 5*time.Second
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", explain(fmt.Errorf("kernelspec: in %s: %s %s: %w", dir, filepath.Base(program), strings.Join(args, " "), err))
	}
	return string(out), nil
}
