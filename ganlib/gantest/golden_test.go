package gantest

import (
	"path/filepath"
	"runtime"
	"testing"
)

// ending stands in for a test that ends early and notes how.
type ending struct {
	testing.TB
	how string
}

func (e *ending) Helper()               {}
func (e *ending) Fatalf(string, ...any) { e.how = "failed"; runtime.Goexit() }
func (e *ending) Skipf(string, ...any)  { e.how = "skipped"; runtime.Goexit() }

// A kind that another folder lacks is not tested; one that our own lacks is lost.
func TestMissingGoldenFile(t *testing.T) {
	own := filepath.Join(Root(t), "testdata", "golden")
	for _, c := range []struct {
		dir, kind string
		own       bool
		how       string
	}{
		{t.TempDir(), "conv", false, "skipped"},
		{t.TempDir(), "conv", true, "failed"},
		{own, "conv", true, ""},
		{filepath.Join(own, "README.md"), "conv", false, "failed"}, // a file is no folder
	} {
		e := &ending{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			readGolden(e, c.dir, c.own, c.kind, &struct{}{})
		}()
		if <-done; e.how != c.how {
			t.Errorf("%s in %s, own %v: %q, want %q", c.kind, c.dir, c.own, e.how, c.how)
		}
	}
}
