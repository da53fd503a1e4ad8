package runlog

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func findingAt(iteration int64) Finding {
	return Finding{Kind: "collapse", Severity: Warning, Iteration: iteration, Images: 32 * iteration, Since: iteration - 1,
		Title: "mode collapse", Measure: "distance", Value: 0.1, Limit: 0.3, Cause: "c", Remedy: "r", Resolved: iteration%2 == 0}
}

// Findings come back as they were written, numbers that JSON does not know included, also in another process.
func TestFindings(t *testing.T) {
	run := newRun(t)
	if none, err := run.Findings(); err != nil || len(none) > 0 {
		t.Fatalf("a new run has findings: %v %v", none, err)
	}
	want := []Finding{findingAt(3), findingAt(8)}
	want[1].Limit = math.Inf(1)
	for _, f := range want {
		must(t, run.Finding(f))
	}
	reader, err := Open(run.Dir())
	must(t, err)
	for _, r := range []*Run{run, reader} {
		if got, err := r.Findings(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	if err := reader.Finding(want[0]); !errors.Is(err, ErrReadOnly) {
		t.Errorf("writing to a run opened for reading: %v", err)
	}
	must(t, run.Close())
	if err := run.Finding(want[0]); !errors.Is(err, ErrReadOnly) {
		t.Errorf("writing to a closed run: %v", err)
	}
}

// Rewind drops the findings after an iteration, also where no point was, and what follows is appended behind the rest.
func TestRewindDropsFindings(t *testing.T) {
	run := newRun(t)
	for _, i := range []int64{3, 5, 8} {
		must(t, run.Finding(findingAt(i)))
	}
	must(t, run.Rewind(5))
	must(t, run.Finding(findingAt(6)))
	if got, err := run.Findings(); err != nil || !reflect.DeepEqual(got, []Finding{findingAt(3), findingAt(5), findingAt(6)}) {
		t.Errorf("%+v %v", got, err)
	}
	must(t, run.Rewind(0))
	if got, err := run.Findings(); err != nil || len(got) > 0 {
		t.Errorf("%+v %v", got, err)
	}
}

// A torn last line is no finding and is cut off by the next writer; other damage is reported beside the good lines.
func TestDamagedFindings(t *testing.T) {
	run := newRun(t)
	must(t, run.Finding(findingAt(3)))
	path := filepath.Join(run.Dir(), findingsFile)
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, slices.Concat([]byte("{}\nno JSON\n"), whole, whole, whole[:20]), 0o644))
	check := func(want ...Finding) {
		t.Helper()
		got, err := run.Findings()
		var damaged *DamagedLines
		if !errors.As(err, &damaged) || !reflect.DeepEqual(damaged.Lines, []int{1, 2}) || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v %v", got, err)
		}
	}
	check(findingAt(3), findingAt(3))
	must(t, run.Close())
	run, err = Resume(run.Dir())
	must(t, err)
	defer run.Close()
	must(t, run.Finding(findingAt(4)))
	check(findingAt(3), findingAt(3), findingAt(4))
}
