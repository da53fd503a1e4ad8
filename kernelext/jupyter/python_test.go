package jupyter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakePythons writes programs that answer the probe into a folder of their own and makes it the PATH.
func fakePythons(t *testing.T, answers map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this machine")
	}
	for name, answer := range answers {
		script := "#!" + sh + "\necho '" + answer + "'\n"
		if message, fails := strings.CutPrefix(answer, "!"); fails {
			script = "#!" + sh + "\necho '" + message + "' >&2\nexit 1\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("GANBOOK_PYTHON", "")
	t.Setenv("CONDA_PREFIX", "")
	return dir
}

func TestFindPython(t *testing.T) {
	python := func(version string) string { return "cpython " + version + " ordinary venv ensurepip" }
	const old, noVenv = "is too old", "venv and ensurepip are not installed"
	for _, tc := range []struct {
		name    string
		here    map[string]string
		found   string   // program
		refused []string // parts of the error
	}{
		{"python3", map[string]string{"python3": python("3.11.2"), "python3.13": python("3.13.0")}, "python3", nil},
		{"the oldest", map[string]string{"python3": python("3.10.0")}, "python3", nil},
		{"an old python3 beside newer ones", map[string]string{"python3": python("3.9.2"), "python3.10": python("3.10.4"), "python3.12": python("3.12.1")}, "python3.12", nil},
		{"a too new python3 beside one that will do", map[string]string{"python3": python("3.15.1"), "python3.14": python("3.14.2")}, "python3.14", nil},
		{"without pip, beside a whole one", map[string]string{"python3": "cpython 3.11.2 ordinary venv -", "python3.12": python("3.12.1")}, "python3.12", nil},
		{"without pip, but with uv", map[string]string{"python3": "cpython 3.11.2 ordinary venv -", "uv": ""}, "python3", nil},
		{"none", nil, "", []string{"there is no python3 in PATH", "GANBOOK_PYTHON", "--kernel-only"}},
		{"too old", map[string]string{"python3": python("3.9.2")}, "", []string{"3.9.2", old}},
		{"too new", map[string]string{"python3": python("3.15.0")}, "", []string{"3.15.0", "newer than the pinned JupyterLab"}},
		{"Python 4", map[string]string{"python3": python("4.10.0")}, "", []string{"4.10.0"}},
		{"without pip", map[string]string{"python3": "cpython 3.11.2 ordinary venv -"}, "", []string{noVenv}},
		{"without venv", map[string]string{"python3": "cpython 3.11.2 ordinary - -"}, "", []string{noVenv}},
		{"PyPy", map[string]string{"python3": "pypy 3.10.14 ordinary venv ensurepip"}, "", []string{"pypy", "CPython"}},
		{"free-threaded", map[string]string{"python3": "cpython 3.13.0 free-threaded venv ensurepip"}, "", []string{"free-threaded"}},
		{"a shim without a version", map[string]string{"python3": "!pyenv: python3: command not found"}, "", []string{"does not run", "pyenv: python3"}},
		{"no Python at all", map[string]string{"python3": "hello"}, "", []string{"is no Python", "hello"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := fakePythons(t, tc.here)
			p, err := FindPython(t.Context())
			if tc.found != "" {
				if want := filepath.Join(dir, tc.found); err != nil || p.Path != want {
					t.Fatalf("%+v, %v; want %s", p, err, want)
				}
				return
			}
			if err == nil {
				t.Fatalf("found %+v", p)
			}
			for _, part := range tc.refused {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
		})
	}
}

// Whoever names an interpreter gets it or an error, never another one.
func TestChosenPython(t *testing.T) {
	dir := fakePythons(t, map[string]string{"python3": "cpython 3.12.1 ordinary venv ensurepip", "mine": "cpython 3.11.9 ordinary venv ensurepip",
		"older": "cpython 3.8.0 ordinary venv ensurepip"})
	for _, name := range []string{"mine", filepath.Join(dir, "mine")} {
		t.Setenv("GANBOOK_PYTHON", name)
		if p, err := FindPython(t.Context()); err != nil || p.Path != filepath.Join(dir, "mine") || p.Version != "3.11.9" {
			t.Errorf("GANBOOK_PYTHON=%s: %+v, %v", name, p, err)
		}
	}
	for _, name := range []string{"older", "absent"} {
		t.Setenv("GANBOOK_PYTHON", name)
		if p, err := FindPython(t.Context()); err == nil || !strings.Contains(err.Error(), "GANBOOK_PYTHON="+name) {
			t.Errorf("GANBOOK_PYTHON=%s: %+v, %v", name, p, err)
		}
	}
}

// The probe itself, with a real interpreter.
func TestProbe(t *testing.T) {
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine")
	}
	out, err := exec.Command(path, "-I", "-c", probe).Output()
	if err != nil {
		t.Fatal(err)
	}
	var words [5]string
	if n, err := fmt.Sscan(string(out), &words[0], &words[1], &words[2], &words[3], &words[4]); n != 5 || !strings.HasPrefix(words[1], "3.") {
		t.Errorf("it says %q (%v)", out, err)
	}
}

func TestAdvice(t *testing.T) {
	const debian, ubuntu, fedora = "NAME=x\nID=debian\n", "ID=ubuntu\nID_LIKE=debian\n", "ID=\"fedora\"\n"
	for _, tc := range []struct {
		s     system
		lacks bool
		want  string
	}{
		{system{"linux", debian, false}, true, "apt install python3-venv"},
		{system{"linux", ubuntu, false}, false, "apt install python3 python3-venv"},
		{system{"linux", "ID=mint\nID_LIKE=\"ubuntu debian\"", false}, true, "apt install python3-venv"},
		{system{"linux", fedora, false}, false, "dnf install python3"},
		{system{"linux", "ID=arch", false}, false, "pacman"},
		{system{"linux", "ID=alpine", false}, false, "apk"},
		{system{"linux", "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"", false}, false, "zypper"},
		{system{"linux", "", false}, false, "python.org"},
		{system{"darwin", "", false}, false, "brew"},
		{system{"linux", debian, true}, true, "conda install"},
	} {
		got := advice(tc.s, tc.lacks)
		if !strings.Contains(got, tc.want) || !strings.Contains(got, "--kernel-only") || !strings.Contains(got, "GANBOOK_PYTHON") {
			t.Errorf("%+v, lacks %v: %q, want %q", tc.s, tc.lacks, got, tc.want)
		}
	}
}
