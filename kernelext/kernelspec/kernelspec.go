// Package kernelspec installs the pinned GoNB, behind our proxy, as the Jupyter kernel "Go (ganbook)", and as a second one, "Go
// (ganbook, XLA)", whose cells compute with XLA.
//
// The kernel compiles cells against one checkout of this module (its go.mod, its go.sum, no network), with one
// toolchain and one environment, all written down in kernel.json: a notebook then behaves the same from JupyterLab,
// from an editor and headless, whatever the PATH of the program that starts it.
package kernelspec

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Name is the kernel's folder and the name notebooks refer to; DisplayName is what menus show. XLA's are those of the kernel with XLA.
const (
	Name           = "ganbook"
	DisplayName    = "Go (ganbook)"
	XLAName        = "ganbook-xla"
	XLADisplayName = "Go (ganbook, XLA)"
)

// Spec is a kernel.json (https://jupyter-client.readthedocs.io/en/latest/kernels.html#kernel-specs).
type Spec struct {
	Argv          []string          `json:"argv"` // {connection_file} stands for the file with ports and key
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"` // ${NAME} stands for a variable of the starting program
}

// Options says for which checkout and where to install. Empty fields take the defaults given.
type Options struct {
	Root    string    // the checkout; GANBOOK_ROOT, else the module around the working folder
	Cache   string    // for built programs; GANBOOK_CACHE, else ganbook in the user's cache folder
	DataDir string    // Jupyter's data folder; <Prefix>/share/jupyter, else JUPYTER_DATA_DIR, else the user's own
	Prefix  string    // for example a virtual environment
	Source  string    // the checkout that ganbook-kernel and gopls are built from, for tests with a small Root; Root
	XLA     string    // the environment with XLA's plug-ins: it is the kernel with XLA; "": that of the Go backend
	Log     io.Writer // progress lines; nil: none
}

func (o Options) name() string {
	if o.XLA != "" {
		return XLAName
	}
	return Name
}

// File returns the path of the kernel.json that Install writes.
func File(o Options) (string, error) {
	dir, err := dataDir(o)
	return inData(dir, o.name()), err
}

// inData is a kernel's file in a Jupyter data folder.
func inData(dir, name string) string { return filepath.Join(dir, "kernels", name, "kernel.json") }

// Read reads a kernel.json, of this or another kernel.
func Read(file string) (Spec, error) {
	var s Spec
	text, err := os.ReadFile(file)
	if err != nil {
		return s, fmt.Errorf("kernelspec: %w; install the kernel with ./ganbook setup", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("kernelspec: %s: %w", file, err)
	}
	if len(s.Argv) == 0 {
		return s, fmt.Errorf("kernelspec: %s names no program (argv is empty); install the kernel again with ./ganbook setup", file)
	}
	return s, nil
}

// Environ is base with the kernel's variables set, ${NAME} replaced by the variables of base.
func (s Spec) Environ(base []string) []string {
	values := map[string]string{}
	for _, kv := range base {
		name, value, _ := strings.Cut(kv, "=")
		values[name] = value
	}
	env := append([]string{}, base...)
	for name, value := range s.Env {
		env = append(env, name+"="+os.Expand(value, func(n string) string { return values[n] }))
	}
	return env // exec.Cmd lets the last value of a name win
}

// dataDir is where Jupyter looks for the user's kernels.
func dataDir(o Options) (string, error) {
	home, err := os.UserHomeDir()
	switch {
	case o.DataDir != "":
		return o.DataDir, nil
	case o.Prefix != "":
		return filepath.Join(o.Prefix, "share", "jupyter"), nil
	case os.Getenv("JUPYTER_DATA_DIR") != "":
		return os.Getenv("JUPYTER_DATA_DIR"), nil
	case err != nil:
		return "", fmt.Errorf("kernelspec: no folder for kernels: %w; set JUPYTER_DATA_DIR", err)
	case isDarwin:
		return filepath.Join(home, "Library", "Jupyter"), nil
	case os.Getenv("XDG_DATA_HOME") != "":
		return filepath.Join(os.Getenv("XDG_DATA_HOME"), "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}
