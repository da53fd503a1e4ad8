package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// barsSplit is bars with a test part of its own: 60 training and 20 test pictures.
func barsSplit(t *testing.T) string {
	t.Helper()
	dir, test := bars(t, 60), bars(t, 20)
	for _, name := range []string{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		if err := os.Rename(filepath.Join(test, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// evalArgs is the smallest grid there is: two classes, two seeds.
func evalArgs(set, root string) []string {
	return []string{"eval", "anogan/mnist-one-class", "--scale=smoke", "--name=anogan/bars", "--classes=0-1", "--seeds=0,1", "--data", set,
		"--out", filepath.Join(root, "runs"), "--results", filepath.Join(root, "results"), "--iterations=24", "--batch=8",
		"--set", "batch_size=10", "--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--set", "search_steps=3"}
}

func barsResults(t *testing.T, root string) *protocol.Results {
	t.Helper()
	r, err := protocol.OpenResults(protocol.Folder(filepath.Join(root, "results"), "anogan/bars", "smoke"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// comparableCells is what two computations of a grid must have alike.
func comparableCells(t *testing.T, root string) map[string]protocol.Cell {
	t.Helper()
	cells, err := barsResults(t, root).Cells()
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]protocol.Cell{}
	for _, c := range cells {
		c.Seconds, c.Finished = protocol.Seconds{}, ""
		list[cellID{c.Class, c.Seed}.String()] = *c
	}
	return list
}

// A grid that was broken off goes on where it was, and comes out as one that was not; finished cells are not repeated;
// the files say what was done; and whatever was changed after it was fixed is refused.
func TestEval(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	set, whole, broken := barsSplit(t), t.TempDir(), t.TempDir()
	out := mustCall(t, evalArgs(set, whole)...)
	for _, w := range []string{"ours: weighted", "PCA, 28 components", "distance to 5 neighbours", "24 iterations of anogan", "4 of 50 cells", "no published number compares", "recalled, not re-read"} {
		if !strings.Contains(out, w) {
			t.Errorf("the table does not say %q:\n%s", w, out)
		}
	}
	want := comparableCells(t, whole)
	if names := slices.Sorted(maps.Keys(want)); len(names) != 4 {
		t.Fatalf("cells %v", names)
	}
	checkCell(t, want["class 1, seed 0"])
	if want["class 1, seed 0"].Weights == want["class 1, seed 1"].Weights {
		t.Error("the seed changes nothing")
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		metrics := filepath.Join(broken, "runs", "00001-anogan", "metrics.jsonl")
		for t.Context().Err() == nil {
			if text, _ := os.ReadFile(metrics); bytes.Count(text, []byte("\n")) > 2 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel(interrupted{os.Interrupt})
	}()
	var said bytes.Buffer
	if status := execute(ctx, append(evalArgs(set, broken), "--jobs=1"), &said, &said); status != statusSignal+2 || !strings.Contains(said.String(), "the same command goes on") {
		t.Fatalf("broken off: status %d\n%s", status, &said)
	}
	mustCall(t, evalArgs(set, broken)...)
	if got := comparableCells(t, broken); !reflect.DeepEqual(got, want) {
		t.Errorf("the grid that was broken off differs:\n%+v\n%+v", got, want)
	}
	runs, err := runlog.List(filepath.Join(broken, "runs"))
	if err != nil || len(runs) != 4 {
		t.Errorf("%d runs, %v; want one for each cell", len(runs), err)
	}
	if resumed := runs[0].Info().Resumed; len(resumed) != 1 {
		t.Errorf("the first run was resumed %d times", len(resumed))
	}
	tearScores(t, broken)
	mustCall(t, evalArgs(set, broken)...)
	if got := comparableCells(t, broken); !reflect.DeepEqual(got, want) {
		t.Errorf("the search that was broken off differs:\n%+v\n%+v", got, want)
	}
	testSearchedElsewhere(t, set, broken)
	_, _, again := call(t, evalArgs(set, broken)...)
	if strings.Count(again, "as found") != 4 {
		t.Errorf("finished cells were computed again:\n%s", again)
	}
	if locks, _ := filepath.Glob(filepath.Join(broken, "results", "*", "*", "*", "*.lock")); len(locks) > 0 {
		t.Errorf("locks left: %v", locks)
	}
	testCellsRun(t, set, filepath.Join(broken, "runs"))
	testEvalRefuses(t, set, broken)
}

// testCellsRun looks at a cell's run with the other commands: it is a run as any other, but for its sealed labels.
func testCellsRun(t *testing.T, set, runs string) {
	t.Helper()
	if out := mustCall(t, "replay", "1", "--runs", runs, "--data", set); !strings.Contains(out, "bit-equal, ") {
		t.Errorf("replay: %s", out)
	}
	mustCall(t, "score", "1", "--runs", runs, "--set", "search_steps=2", "--normals=3", "--batch=4", "--first=2", set)
	opened, err := experiments.Open(filepath.Join(runs, "00001-anogan"))
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	own, err := opened.Trained(t.Context())
	if err != nil || own.Len() != 29 || own.Labels() != nil {
		t.Errorf("trained on %v, %v", own, err)
	}
	if held, err := opened.HeldOut(t.Context()); err != nil || held.Len() != 1 || held.Hash() == own.Hash() {
		t.Errorf("held out: %v", err)
	}
	if _, err := opened.TestImages(t.Context()); err == nil || !strings.Contains(err.Error(), "test labels are sealed") {
		t.Errorf("test images: %v", err)
	}
}

// tearScores leaves a cell as a kill in the midst of its search does: without its file, and with some of the scores.
func tearScores(t *testing.T, root string) {
	t.Helper()
	if err := os.Remove(filepath.Join(barsResults(t, root).Dir, "class-0-seed-0.json")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "runs", "00001-anogan", "scores.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines != 5 { // the head, the picture held out, 20 test pictures by eight
		t.Errorf("%d lines of scores", lines)
	}
	if err := os.WriteFile(file, text[:len(text)*2/3], 0o644); err != nil {
		t.Fatal(err)
	}
}

// testSearchedElsewhere makes a cell anew from scores that another Go computed: it says so, and the others do not. All say
// by which engine.
func testSearchedElsewhere(t *testing.T, set, root string) {
	t.Helper()
	if err := os.Remove(filepath.Join(barsResults(t, root).Dir, "class-0-seed-1.json")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "runs", "*", "scores.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"by":{"go":"go`), []byte(`"by":{"go":"older than go`)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustCall(t, evalArgs(set, root)...)
	for name, c := range comparableCells(t, root) {
		made := name == "class 0, seed 1"
		if len(c.Searched) != 1 || made != strings.HasPrefix(c.Searched[0].Go, "older than go") || c.Searched[0].Engine != anogan.EngineLanes {
			t.Errorf("%s was searched by %+v", name, c.Searched)
		}
	}
}

func checkCell(t *testing.T, c protocol.Cell) {
	t.Helper()
	// 30 training pictures of the class, of which a twentieth (1.5, rounded to 1) is held out; 10 test pictures of each class.
	if c.Trained != 29 || c.Held != 1 || c.Normal != 10 || c.Anomalous != 10 || c.Iterations != 24 || len(c.Scores) != 4 || len(c.Baselines) != 2 {
		t.Errorf("%+v", c)
	}
	if c.Scores["weighted"].Bootstrap == nil || c.Scores["residual"].Bootstrap != nil || len(c.Weights) != 64 || c.Versions.Backend != "go:num_executors=1" {
		t.Errorf("%+v", c)
	}
}

func testEvalRefuses(t *testing.T, set, root string) {
	t.Helper()
	refused := func(want string, args ...string) {
		t.Helper()
		if status, _, errOut := call(t, args...); status == 0 || !strings.Contains(errOut, want) {
			t.Errorf("status %d, want %q in %s", status, want, errOut)
		}
	}
	refused("fixed with another training; give a variant a name", append(evalArgs(set, root), "--set", "lr=0.1")...)
	refused("other pictures", evalArgs(bars24(t), root)...)
	refused("has no class 12", append(evalArgs(set, root), "--classes=12")...)
	refused("seed 77 is none", append(evalArgs(set, root), "--seeds=77")...)
	refused("no image of class 5", append(evalArgs(set, root), "--classes=5")...)
	refused("did you mean anogan/mnist-one-class?", "eval", "anogan/mnist-oneclass")
	refused("single numbers and ranges", append(evalArgs(set, root), "--classes=3-1")...)
	refused(`scale "shrt"`, "eval", "anogan/mnist-one-class", "--scale=shrt")
	refused("give it a name of its own: --name anogan/mnist-one-class-variant", "eval", "anogan/mnist-one-class", "--iterations=5")
	refused("that is an evaluation of its own", "eval", "anogan/mnist-one-class", "--iterations=5", "--name=anogan/mnist-small")
	refused("does not exist", evalArgs(filepath.Join(set, "none"), root)...)

	testFailedCells(t, set, root)
	file := filepath.Join(barsResults(t, root).Dir, protocol.EvaluationFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(`"held": 0.05`), []byte(`"held": 0.5`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	refused("was edited after it was fixed", evalArgs(set, root)...)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// testFailedCells has cells that fail, be it that nothing is computed or that a file cannot be read: each is told of once,
// the table of the others stands before that, and the status is not 0.
func testFailedCells(t *testing.T, set, root string) {
	t.Helper()
	check := func(want string, args []string) {
		t.Helper()
		var said bytes.Buffer
		status := execute(t.Context(), args, &said, &said)
		_, after, table := strings.Cut(said.String(), "ours: weighted")
		if status != statusFailure || !table || strings.Count(said.String(), want) != 1 || !strings.Contains(after, "1 cell failed, as said above: class ") {
			t.Errorf("status %d, want %q once, a table, and which cells failed:\n%s", status, want, &said)
		}
	}
	check("no image of class 5", append(evalArgs(set, root), "--classes=5,0", "--seeds=0"))
	cell := filepath.Join(barsResults(t, root).Dir, "class-1-seed-0.json")
	text, err := os.ReadFile(cell)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cell, text[:len(text)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	check("class-1-seed-0.json is no cell", evalArgs(set, root))
	status, out, errOut := call(t, "table", "--results", "--from", filepath.Join(root, "results"))
	if status != statusFailure || !strings.Contains(out, "3 of 50 cells") || strings.Count(errOut, "is no cell") != 1 {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if err := os.WriteFile(cell, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// testComparedImages looks at what fid compares a cell's samples with: normal images kept for the threshold, as it says,
// and none of the test, among which the normal ones are sealed.
func testComparedImages(t *testing.T, dir string) {
	t.Helper()
	opened, err := experiments.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var said bytes.Buffer
	m := &fidMeasure{cmd: &fidCmd{}, app: &app{ctx: t.Context()}, run: opened, console: newConsole(&said)}
	real, held, err := m.open()
	if err != nil || real.Len() != 24 || held.Len() != 6 || held.Labels() != nil || said.Len() > 0 {
		t.Fatalf("%d and %d of the 30 training images of the class, %v\n%s", real.Len(), held.Len(), err, &said)
	}
	if held.name != "held-out images" || !strings.Contains(held.which, "evaluation mine keeps for its threshold; none of its test images") {
		t.Errorf("%s: %s", held.name, held.which)
	}
}

// bars24 is other pictures.
func bars24(t *testing.T) string {
	t.Helper()
	dir, test := bars(t, 24), bars(t, 20)
	for _, name := range []string{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		if err := os.Rename(filepath.Join(test, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Two processes share a grid: each cell is computed once, and both end with the whole table.
func TestTwoProcessesShareAGrid(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	set, root := barsSplit(t), t.TempDir()
	var outputs [2]bytes.Buffer
	var commands [2]*exec.Cmd
	for i := range commands {
		commands[i] = exec.Command(os.Args[0], append(evalArgs(set, root), "--jobs=1")...)
		commands[i].Env = append(os.Environ(), "GANBOOK_TEST_AS_PROGRAM=1")
		commands[i].Stdout, commands[i].Stderr = &outputs[i], &outputs[i]
		if err := commands[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range commands {
		if err := cmd.Wait(); err != nil || !strings.Contains(outputs[i].String(), "4 of 50 cells") {
			t.Errorf("process %d: %v\n%s", i, err, &outputs[i])
		}
	}
	if got := comparableCells(t, root); len(got) != 4 {
		t.Errorf("%d cells", len(got))
	}
	if runs, err := runlog.List(filepath.Join(root, "runs")); err != nil || len(runs) != 4 {
		t.Errorf("%d runs for 4 cells, %v", len(runs), err)
	}
}

// A draft is written, edited and given instead of a name.
func TestEvalOfAFile(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	set, root := barsSplit(t), t.TempDir()
	file := filepath.Join(root, "mine.json")
	args := evalArgs(set, root)
	mustCall(t, append(args, "--draft", file)...)
	if _, err := os.Stat(filepath.Join(root, "results")); err == nil {
		t.Error("a draft fixed something")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e protocol.Evaluation
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	e.Name, e.Classes, e.Seeds, e.Split.Held = "mine", []int{1}, []int64{7}, 0.2
	if err := e.WriteDraft(file); err != nil {
		t.Fatal(err)
	}
	out := mustCall(t, "eval", file, "--data", set, "--out", filepath.Join(root, "runs"), "--results", filepath.Join(root, "results"))
	if !strings.Contains(out, "1 of 1 cells") {
		t.Errorf("%s", out)
	}
	testComparedImages(t, filepath.Join(root, "runs", "00001-anogan"))
	if status, _, errOut := call(t, "eval", file, "--scale=full", "--draft", filepath.Join(root, "never.json")); status != statusUsage || !strings.Contains(errOut, "--scale full: "+file+" is of scale smoke") {
		t.Errorf("status %d, %s", status, errOut)
	}
	mustCall(t, "eval", file, "--scale=smoke", "--draft", filepath.Join(root, "same.json"))
	if status, _, errOut := call(t, "eval", file, "--iterations=9"); status != statusUsage || !strings.Contains(errOut, "edit it instead") {
		t.Errorf("status %d, %s", status, errOut)
	}
}
