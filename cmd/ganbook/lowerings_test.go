package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The whole command with nets of a few maps, so small that every lowering is the direct one: eight trainings, each in a
// process of its own, then the report. Called again it trains nothing; with more steps it goes on.
func TestCompareLowerings(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1") // for the trainings
	out := t.TempDir()
	args := []string{"compare", "lowerings", "--width=2", "--batch=4", "--samples=4", "--out", out}
	report := mustCall(t, append(args, "--steps=3")...)
	for _, want := range []string{"dcgan: mean ±", "wgan-gp: distance from direct in the first 50 iterations", "| wasserstein", "| D(G(z)) after", "other data"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	kept, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || string(kept) != report {
		t.Errorf("report.md is not what was printed: %v\n%s", err, kept)
	}
	for _, picture := range []string{"dcgan.png", "wgan-gp.png"} {
		if _, err := os.Stat(filepath.Join(out, picture)); err != nil {
			t.Error(err)
		}
	}
	for name, lowering := range map[string]string{"direct": "direct", "fast": "fast", "other-seed": "direct", "exact": "exact"} {
		for _, game := range []string{"dcgan", "wgan-gp"} {
			run := onlyRun(t, filepath.Join(out, game+"-"+name))
			points, err := run.Points()
			if err != nil || len(points) != 3 || run.Info().Lowering != lowering || (run.Info().Seed == 2) != (name == "other-seed") {
				t.Errorf("%s, %s: %d points, lowering %s, seed %d, %v", game, name, len(points), run.Info().Lowering, run.Info().Seed, err)
			}
		}
	}
	if again := mustCall(t, append(args, "--steps=3")...); again != report {
		t.Errorf("the second report differs:\n%s", again)
	}
	mustCall(t, append(args, "--steps=5", "--games=wgan-gp", "--only=direct,fast")...)
	// The others have no numbers in the last third, and no pictures beside those that were trained further.
	report = mustCall(t, append(args, "--games=wgan-gp", "--report")...)
	if rows := lineWith(report, "| wasserstein | 4 – 5 "); strings.Count(rows, "| –") != 2 {
		t.Errorf("the last third: %q", rows)
	}
	if strings.Contains(report[strings.Index(report, "sliced"):], "exact") {
		t.Errorf("pictures of a shorter training are compared:\n%s", report)
	}
	if points, err := onlyRun(t, filepath.Join(out, "wgan-gp-fast")).Points(); err != nil || len(points) != 5 || points[4].Values["penalty"] <= 0 {
		t.Errorf("%d points after going on, %v", len(points), err)
	}
}

// onlyRun is the one run of a folder.
func onlyRun(t *testing.T, dir string) *runlog.Run {
	t.Helper()
	runs, err := runlog.List(dir)
	if err != nil || len(runs) != 1 {
		t.Fatalf("%s: %d runs, %v", dir, len(runs), err)
	}
	return runs[0]
}

// Trainings of different widths are not compared, nor is one adopted that was trained under another lowering.
func TestCompareLoweringsRefusesOthers(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1")
	out := t.TempDir()
	args := []string{"compare", "lowerings", "--games=wgan-gp", "--batch=4", "--samples=4", "--steps=1", "--out", out}
	mustCall(t, append(args, "--width=2", "--only=direct")...)
	if status, _, message := call(t, append(args, "--width=3", "--only=direct,exact")...); status != statusFailure || !strings.Contains(message, "different settings") {
		t.Errorf("status %d, %s", status, message)
	}
	if err := os.Rename(filepath.Join(out, "wgan-gp-direct"), filepath.Join(out, "wgan-gp-fast")); err != nil {
		t.Fatal(err)
	}
	if status, _, message := call(t, append(args, "--width=2", "--only=fast")...); status != statusFailure || !strings.Contains(message, "lowering direct and not fast") {
		t.Errorf("status %d, %s", status, message)
	}
}

// lineWith is the first line that begins so.
func lineWith(text, start string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, start) {
			return line
		}
	}
	return ""
}
