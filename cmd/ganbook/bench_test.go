package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

func TestStepsIn(t *testing.T) {
	for _, tc := range []struct {
		round, step float64
		want        int
	}{{5, 0.5, 10}, {5, 10, fewestSteps}, {5, 0.001, mostSteps}} {
		if got := stepsIn(tc.round, tc.step); got != tc.want {
			t.Errorf("%v s of %v s: %d steps, want %d", tc.round, tc.step, got, tc.want)
		}
	}
}

// A program that is no contender is an error and does not stay behind.
func TestAContenderThatFails(t *testing.T) {
	if _, err := startContender("liar", nil, "sh", "-c", "echo hello; exec sleep 1000"); err == nil || !strings.Contains(err.Error(), "liar did not start") {
		t.Errorf("%v", err)
	}
	k, err := startContender("quitter", nil, "sh", "-c", "echo ready; read line; echo '{}'; exec sleep 1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.round(); err == nil || !strings.Contains(err.Error(), "quitter: it did no step") {
		t.Errorf("%v", err)
	}
	if k.cmd.ProcessState == nil {
		t.Error("it still runs")
	}
}

// The rows of the pipeline, from our own program in processes of its own, on pictures that are prepared on the way.
func TestBenchPipeline(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1")
	pictures := t.TempDir()
	for i := range 8 {
		img, err := sheet.Picture(make([]float32, 64*64*3), 64, 64, 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := plots.WritePNG(filepath.Join(pictures, string(rune('a'+i))+".png"), img); err != nil {
			t.Fatal(err)
		}
	}
	cache := os.Getenv("GANBOOK_CACHE")
	for data, want := range map[string]int{"": 5, pictures: 7} {
		args := []string{"bench", "--pipeline", "--work=4:8", "--rounds=1", "--seconds=1.5", "--json"}
		if data != "" {
			args = append(args, "--data", data)
		}
		rows := map[string]measurement{}
		for line := range strings.Lines(mustCall(t, args...)) {
			var r measurement
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if r.Maximum < r.Minimum || r.Median < r.Minimum || r.Measured < 1 || r.Unit == "" || r.Median < 0 {
				t.Errorf("%+v", r)
			}
			rows[r.What] = r
		}
		if len(rows) != want {
			t.Errorf("data %q: %d rows, want %d: %v", data, len(rows), want, rows)
		}
		for _, what := range []string{"start to first step", "resume to first step", "size of a snapshot"} {
			if rows[what].Median <= 0 {
				t.Errorf("data %q: %s: %+v", data, what, rows[what])
			}
		}
	}
	if os.Getenv("GANBOOK_CACHE") != cache {
		t.Error("it left its cache in the environment")
	}
}
