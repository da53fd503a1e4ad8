package main

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

func TestStepsIn(t *testing.T) {
	for _, tc := range []struct {
		round, step float64
		want        int
	}{{5, 0.5, 10}, {5, 10, fewestSteps}, {5, 0.0001, mostSteps}} {
		if got := stepsIn(tc.round, tc.step); got != tc.want {
			t.Errorf("%v s of %v s: %d steps, want %d", tc.round, tc.step, got, tc.want)
		}
	}
}

// A program that is no contender is an error that repeats what it said last, and does not stay behind.
func TestAContenderThatFails(t *testing.T) {
	if _, err := startContender(t.Context(), "talker", nil, "sh", "-c", "echo hello; exec sleep 1000"); err == nil || !strings.Contains(err.Error(), `talker did not start: it printed "hello"`) {
		t.Errorf("%v", err)
	}
	const notReady = "echo Traceback >&2; echo 'Error: no memory' >&2; echo >&2; exit 1"
	if _, err := startContender(t.Context(), "liar", nil, "sh", "-c", notReady); err == nil || !strings.Contains(err.Error(), "liar did not start: Error: no memory") {
		t.Errorf("%v", err)
	}
	for answer, want := range map[string]string{"{}": "it did no step", "nonsense": `it answered "nonsense"`, `{"wall":[0.1,0]}`: "it did no step"} {
		k, err := startContender(t.Context(), "quitter", nil, "sh", "-c", `echo '{"ready":true}'; read line; echo '`+answer+`'; exec sleep 1000`)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.round(3); err == nil || !strings.Contains(err.Error(), "quitter: "+want) {
			t.Errorf("%v, want %q", err, want)
		}
		if k.cmd.ProcessState == nil {
			t.Error("it still runs")
		}
	}
}

func TestLastLine(t *testing.T) {
	var l lastLine
	if l.String() != "it said nothing" {
		t.Errorf("%q", l.String())
	}
	for _, part := range []string{"a\nModuleNot", "FoundError: x\n", "\n  \n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if l.String() != "ModuleNotFoundError: x" {
		t.Errorf("%q", l.String())
	}
}

// ready is a contender with these rounds, by hand.
func ready(name string, first float64, rounds ...benchRound) *contender {
	return &contender{name: name, about: contenderAbout{Ready: true, First: first, Version: name + " 1"}, rounds: rounds}
}

// Ratios are taken round by round; that of the minima over all rounds.
func TestRatios(t *testing.T) {
	w, err := work.Parse("dcgan:16:64")
	if err != nil {
		t.Fatal(err)
	}
	ours := ready("ganbook", 3, benchRound{Wall: []float64{1, 1, 4}, CPU: 2, PeakMB: 10}, benchRound{Wall: []float64{2, 2, 2}, CPU: 3, PeakMB: 12}, benchRound{Wall: []float64{9, 9, 9}, CPU: 4, PeakMB: 11})
	its := ready("torch", 5, benchRound{Wall: []float64{2, 2, 2}, CPU: 1, busy: busyness{1, 2, 0.1}}, benchRound{Wall: []float64{2, 1, 2}, CPU: 1, busy: busyness{2, 3, 0.3}}, benchRound{Wall: []float64{3, 3, 3}, CPU: 1, busy: busyness{3, 4, 0.2}})
	r := its.result("cpu", w, ours)
	want := []float64{1, 0.5, 3, 1, 1, 2, 5 - 2, 16. / 2, 9, 1, 4, 0.3}
	got := []float64{r.Ratio, r.RatioLow, r.RatioHigh, r.RatioOfMin, r.Minimum, r.Median, r.Later, r.Images, float64(r.Steps), r.Busy.Before, r.Busy.After, r.Busy.Others}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if o := ours.result("cpu", w, ours); o.Ratio != 0 || o.PeakMB != 12 || o.CPU != 3 || o.Minimum != 1 {
		t.Errorf("ours beside ourselves: %+v", o)
	}
}

