package main

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"
)

const traces = `File: ganbook
Type: cpu
Duration: 5.1s, Total samples = 100ms
-----------+-------------------------------------------------------
      30ms   runtime.memmove
             github.com/gomlx/compute/internal/gobackend/ops.execGatherGeneric[go.shape.int32]
             github.com/gomlx/compute/internal/gobackend/ops.execGather
             github.com/gomlx/compute/internal/gobackend.(*FunctionExecutable).executeNode
-----------+-------------------------------------------------------
      40ms   github.com/gomlx/compute/internal/gobackend/dot/matmul/avx512.avx512LargeKernelFloat32Asm
             github.com/gomlx/compute/internal/gobackend/dot/matmul/avx512.avx512LargeMatrixSliceFloat32
-----------+-------------------------------------------------------
      10ms   github.com/gomlx/compute/internal/gobackend/dot/matmul/avx512.avx512PackLHSKernelRows8Float32Asm
-----------+-------------------------------------------------------
       5ms   simd/internal/bridge.Float32x16.Mul (inline)
             github.com/gomlx/compute/internal/gobackend/ops.simdMulVVFloat32@simd512
             github.com/gomlx/compute/internal/gobackend/ops.execMulSIMD
-----------+-------------------------------------------------------
       5ms   runtime.mallocgc
             github.com/gomlx/compute/internal/gobackend.(*Backend).GetBuffer
-----------+-------------------------------------------------------
      10ms   runtime.findRunnable
`

func TestSpentOn(t *testing.T) {
	want := map[string]time.Duration{
		"Gather": 30 * time.Millisecond, "matrix products: multiplying": 40 * time.Millisecond, "Mul": 5 * time.Millisecond,
		"matrix products: packing the left factor": 10 * time.Millisecond, "scheduling of operations": 5 * time.Millisecond,
		"Go's runtime and the rest": 10 * time.Millisecond,
	}
	got := spentOn([]byte(traces))
	if !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	var out bytes.Buffer
	if err := writeProfile(&out, "x.pprof", got, 10*time.Second); err != nil { // every kind is small
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "all others") || strings.Contains(text, "Gather") {
		t.Error(text)
	}
}

// The profile of a real work names operations of the backend.
func TestBenchProfile(t *testing.T) {
	t.Setenv("GANBOOK_TEST_AS_PROGRAM", "1") // the worker is this program
	dir := t.TempDir()
	out := mustCall(t, "bench", "cpu", "--work=toy:64", "--rounds=1", "--seconds=1", "--profile", dir)
	_, table, found := strings.Cut(out, "toy-64.pprof):\n")
	if !found || !strings.Contains(table, "  all others ") {
		t.Errorf("there is no table:\n%s", out)
	}
	ofBackend := 0 // which they are, is a matter of chance: a busy machine takes few samples in a second
	for line := range strings.Lines(table) {
		if strings.HasSuffix(line, " %\n") && !strings.Contains(line, "Go's runtime") && !strings.Contains(line, "all others") {
			ofBackend++
		}
	}
	if ofBackend == 0 {
		t.Errorf("no operation is named:\n%s", out)
	}
	status, _, errOut := call(t, "bench", "cpu", "--work=toy:64", "--json", "--profile", dir)
	if status != statusUsage || !strings.Contains(errOut, "leave --json") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
