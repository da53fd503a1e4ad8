package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// A run repeated from its record is the same to the bit, also when it was stopped and resumed; a number that was not
// so at the time is found.
func TestReplay(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, set := t.TempDir(), bars(t, 40)
	mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=60", "--batch=10", "--set", "normal=0", "--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", root)
	kept := t.TempDir()
	out := mustCall(t, "replay", "1", "--runs", root, "--keep", kept)
	if !strings.Contains(out, "60 images shown: bit-equal") || !strings.Contains(out, "of 6 iterations") {
		t.Errorf("%s", out)
	}
	if runs, err := runlog.List(kept); err != nil || len(runs) != 1 {
		t.Errorf("%d repetitions kept, %v", len(runs), err)
	}

	dir := filepath.Join(root, "00001-anogan")
	metrics := filepath.Join(dir, "metrics.jsonl")
	text, err := os.ReadFile(metrics)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	var p runlog.Point
	if err := json.Unmarshal([]byte(lines[3]), &p); err != nil {
		t.Fatal(err)
	}
	p.Values["G/loss"] += 0.25
	changed, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	lines[3] = string(changed) + "\n"
	if err := os.WriteFile(metrics, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, _ := call(t, "replay", dir)
	for _, w := range []string{"not bit-equal", "metrics: 1 of ", "first G/loss at iteration 4", "(by -0.25)", "weights: bit-equal"} {
		if status != statusFailure || !strings.Contains(out, w) {
			t.Errorf("status %d, want %q in\n%s", status, w, out)
		}
	}
	// A line that is lost moves no other, and without any line there is no equality.
	lines[3] = ""
	for text, want := range map[string][]string{
		strings.Join(lines, ""): {"not bit-equal", "the run's metrics.jsonl has no point of 1 iteration: 4", "metrics: bit-equal", "weights: bit-equal"},
		"":                      {"not known to be bit-equal", "no point of 6 iterations: 1 2 3 4 5 6", "metrics: there is nothing that both have", "weights: bit-equal"},
	} {
		if err := os.WriteFile(metrics, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		status, out, _ := call(t, "replay", dir)
		for _, w := range want {
			if status != statusFailure || !strings.Contains(out, w) {
				t.Errorf("status %d, want %q in\n%s", status, w, out)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "ganbook-replay-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if status, _, errOut := call(t, "replay", dir, "--data", bars(t, 20)); status == 0 || !strings.Contains(errOut, "trained on other images") {
		t.Errorf("other images: status %d, %s", status, errOut)
	}
}
