package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Every convolution of a work, in each of the three ways it is used; two works that share a shape measure it once.
func TestBenchLayers(t *testing.T) {
	was := os.Stdout
	names := map[string]bool{}
	for line := range strings.Lines(mustCall(t, "bench", "--layers", "--work=blocks:2:8:4:3,blocks2:2:8:4:2", "--seconds=0.02", "--json")) {
		var r measurement
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if r.Minimum <= 0 || r.Low < r.Minimum || r.Median < r.Low || r.High < r.Median || r.Maximum < r.High || r.Measured < 1 || names[r.What] {
			t.Errorf("%+v", r)
		}
		names[r.What] = true
	}
	if len(names) != 3 || !names["2×8×8 4→4 k3 s1, kernel gradient"] {
		t.Errorf("%v", names)
	}
	text := mustCall(t, "bench", "--layers", "--work=blocks:2:8:4:3", "--seconds=0.02")
	if strings.Count(text, "4→4 k3 s1") != 3 || !strings.Contains(text, "Median") || !strings.Contains(text, "90%") {
		t.Errorf("%s", text)
	}
	if os.Stdout != was {
		t.Error("the standard output is not what it was")
	}
	if status, _, errOut := call(t, "bench", "--layers", "--work=toy:4"); status != statusUsage || !strings.Contains(errOut, "no convolutions") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