// Growing is measured against the multiplications, for each contender by itself and between works that differ in one
// number; what did not run has no figures.
func TestDerived(t *testing.T) {
	results := []benchResult{
		{Work: "dcgan:16:64", About: "small", Contender: "a", Median: 1, Multiplications: 100, Later: 0.5},
		{Work: "dcgan:128:64", About: "large", Contender: "a", Median: 10, Multiplications: 800, Later: 1.5},
		{Work: "dcgan:16:16", About: "narrow", Contender: "a", Median: 0.2, Multiplications: 10},
		{Work: "dcgan:128:64", About: "large", Contender: "b", Median: 1, Multiplications: 800},
		{Work: "dcgan:16:64", About: "small", Contender: "b", Failed: "no"},
		{Work: "toy:16", About: "toy", Contender: "a", Median: 1, Multiplications: 1},
	}
	found := map[string]float64{}
	for _, row := range derive(results) {
		found[row.Contender+" "+row.What] = row.Value
	}
	want := map[string]float64{
		"a growing, small: batch 16 → 128": 1.25, "a growing, narrow: width 16 → 64": 0.5,
		"a first step − later step, small": 0.5, "a first step − later step, large": 1.5, "a first step − later step, narrow": 0,
		"b first step − later step, large": 0, "a first step − later step, toy": 0,
	}
	if len(found) != len(want) {
		t.Errorf("%v, want %v", found, want)
	}
	for what, v := range want {
		if got, ok := found[what]; !ok || math.Abs(got-v) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, got, v)
		}
	}
}

func TestBusyness(t *testing.T) {
	const stat = "cpu  100 10 20 5000 300 3 2 5 7 7\ncpu0 50 5 10 2500 150 0 0 0 0 0\ncpu1 50 5 10 2500 150 0 0 0 0 0\nintr 1\n"
	worked, cores, ok := parseStat(stat)
	if worked != 1400*time.Millisecond || cores != 2 || !ok {
		t.Errorf("%v on %d cores, %v", worked, cores, ok)
	}
	for _, bad := range []string{"", "cpu 1 2 3\ncpu0 1\n", "cpu a b c d e f g h i j\ncpu0 1\n", "cpu  1 1 1 1 1 1 1 1 1 1\n"} {
		if _, _, ok := parseStat(bad); ok {
			t.Errorf("%q is accepted", bad)
		}
	}
	// Of 2 × 10 s, 14 were worked: 1 by us, 8 by the contender, 5 by others.
	if got := othersShare(14*time.Second, time.Second, 8, 10*time.Second, 2); got != 0.25 {
		t.Errorf("%v, want 0.25", got)
	}
	if got := othersShare(time.Second, time.Second, 8, 10*time.Second, 2); got != 0 {
		t.Errorf("%v, want 0: the clocks' rounding is nobody's work", got)
	}
}

