package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// TestMain lets the test program stand in for ganbook itself, for tests that need a process.
func TestMain(m *testing.M) {
	if os.Getenv("GANBOOK_TEST_AS_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// call runs a command line in this process.
func call(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	status = execute(t.Context(), args, &o, &e)
	return status, o.String(), e.String()
}

// mustCall is call for command lines that must work.
func mustCall(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errOut := call(t, args...)
	if status != 0 {
		t.Fatalf("ganbook %s: status %d\n%s%s", strings.Join(args, " "), status, out, errOut)
	}
	return out
}

// smoke trains the smallest run there is and returns the folder of runs and that of the run.
func smoke(t *testing.T, args ...string) (root, dir string) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "runs")
	mustCall(t, append([]string{"run", "dcgan", "--scale=smoke", "--out", root}, args...)...)
	return root, filepath.Join(root, "00001-dcgan")
}

// events parses the output of --json: one object a line and nothing else.
func events(t *testing.T, out string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(out) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q is no JSON object: %v", line, err)
		}
		list = append(list, e)
	}
	return list
}

func countEvents(list []map[string]any) map[string]int {
	n := map[string]int{}
	for _, e := range list {
		n[e["event"].(string)]++
	}
	return n
}

// points reads the numbers of a run.
func points(t *testing.T, dir string) []runlog.Point {
	t.Helper()
	run, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Points()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// knownLate are the cases that only work begun brings to light: a failure, not a mistake on the command line.
var knownLate = []string{"batch larger than the data", "no such data", "terms not accepted", "a set that is not there", "images that are not there"}

// A lowering that does not exist is refused before anything is computed.
func TestUnknownLowering(t *testing.T) {
	t.Setenv(nn.PolicyVariable, "quick")
	for _, args := range [][]string{
		{"run", "dcgan", "--scale=smoke", "--out", t.TempDir()}, {"bench"}, {"table", "dcgan"},
	} {
		_, out, errOut := call(t, args...)
		for _, w := range []string{nn.PolicyVariable, `"quick"`, "direct, exact, fast"} {
			if !strings.Contains(errOut, w) || strings.Contains(errOut, "goroutine") || out != "" {
				t.Errorf("%s: %q does not say %s and no more; output %q", args[0], errOut, w, out)
			}
		}
	}
}

// Wishes that cannot be met are refused before anything is done, with what is wrong, its value and a remedy.
func TestBadInput(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("GANBOOK_DATA", t.TempDir())
	for _, tc := range []struct {
		name string
		args []string
		want []string
	}{
		{"no such command", []string{"rnu", "dcgan"}, []string{"rnu", `did you mean`, `"run"`, "./ganbook --help"}},
		{"no such command below another", []string{"runs", "lst"}, []string{"lst", `did you mean "list"`}},
		{"no such experiment", []string{"run", "dcgam"}, []string{`"dcgam"`, "dcgan/radford2015", "did you mean dcgan?"}},
		{"no experiment", []string{"run"}, []string{"<experiment>", "./ganbook run --help"}},
		{"no such flag", []string{"run", "dcgan", "--scael=smoke"}, []string{"--scael", `did you mean "--scale"`, "./ganbook run --help"}},
		{"a flag far from the right one", []string{"run", "dcgan", "--imagesz=3"}, []string{"--imagesz", "--image"}},
		{"no such scale", []string{"run", "dcgan", "--scale=smok"}, []string{`"smok"`, "full, lecture and smoke", "did you mean smoke?"}},
		{"no such backend", []string{"run", "dcgan", "--backend=gp"}, []string{`"gp"`, "this program has: go", "did you mean go?"}},
		{"XLA not built in", []string{"run", "dcgan", "--backend=xla:cuda"}, []string{"xla:cuda", "tag xla"}},
		{"batch 0", []string{"run", "dcgan", "--batch=0"}, []string{"--batch 0", "at least 1"}},
		{"batch 1", []string{"run", "dcgan", "--batch=1"}, []string{"batch size 1", "at least 2"}},
		{"negative width", []string{"run", "dcgan", "--width=-3"}, []string{"--width -3", "at least 1"}},
		{"no epochs", []string{"run", "dcgan", "--epochs=0"}, []string{"--epochs 0", "at least 1"}},
		{"no images", []string{"run", "dcgan", "--images=0"}, []string{"--images 0", "at least 1"}},
		{"a number that is none", []string{"run", "dcgan", "--batch=many"}, []string{"--batch", "many"}},
		{"no images in all", []string{"resume", "1", "--images=0"}, []string{"--images 0", "at least 1"}},
		{"fewer images than none", []string{"resume", "1", "--images=-5"}, []string{"--images -5", "at least 1"}},
		{"a slope above 1", []string{"run", "dcgan", "--set=slope=2"}, []string{"slope 2", "from 0 to 1"}},
		{"the same setting twice", []string{"run", "dcgan", "--set=lr=1", "--set=LearningRate=2"}, []string{"--set LearningRate and --set lr", "once"}},
		{"image size 48", []string{"run", "dcgan", "--image-size=48"}, []string{"image size 48", "power of two"}},
		{"no such setting", []string{"run", "dcgan", "--set=slop=3"}, []string{"slop=3", "did you mean slope?", "lr"}},
		{"a setting that is no number", []string{"run", "dcgan", "--set=lr=fast"}, []string{"lr=fast", "not a number"}},
		{"a learning rate below 0", []string{"run", "dcgan", "--set=lr=-1"}, []string{"learning rate -1", "positive"}},
		{"a beta of 1", []string{"run", "dcgan", "--set=beta1=1"}, []string{"beta1 1", "below 1"}},
		{"a label above 1", []string{"run", "dcgan", "--set=real_label=2"}, []string{"real_label 2", "from 0 to 1"}},
		{"no such prior", []string{"run", "dcgan", "--set=p(z)=unifrm"}, []string{"unifrm", "uniform"}},
		{"a setting without value", []string{"run", "dcgan", "--set=lr"}, []string{"--set", "lr"}},
		{"batch larger than the data", []string{"run", "dcgan", "--scale=smoke", "--batch=200", "--out", empty}, []string{"batch 200", "160 images", "--batch"}},
		{"no such data", []string{"run", "dcgan", "--scale=smoke", "--data", filepath.Join(empty, "nothing.zip"), "--out", empty}, []string{"nothing.zip"}},
		{"a set's name mistyped", []string{"run", "dcgan", "--data=mnits"}, []string{"--data mnits", "did you mean mnist?"}},
		{"terms not accepted", []string{"run", "dcgan", "--data=celeba", "--out", empty}, []string{"CelebA is for non-commercial research", "--yes"}},
		{"no such set", []string{"data", "verify", "mnits"}, []string{`"mnits"`, "did you mean mnist?"}},
		{"a set that is not there", []string{"data", "verify", "mnist", "--dir", empty}, []string{"4 of 4 files", "data download mnist", "--dir"}},
		{"images that are not there", []string{"data", "prepare", filepath.Join(empty, "none")}, []string{"none", "does not exist"}},
		{"a kind of picture", []string{"generate", "1", "--kind=wlak"}, []string{"--kind", `"grid","images","walk"`}},
		{"no such run to resume", []string{"resume", "7", "--runs", empty}, []string{"no run 7", empty}},
		{"no such run to show", []string{"runs", "show", "dcgan", "--runs", empty}, []string{"no run dcgan"}},
		{"no such run to delete", []string{"runs", "delete", "x", "--yes", "--runs", empty}, []string{"no run x"}},
		{"no such run to draw from", []string{"generate", "x", "--runs", empty}, []string{"no run x"}},
		{"no such table", []string{"table", "dcgna"}, []string{`"dcgna"`, "did you mean dcgan?"}},
		{"two notebooks, one output", []string{"nb", "run", "a.ipynb", "b.ipynb", "--output=c.ipynb"}, []string{"--output", "2 notebooks"}},
		{"two notebooks, one page", []string{"nb", "html", "a/x.ipynb", "b/x.ipynb", "--output=c"}, []string{"the same page", "c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, out, errOut := call(t, tc.args...)
			want := statusUsage
			if slices.Contains(knownLate, tc.name) {
				want = statusFailure
			}
			if status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if out != "" && tc.name != "a set that is not there" {
				t.Errorf("standard output: %q", out)
			}
			for _, w := range tc.want {
				if !strings.Contains(errOut, w) {
					t.Errorf("message lacks %q:\n%s", w, errOut)
				}
			}
		})
	}
	if left, _ := os.ReadDir(empty); len(left) > 0 {
		t.Errorf("a refused run left %v behind", left)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	out := mustCall(t)
	for _, c := range []string{"run", "resume", "generate", "runs list", "runs show", "runs delete", "list (experiments)", "table",
		"eval", "replay", "data list", "data download", "data verify", "data prepare", "setup", "nb run", "nb check", "nb html", "bench", "doctor", "test"} {
		if !strings.Contains(out, "\n  "+c+" ") {
			t.Errorf("help lacks %q:\n%s", c, out)
		}
	}
	if out := mustCall(t, "run", "--help"); !strings.Contains(out, "--image-size=N") {
		t.Errorf("help of run:\n%s", out)
	}
}

func TestListNamesExperiments(t *testing.T) {
	for _, command := range []string{"list", "experiments"} {
		if out := mustCall(t, command); !strings.Contains(out, "dcgan/radford2015") || !strings.Contains(out, "Radford, Metz & Chintala 2015") {
			t.Errorf("%s:\n%s", command, out)
		}
	}
}

func TestASignalsNumberIsTheExitStatus(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupted{os.Interrupt})
	var out, errOut bytes.Buffer
	if status := execute(ctx, []string{"run", "dcgan", "--scale=smoke", "--out", t.TempDir()}, &out, &errOut); status != statusSignal+2 {
		t.Errorf("status %d, want %d\n%s%s", status, statusSignal+2, &out, &errOut)
	}
}
