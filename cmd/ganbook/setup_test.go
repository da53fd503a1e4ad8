package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// The proof fails, and says how, when the installed kernel cannot be started, does not answer, or shows something else.
func TestProofOfABrokenKernel(t *testing.T) {
	for name, argv := range map[string][]string{
		"the program is gone":    {"/nonexistent/ganbook-kernel", "{connection_file}"},
		"the program ends":       {"false", "{connection_file}"},
		"the program is no such": {"ls", "{connection_file}"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := proveSpec(t.Context(), kernelspec.Spec{Argv: argv}, proofCells); err == nil {
				t.Fatal("a kernel that cannot work is proved")
			}
		})
	}
	data := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", data)
	file := filepath.Join(data, "kernels", "ganbook", "kernel.json")
	text, err := json.Marshal(kernelspec.Spec{Argv: []string{"false", "{connection_file}"}})
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, text, 0o644)); err != nil {
		t.Fatal(err)
	}
	n, err := openNotebooks("", true, new(strings.Builder))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.prove(t.Context(), n.kernel, proofCells); err == nil || !strings.Contains(err.Error(), "does not work") || !strings.Contains(err.Error(), "./ganbook setup") {
		t.Errorf("%v", err)
	}
}

// What a cell shows decides, not that it ran.
func TestProofLooksAtTheOutputs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "proof.ipynb")
	if err := writeProof(file, proofCells); err != nil {
		t.Fatal(err)
	}
	if err := checkProof(file, proofCells); err == nil || !strings.Contains(err.Error(), "cell 2") || !strings.Contains(err.Error(), "42") {
		t.Errorf("a notebook that was not run: %v", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.ReplaceAll(string(text), `"outputs":[]`, `"outputs":[{"data":{"text/plain":["42 experiments", "`+proofCells[2].want+`"]}}]`)
	if err := os.WriteFile(file, []byte(shown), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkProof(file, proofCells); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkProof(file, proofCells); err == nil {
		t.Error("a notebook without cells is a proof")
	}
}

// Nothing is installed: the check says so, changes nothing and fails; removing is no error.
func TestSetupOfAnEmptyMachine(t *testing.T) {
	cache, data := t.TempDir(), t.TempDir()
	t.Setenv("GANBOOK_CACHE", cache)
	t.Setenv("JUPYTER_DATA_DIR", data)
	status, out, errOut := call(t, "setup", "--check")
	if status != statusFailure || !strings.Contains(errOut, "JupyterLab is not installed") || !strings.Contains(errOut, "kernel.json") || !strings.Contains(errOut, "./ganbook setup") {
		t.Errorf("--check: status %d\n%s%s", status, out, errOut)
	}
	status, out, errOut = call(t, "setup", "--check", "--json")
	var state struct {
		OK      bool     `json:"ok"`
		Missing []string `json:"missing"`
		Python  *string  `json:"python"`
	}
	if err := json.Unmarshal([]byte(out), &state); err != nil || status != statusFailure || errOut != "" || state.OK || len(state.Missing) != 2 || state.Python == nil || *state.Python != "" {
		t.Errorf("--check --json: status %d, %v\n%s%s", status, err, out, errOut)
	}
	if out := mustCall(t, "setup", "--uninstall"); !strings.Contains(out, "nothing is installed") {
		t.Errorf("--uninstall:\n%s", out)
	}
	for _, dir := range []string{cache, data} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", dir, left, err)
		}
	}
	for _, args := range [][]string{{"setup", "--json"}, {"setup", "--check", "--uninstall"}, {"lab", "--port", "70000"}, {"lab", "absent.ipynb"}} {
		if status, _, errOut := call(t, args...); status != statusUsage {
			t.Errorf("%q: status %d, %s", args, status, errOut)
		}
	}
}

// A folder that cannot be written is named together with the variable that chooses another.
func TestSetupInABadFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GANBOOK_CACHE", file)
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	status, _, errOut := call(t, "setup", "--kernel-only")
	if status != statusFailure || !strings.Contains(errOut, file) || !strings.Contains(errOut, "GANBOOK_CACHE") {
		t.Errorf("status %d, %s", status, errOut)
	}
}

// JupyterLab shows the checkout, or the folder of a notebook that lies elsewhere.
func TestWhatLabShows(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	place := func(c labCmd) string {
		t.Helper()
		folder, notebook, err := c.place(root)
		if err != nil {
			t.Fatal(err)
		}
		return folder + " " + notebook
	}
	if got := place(labCmd{}); got != root+" " {
		t.Errorf("a checkout without notebooks: %q", got)
	}
	for _, file := range []string{filepath.Join(root, firstNotebook), filepath.Join(root, "mine", "a b.ipynb"), filepath.Join(elsewhere, "x.ipynb")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("{}"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "mine"))
	for want, c := range map[string]labCmd{
		root + " " + filepath.FromSlash(firstNotebook):  {},
		root + " " + filepath.Join("mine", "a b.ipynb"): {Notebook: "a b.ipynb"},
		elsewhere + " x.ipynb":                          {Notebook: filepath.Join(elsewhere, "x.ipynb")},
		elsewhere + " ":                                 {Notebook: elsewhere},
	} {
		if got := place(c); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}
