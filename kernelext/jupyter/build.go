package jupyter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// Options of an environment.
type Options struct {
	Cache string    // ganbook's cache folder
	Lock  []byte    // a lock file with hashes that contains jupyter-core; nil: LabLock
	Log   io.Writer // progress lines; nil: none
}

// Build returns the complete environment, making it when there is none: 15 to 60 s, about 240 MB, and the network. Of several processes
// that build together one does, and the others wait. What was interrupted is made again. An existing environment is used as it is, whatever
// Python is in PATH, unless GANBOOK_PYTHON names one of another version.
func Build(ctx context.Context, o Options) (*Environment, error) {
	if o.Lock == nil {
		o.Lock = LabLock
	}
	version, python := "", Python{}
	e, err := open(o.Cache, o.Lock, version)
	if err != nil || os.Getenv("GANBOOK_PYTHON") != "" {
		if python, err = FindPython(ctx); err != nil {
			return nil, err
		}
		version = fmt.Sprintf("3.%d", python.minor)
		e, err = open(o.Cache, o.Lock, version)
	}
	if err == nil {
		return e, e.use()
	}
	held, err := shared.Lock(ctx, filepath.Join(home(o.Cache), ".lock"), func() {
		o.logf("jupyter: another setup is installing JupyterLab; waiting for it")
	})
	if err != nil {
		return nil, fmt.Errorf("jupyter: %w; choose another folder with GANBOOK_CACHE", err)
	}
	defer held.Release()
	if e, err := open(o.Cache, o.Lock, version); err == nil {
		return e, e.use()
	}
	e = &Environment{Dir: filepath.Join(home(o.Cache), folder(o.Lock, version))}
	if err := e.make(ctx, o, python, held); err != nil {
		os.RemoveAll(e.Dir)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("jupyter: %w%s", err, remedy(err.Error(), withoutLab))
	}
	tidy(o, e)
	return e, nil
}

// make builds the environment in its place, because its scripts contain its path.
func (e *Environment) make(ctx context.Context, o Options, python Python, held *shared.Held) error {
	began := time.Now()
	if err := os.RemoveAll(e.Dir); err != nil {
		return err
	}
	o.logf("jupyter: installing with Python %s (%s), about 240 MB; 15 to 60 s, more on a slow network", python.Version, python.Path)
	lock := filepath.Join(e.Dir, "requirements.lock")
	install := func(venv, pip []string) error {
		if err := e.run(ctx, held, venv...); err != nil {
			return err
		}
		if err := os.WriteFile(lock, o.Lock, 0o644); err != nil {
			return err
		}
		// The lock file is complete: no dependency is looked for, and nothing is compiled here.
		return e.run(ctx, held, append(pip, "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", lock)...)
	}
	err := errNoUV
	if uv, lookErr := exec.LookPath("uv"); lookErr == nil {
		err = install([]string{uv, "venv", "--quiet", "--python", python.Path, e.Dir},
			[]string{uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", e.Python()})
	}
	if err != nil && ctx.Err() == nil {
		if !errors.Is(err, errNoUV) {
			o.logf("jupyter: uv could not do it, pip tries: %v", err)
			if err := os.RemoveAll(e.Dir); err != nil {
				return err
			}
		}
		err = install([]string{python.Path, "-I", "-m", "venv", e.Dir},
			[]string{e.Python(), "-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"})
	}
	if err != nil {
		return err
	}
	if err := e.configure(); err != nil {
		return err
	}
	if err := e.run(ctx, held, e.Python(), "-I", "-c", "import jupyter_core"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.Dir, marker), nil, 0o644); err != nil {
		return err
	}
	o.logf("jupyter: JupyterLab %s is ready in %s (%.1f s)", e.Version("jupyterlab"), e.Dir, time.Since(began).Seconds())
	return nil
}

var errNoUV = errors.New("there is no uv")

// run starts a program of the installation.
func (e *Environment) run(ctx context.Context, held *shared.Held, argv ...string) error {
	return e.runShowing(ctx, held, func(string) {}, argv...)
}

// runShowing starts a program of the installation in a process group of its own, which ends with ctx; its lock is given back by the
// last of them. What it says is shown line by line, and kept for an error.
func (e *Environment) runShowing(ctx context.Context, held *shared.Held, show func(line string), argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = cleanEnviron(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	held.Share(cmd)
	said := &lines{show: show}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv[:min(len(argv), 5)], " "), err, lastLines(said.text.String(), 12))
	}
	return nil
}

// lines keeps what a program says and shows every whole line.
type lines struct {
	show func(line string)
	text strings.Builder
	rest string
}

func (l *lines) Write(p []byte) (int, error) {
	l.text.Write(p)
	parts := strings.Split(l.rest+string(p), "\n")
	for _, line := range parts[:len(parts)-1] {
		l.show(line)
	}
	l.rest = parts[len(parts)-1]
	return len(p), nil
}

// cleanEnviron is an environment without what would make Python, pip or Jupyter work somewhere else than in our environment. Where
// packages come from (PIP_INDEX_URL, proxies, certificates) stays the user's choice.
func cleanEnviron(env []string) []string {
	var kept []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "PYTHONPATH", name == "PYTHONHOME", name == "VIRTUAL_ENV", name == "PYTHONDONTWRITEBYTECODE":
		case name == "PIP_TARGET", name == "PIP_PREFIX", name == "PIP_ROOT", name == "PIP_CONSTRAINT", name == "PIP_REQUIREMENT":
		case strings.HasPrefix(name, "JUPYTER"), strings.HasPrefix(name, "JPY_"):
		default:
			kept = append(kept, kv)
		}
	}
	return append(kept, "PIP_USER=0")
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// withoutLab is what is left when JupyterLab cannot be installed.
const withoutLab = "without JupyterLab: ./ganbook setup --kernel-only"

// remedy is what to do about a failed installation, from what the programs said; otherwise: what else can be done.
func remedy(message, otherwise string) string {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(message, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("No space left", "no space left", "Disk quota"):
		return "\n→ make room (about 500 MB), or choose another folder with GANBOOK_CACHE; TMPDIR names the one for temporary files"
	case has("ermission denied", "ead-only file system", "not a directory"):
		return "\n→ choose a folder that you can write with GANBOOK_CACHE"
	case has("DO NOT MATCH THE HASHES", "Hash mismatch"):
		return "\n→ a package is not the one that the lock file names: ask whoever runs your package index (PIP_INDEX_URL) or your network"
	case has("No matching distribution", "Temporary failure in name resolution", "Failed to establish", "Connection", "ProxyError",
		"timed out", "SSLError", "dns error", "error sending request", "Max retries"):
		return "\n→ is there a network? Packages come from pypi.org, or from where PIP_INDEX_URL says; proxies are named by HTTPS_PROXY" +
			"\n→ what has been installed once needs no network; " + otherwise
	}
	return "\n→ another interpreter may do (GANBOOK_PYTHON); " + otherwise
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}
