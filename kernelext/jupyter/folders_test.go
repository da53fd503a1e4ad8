package jupyter

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A cache below a folder with characters that mean something in patterns is one like any other.
func TestCacheOfAnyName(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "my [course] *?")
	want := fakeEnvironment(t, cache, LabLock, "3.11", time.Now())
	version := filepath.Join(want.Dir, "lib", "python3.11", "site-packages", "jupyterlab-4.6.6.dist-info")
	if err := os.MkdirAll(version, 0o755); err != nil {
		t.Fatal(err)
	}
	e, err := Open(cache)
	if err != nil || e.Dir != want.Dir || e.Version("jupyterlab") != "4.6.6" {
		t.Fatalf("%+v, %v; want %s", e, err, want.Dir)
	}
	if err := Remove(t.Context(), Options{Cache: cache}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(want.Dir); err == nil {
		t.Errorf("%s is left", want.Dir)
	}
}
