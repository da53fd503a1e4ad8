package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunsListShowDelete(t *testing.T) {
	if out := mustCall(t, "runs", "list", "--runs", filepath.Join(t.TempDir(), "none")); !strings.Contains(out, "no runs in") {
		t.Errorf("an empty folder: %q", out)
	}
	root, dir := smoke(t)
	mustCall(t, "run", "dcgan", "--scale=smoke", "--seed=3", "--images=16", "--out", root)
	out := mustCall(t, "runs", "--runs", root)
	for _, w := range []string{"00001-dcgan", "160 / 160", "00002-dcgan", "16 / 16", "smoke", "done"} {
		if !strings.Contains(out, w) {
			t.Errorf("runs lacks %q:\n%s", w, out)
		}
	}
	for _, e := range events(t, mustCall(t, "runs", "list", "--json", "--runs", root)) {
		if e["status"] != "done" || e["experiment"] != "dcgan" {
			t.Errorf("%v", e)
		}
	}
	for _, name := range []string{dir, "00001-dcgan", "1", "00001"} {
		shown := mustCall(t, "runs", "show", name, "--runs", root)
		for _, w := range []string{dir, "done", "ganbook run dcgan --scale=smoke", "seed 999", "160 of 160 images", "last D/loss", "losses.png", `"LearningRate": 0.0002`} {
			if !strings.Contains(shown, w) {
				t.Errorf("show %s lacks %q:\n%s", name, w, shown)
			}
		}
	}
	if status, _, message := call(t, "runs", "show", "00001-dcgn", "--runs", root); status != statusUsage || !strings.Contains(message, "did you mean 00001-dcgan?") {
		t.Errorf("status %d, %s", status, message)
	}
	if status, _, message := call(t, "runs", "delete", "1", "--runs", root); status != statusUsage || !strings.Contains(message, "--yes") {
		t.Errorf("deleted without being asked: status %d, %s", status, message)
	}
	mustCall(t, "runs", "delete", "1", "--yes", "--runs", root)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if out := mustCall(t, "runs", "--runs", root); strings.Contains(out, "00001") || !strings.Contains(out, "00002") {
		t.Errorf("after deleting:\n%s", out)
	}
}

// A damaged run does not hide the others.
func TestRunsListReportsDamage(t *testing.T) {
	root, _ := smoke(t, "--images=16")
	bad := filepath.Join(root, "00007-dcgan")
	if err := os.MkdirAll(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bad, "run.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := call(t, "runs", "--runs", root)
	if status != statusFailure || !strings.Contains(out, "00001-dcgan") || !strings.Contains(errOut, "00007-dcgan") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}