func TestReplaceTable(t *testing.T) {
	text := "# A\n\n" + readmeBegin("cpu") + "\nold\n" + readmeEnd("cpu") + "\n\nrest\n" + readmeBegin("gpu") + "\nkept\n" + readmeEnd("gpu") + "\n"
	got, err := replaceTable(text, "cpu", "new\n")
	if want := strings.Replace(text, "old", "new", 1); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", readmeEnd("cpu") + readmeBegin("cpu"), readmeBegin("cpu"), text + text} {
		if _, err := replaceTable(bad, "cpu", "new\n"); err == nil || !strings.Contains(err.Error(), readmeBegin("cpu")) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The table has the variant beside which we look worst, of each library.
func TestReadmeTable(t *testing.T) {
	ours := benchResult{Work: "toy:64", About: "toy", Contender: "ganbook", Median: 0.5, CPU: 1, PeakMB: 1000, Say: contenderSay{Version: "Go", Lowering: "fast", Backend: "go"}}
	its := func(name string, ratio float64) benchResult {
		return benchResult{Work: "toy:64", Contender: name, Median: 0.25, CPU: 0.5, PeakMB: 100, Ratio: ratio, RatioLow: ratio - 0.1, RatioHigh: ratio + 0.1, RatioOfMin: 2,
			Busy: busyness{Others: 0.07}, Say: contenderSay{Version: "torch 2.15.0", Threads: 2}}
	}
	failed := benchResult{Work: "toy:64", Contender: "torch, compiled", Failed: "no compiler"}
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	got := readmeTable("2 cores", day, []benchResult{ours, its("torch, plain", 1.5), its("torch, best", 2), its("JAX", 0.5), failed},
		[]derivedRow{{"growing", "ganbook", 1.1, "×", "d"}, {"growing", "torch, best", 9.9, "×", "d"}})
	for _, want := range []string{
		"26 November 2026; 2 cores; ganbook with lowering fast, backend go; torch 2.15.0, 2 threads.\n",
		"| toy | 0.5000 (1.000) | torch, best: 0.2500 (0.5000) | **2.00** (1.90 – 2.10) | 2.00 | 1.0 GB | 104.9 MB | 7 % |\n",
		"| JAX: 0.2500 (0.5000) | **0.50** (0.40 – 0.60) |", "| growing | 1.10 × | d |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "plain") || strings.Contains(got, "9.9") || strings.Contains(got, "compiled") {
		t.Errorf("too much:\n%s", got)
	}
}

// fakePython is a Python by hand: it has torch, and its steps take 0.02 s but for the variant that cannot start. Its JAX
// has no toy of 4, and for one of 8 too little memory.
func fakePython(t *testing.T) string {
	t.Helper()
	const script = `#!/bin/sh
case "$1" in -c) exit 0;; esac
case "$1:$2" in
*jax_peer.py:toy:4) echo '{"ready":false,"lacks":"there is no such toy"}'; exit 0;;
*jax_peer.py:toy:8) echo "RuntimeError: out of memory" >&2; exit 1;;
esac
case "$3" in *compile*) echo "no compiler here" >&2; exit 1;; esac
echo '{"ready":true,"first_s":1.5,"version":"torch 9","threads":2}'
while read -r steps; do echo '{"wall":[0.02,0.03],"cpu":0.04,"peak_mb":500,"steps":'$steps'}'; done
`
	python := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(python, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return python
}

// A whole measurement of two small works beside a peer, with its table in a README.
func TestBenchSteps(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1")
	root := t.TempDir()
	t.Setenv("GANBOOK_ROOT", root)
	readme := filepath.Join(root, "README.md")
	for name, text := range map[string]string{"go.mod": "module github.com/ganbook/ganbook\n", "README.md": "A\n" + readmeBegin("cpu") + "\n" + readmeEnd("cpu") + "\nZ\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"bench", "--peer", fakePython(t), "--work=toy:4,toy:8", "--rounds=2", "--seconds=0.01"}
	ratios, failed, derived := 0, 0, 0
	for line := range strings.Lines(mustCall(t, append(args, "--json", "--readme")...)) {
		var r struct {
			benchResult
			What string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch {
		case r.What != "":
			derived++
		case r.Failed != "":
			failed++
			if !strings.Contains(r.Failed, "no compiler here") {
				t.Errorf("%+v", r)
			}
		case r.Contender == "ganbook":
			if r.Say.Lowering == "" || !strings.HasPrefix(r.Say.Backend, "go:") || r.PeakMB <= 0 || r.Minimum <= 0 || r.Multiplications <= 0 {
				t.Errorf("%+v", r)
			}
		default:
			ratios++
			if r.Median != 0.025 || r.Minimum != 0.02 || r.Later != 1.475 || r.Ratio <= 0 || r.RatioOfMin <= 0 || r.RatioLow > r.RatioHigh {
				t.Errorf("%+v", r)
			}
		}
	}
	if ratios != 6 || failed != 2 || derived != 4+8 {
		t.Errorf("%d peers, %d left out, %d derived rows; want 6, 2 and 12", ratios, failed, derived)
	}
	text, err := os.ReadFile(readme)
	if err != nil || !strings.Contains(string(text), "toy GAN in the plane, batch 8") || !strings.HasPrefix(string(text), "A\n") || !strings.HasSuffix(string(text), "\nZ\n") {
		t.Errorf("%v:\n%s", err, text)
	}
	lines := mustCall(t, append(args, "--benchstat", "--variants=best")...)
	for _, want := range []string{"\nBenchmarkStep/work=toy:4/by=ganbook-", "\nBenchmarkStep/work=toy:8/by=torch,best_flags-", " ns/op\t", "goos: "} {
		if n := strings.Count("\n"+lines, want); n == 0 || strings.HasPrefix(want, "\nBench") && n != 2 {
			t.Errorf("%q is there %d times:\n%s", want, n, lines)
		}
	}
	if out := mustCall(t, append(args, "--variants=best")...); !strings.Contains(out, "torch, best flags") || strings.Contains(out, "tutorial") || !strings.Contains(out, "growing, toy GAN in the plane, batch 4: batch 4 → 8") {
		t.Errorf("%s", out)
	}
}

// A library that has not got a work is left out of it, with its words; one that fails is an error, with its words, too.
func TestBenchOfALibraryThatLacksOrFails(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1")
	args := []string{"bench", "--jax", fakePython(t), "--rounds=1", "--seconds=0.01"}
	if out := mustCall(t, append(args, "--work=toy:4")...); !strings.Contains(out, "left out: JAX: there is no such toy\n") || !strings.Contains(out, "\nganbook  ") {
		t.Errorf("%s", out)
	}
	status, out, errOut := call(t, append(args, "--work=toy:8")...)
	if status != statusFailure || !strings.Contains(errOut, "bench toy:8: JAX did not start: RuntimeError: out of memory") || strings.Contains(out, "left out") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}

func TestBenchList(t *testing.T) {
	out := mustCall(t, "bench", "--list", "--work=wgan")
	if strings.Count(out, "\nwgan:16:") != 2 || strings.Contains(out, "dcgan") {
		t.Errorf("%s", out)
	}
	if out := mustCall(t, "bench", "gpu", "--list"); !strings.Contains(out, "dcgan:512:64") {
		t.Errorf("%s", out)
	}
}

// Wishes that no suite can meet, a Python without the library, and a machine without a GPU are refused in words.
func TestBenchRefuses(t *testing.T) {
	without := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(without, []byte("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{"--peer", without}, []string{"cannot import torch", "No module named 'torch'", "pip install torch=="}},
		{[]string{"--jax", without}, []string{"--jax", "cannot import jax"}},
		{[]string{"--peer", "no-such-python"}, []string{"--peer no-such-python", "no such program"}},
		{[]string{"--work=dcgn:1:2"}, []string{`"dcgn"`, "dcgan:batch:width"}},
		{[]string{"--work=dcgan:16"}, []string{`"dcgan:16"`, "dcgan:batch:width"}},
		{[]string{"--rounds=-1"}, []string{"--rounds -1"}},
		{[]string{"--seconds=0"}, []string{"--seconds 0"}},
		{[]string{"--variants=best"}, []string{"--variants", "--peer"}},
		{[]string{"--readme"}, []string{"--readme", "--peer"}},
		{[]string{"--json", "--benchstat"}, []string{"--json", "--benchstat"}},
		{[]string{"--data=x"}, []string{"--data", "[data]"}},
		{[]string{"--backend=gp"}, []string{`"gp"`}},
		{[]string{"data", "--peer=python3"}, []string{"--peer", "[cpu gpu]"}},
		{[]string{"data", "--work=toy:4"}, []string{"toy:4", "one DCGAN"}},
	} {
		status, out, errOut := call(t, append([]string{"bench"}, tc.args...)...)
		if status != statusUsage || out != "" {
			t.Errorf("%v: status %d\n%s%s", tc.args, status, out, errOut)
		}
		for _, w := range tc.want {
			if !strings.Contains(errOut, w) {
				t.Errorf("%v: %q does not say %s", tc.args, errOut, w)
			}
		}
	}
}

func TestBenchWithoutGPU(t *testing.T) {
	was := driverDir
	driverDir = t.TempDir()
	t.Cleanup(func() { driverDir = was })
	t.Setenv("PATH", t.TempDir())
	status, out, errOut := call(t, "bench", "gpu")
	if status != statusFailure || out != "" || !strings.Contains(errOut, "no GPU") || !strings.Contains(errOut, "setup --gpu") || !strings.Contains(errOut, "bench gpu --peer PYTHON") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}

// A README without a place for the table is found before anything is measured.
func TestReadmeWithoutAPlace(t *testing.T) {
	root := t.TempDir()
	t.Setenv("GANBOOK_ROOT", root)
	if err := errors.Join(os.WriteFile(filepath.Join(root, "go.mod"), []byte("module github.com/ganbook/ganbook\n"), 0o644),
		os.WriteFile(filepath.Join(root, "README.md"), []byte("nothing\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := call(t, "bench", "--peer", fakePython(t), "--readme", "--work=toy:4")
	if status != statusFailure || out != "" || !strings.Contains(errOut, "README.md") || !strings.Contains(errOut, readmeBegin("cpu")) {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}

// The rows of the suite data, from our own program in processes of its own, on pictures that are prepared on the way.
func TestBenchData(t *testing.T) {
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
		args := []string{"bench", "data", "--work=dcgan:4:8", "--rounds=1", "--seconds=1.5", "--json"}
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
