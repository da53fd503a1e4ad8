package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// A training whose numbers end says so while it trains, and afterwards with cause and remedy.
func TestDoctorOfARunThatDiverged(t *testing.T) {
	root := t.TempDir()
	_, out, _ := call(t, "run", "dcgan", "--scale=smoke", "--set", "lr=1e35", "--out", root)
	const line = "diverged: G/loss is NaN at iteration 1"
	if !strings.Contains(out, "doctor: failure: "+line+" → Begin again with a smaller learning rate") {
		t.Errorf("run says nothing of it:\n%s", out)
	}
	for _, args := range [][]string{{"doctor", "1", "--runs", root}, {"doctor", filepath.Join(root, "00001-dcgan")}} {
		if out := mustCall(t, args...); !strings.Contains(out, line) || !strings.Contains(out, "weights left the range of numbers") || !strings.Contains(out, "→ Begin again") {
			t.Errorf("%v:\n%s", args, out)
		}
	}
	if shown := mustCall(t, "runs", "show", "1", "--runs", root); !strings.Contains(shown, line) {
		t.Errorf("runs show:\n%s", shown)
	}
	_, out, _ = call(t, "run", "dcgan", "--scale=smoke", "--set", "lr=1e35", "--out", root, "--json")
	found := 0
	for _, e := range append(events(t, out), events(t, mustCall(t, "doctor", "2", "--runs", root, "--json"))...) {
		if e["event"] == "finding" {
			e = e["finding"].(map[string]any)
		}
		if e["kind"] == "diverged" && e["value"] == "NaN" && e["severity"] == "failure" {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d findings in JSON, want one of the training and one of the doctor", found)
	}
}

func TestDoctorOfAHealthyRun(t *testing.T) {
	root, dir := smoke(t)
	for _, again := range [][]string{nil, {"--again"}} {
		if out := mustCall(t, append([]string{"doctor", dir}, again...)...); !strings.HasPrefix(out, "nothing found in 20 iterations: looked for saturated discriminator, mode collapse, vanishing generator gradient, imbalance") {
			t.Errorf("%v:\n%s", again, out)
		}
	}
	if out := mustCall(t, "doctor", dir, "--json"); out != "" {
		t.Errorf("JSON of nothing: %s", out)
	}
	if status, _, message := call(t, "doctor", "7", "--runs", root); status != statusUsage || !strings.Contains(message, "there is no run 7") {
		t.Errorf("status %d, %s", status, message)
	}
	if status, _, message := call(t, "doctor", "--again"); status != statusUsage || !strings.Contains(message, "name the run") {
		t.Errorf("status %d, %s", status, message)
	}
}

// A damaged line of the findings is reported and hides none of the others.
func TestDoctorOfDamagedFindings(t *testing.T) {
	run, err := runlog.Create(t.TempDir(), runlog.Info{Experiment: "dcgan"})
	if err != nil {
		t.Fatal(err)
	}
	found := runlog.Finding{Kind: "collapse", Severity: runlog.Warning, Iteration: 3, Since: 2, Title: "mode collapse", Cause: "it is so", Remedy: "begin again"}
	if err := run.Finding(found); err != nil {
		t.Fatal(err)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(run.Dir(), "findings.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("no JSON\n"), text...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--json"}} {
		status, out, message := call(t, append([]string{"doctor", run.Dir()}, args...)...)
		if status != statusFailure || !strings.Contains(out, "begin again") || !strings.Contains(message, "findings.jsonl") {
			t.Errorf("%v: status %d\n%s%s", args, status, out, message)
		}
	}
}
