package jupyter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// The Python versions, 3.x, for which every package of the lock file is published compiled.
const (
	oldest = 10
	newest = 14
)

// Python is an interpreter that environments can be made from.
type Python struct {
	Path    string // as found
	Version string // "3.11.2"
	minor   int
}

// How long an interpreter may take to say what it is, shims of version managers included.
const probeTimeout = 20 * time.Second

// probe prints what decides whether an interpreter will do, in one line.
const probe = `import importlib.util as u, sys, sysconfig
print(sys.implementation.name, "%d.%d.%d" % sys.version_info[:3],
"free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "ordinary",
"venv" if u.find_spec("venv") else "-", "ensurepip" if u.find_spec("ensurepip") else "-")`

// FindPython returns the interpreter that GANBOOK_PYTHON names, else the first of python3, python3.14 … python3.10 in PATH that
// is CPython 3.10 to 3.14 and has the modules venv and ensurepip (uv in PATH makes up for the second). The error says
// what was found and what to install.
func FindPython(ctx context.Context) (Python, error) {
	if chosen := os.Getenv("GANBOOK_PYTHON"); chosen != "" {
		p, err := tryPython(ctx, chosen)
		if err != nil {
			return p, fmt.Errorf("jupyter: GANBOOK_PYTHON=%s: %w", chosen, err)
		}
		return p, nil
	}
	var unfit []string
	lacks := false
	for _, name := range candidates() {
		p, err := tryPython(ctx, name)
		switch {
		case errors.Is(err, exec.ErrNotFound):
		case err != nil:
			unfit = append(unfit, err.Error())
			lacks = lacks || errors.Is(err, errModules)
		default:
			return p, nil
		}
		if ctx.Err() != nil {
			return p, context.Cause(ctx)
		}
	}
	found := "there is no python3 in PATH"
	if len(unfit) > 0 {
		found = strings.Join(unfit, "; ")
	}
	return Python{}, fmt.Errorf("jupyter: JupyterLab needs Python 3.%d to 3.%d with the module venv: %s\n%s", oldest, newest,
		found, advice(thisSystem(), lacks))
}

func candidates() []string {
	names := []string{"python3"}
	for minor := newest; minor >= oldest; minor-- {
		names = append(names, fmt.Sprintf("python3.%d", minor))
	}
	return names
}

// errModules: the interpreter would do, but its distribution packages a part of it apart.
var errModules = errors.New("python's own modules venv and ensurepip are not installed")

func tryPython(ctx context.Context, name string) (Python, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return Python{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTimeout, fmt.Errorf("no answer within %v", probeTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-I", "-c", probe) // isolated: nobody's PYTHONPATH counts
	cmd.WaitDelay = time.Second
	var message strings.Builder
	cmd.Stderr = &message
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Python{}, fmt.Errorf("%s does not run: %w %s", path, err, firstLine(message.String()))
	}
	p := Python{Path: path}
	said := strings.Fields(string(out))
	if len(said) != 5 {
		return p, fmt.Errorf("%s is no Python: it says %q", path, firstLine(string(out)))
	}
	p.Version = said[1]
	var major int
	if _, err := fmt.Sscanf(p.Version, "%d.%d", &major, &p.minor); err != nil {
		return p, fmt.Errorf("%s has no version: it says %q", path, p.Version)
	}
	_, uvErr := exec.LookPath("uv")
	switch {
	case major != 3 || p.minor < oldest:
		return p, fmt.Errorf("%s is Python %s, which is too old", path, p.Version)
	case p.minor > newest:
		return p, fmt.Errorf("%s is Python %s, which is newer than the pinned JupyterLab knows", path, p.Version)
	case said[0] != "cpython":
		return p, fmt.Errorf("%s is %s; JupyterLab's packages are compiled for CPython", path, said[0])
	case said[2] != "ordinary":
		return p, fmt.Errorf("%s is a free-threaded Python; JupyterLab's packages are compiled for the ordinary one", path)
	case said[3] != "venv", said[4] != "ensurepip" && uvErr != nil:
		return p, fmt.Errorf("%s (Python %s): %w", path, p.Version, errModules)
	}
	return p, nil
}

// system is what the advice depends on.
type system struct {
	goos    string
	release string // the text of /etc/os-release
	conda   bool
}

func thisSystem() system {
	release, _ := os.ReadFile("/etc/os-release")
	return system{runtime.GOOS, string(release), os.Getenv("CONDA_PREFIX") != ""}
}

// advice says how to install a Python; lacks: there is one whose distribution packages venv apart.
func advice(s system, lacks bool) string {
	install := "install Python 3.13 from https://www.python.org/downloads/"
	is := func(ids ...string) bool {
		for line := range strings.Lines(s.release) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if name != "ID" && name != "ID_LIKE" {
				continue
			}
			for _, have := range strings.Fields(strings.Trim(value, `"'`)) {
				for _, id := range ids {
					if have == id {
						return true
					}
				}
			}
		}
		return false
	}
	switch {
	case s.conda:
		install = "conda install python=3.13"
	case s.goos == "darwin":
		install = "install it with brew install python@3.13, or from https://www.python.org/downloads/"
	case is("debian", "ubuntu") && lacks:
		install = "sudo apt install python3-venv"
	case is("debian", "ubuntu"):
		install = "sudo apt install python3 python3-venv"
	case is("fedora", "rhel", "centos"):
		install = "sudo dnf install python3"
	case is("arch"):
		install = "sudo pacman -S python"
	case is("alpine"):
		install = "sudo apk add python3"
	case is("suse", "opensuse"):
		install = "sudo zypper install python3"
	}
	return "→ " + install + "\n→ or name another interpreter: GANBOOK_PYTHON=/path/to/python3 (one of conda, pyenv or uv will do)" +
		"\n→ or install the kernel alone, for a Jupyter or an editor of your own: ./ganbook setup --kernel-only"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
