package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

// Every row of the suite, from the real kernel.
func TestBenchKernel(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1")
	b := &kernelBench{spec: kerneltest.Spec(t, kerneltest.ModuleRoot(t)), dir: t.TempDir(), rounds: 2}
	rows, err := b.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.What)
		if r.Minimum <= 0 || r.Median < r.Minimum || r.Low < r.Minimum || r.High > r.Maximum || r.Measured < 1 || r.Detail == "" {
			t.Errorf("%+v", r)
		}
		if r.What == "memory between cells" && (!strings.Contains(r.Detail, "gonb") || r.Median < 1 || r.Median > 10_000) {
			t.Errorf("%+v", r)
		}
	}
	want := []string{"start to ready", "first cell to first output", "start to the end of the first cell", "edited cell to first output",
		"edited cell to its end", "unchanged cell to first output", "unchanged cell to its end", "opening a run", "opening a run and its data",
		"completion", "interrupt", "memory between cells"}
	if !slices.Equal(names, want) {
		t.Errorf("rows %q, want %q", names, want)
	}
	if _, err := runCell(t.Context(), b.kernel, "x"); err == nil {
		t.Error("the kernel still runs")
	}
}

func TestBenchKernelTakesNoPeer(t *testing.T) {
	for _, args := range [][]string{{"--peer=python"}, {"--layers"}, {"--data=x"}, {"--rounds=-1"}} {
		if status, _, errOut := call(t, append([]string{"bench", "kernel"}, args...)...); status != statusUsage || !strings.Contains(errOut, strings.Split(args[0], "=")[0]) {
			t.Errorf("%v: status %d: %s", args, status, errOut)
		}
	}
}

func TestQuantile(t *testing.T) {
	for q, want := range map[float64]float64{0: 1, 0.1: 1.4, 0.5: 3, 0.9: 4.6, 1: 5} {
		if got := quantile([]float64{5, 1, 4, 2, 3}, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := quantile([]float64{7}, 0.9); got != 7 {
		t.Errorf("of one value: %v", got)
	}
}

func TestResident(t *testing.T) {
	const ps = "  1 0 5000 init\n 10 1 1000 /opt/bin/proxy\n 11 10 2000 /opt/bin/gonb -x\n 12 11 500 gopls\n 13 11 500 gopls\n 20 1 9000 other\n\n"
	total, parts, err := resident([]byte(ps), 10)
	if err != nil || total != 4.096 || !slices.Equal(parts, []string{"gonb 2", "gopls 1", "proxy 1"}) {
		t.Errorf("%v, %q, %v", total, parts, err)
	}
	if _, _, err := resident([]byte(ps), 99); err == nil || !strings.Contains(err.Error(), "99") {
		t.Errorf("no such process: %v", err)
	}
	if _, _, err := resident([]byte("a b c d\n"), 1); err == nil {
		t.Error("what ps does not print is accepted")
	}
}
