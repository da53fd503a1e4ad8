package kernelext

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Double is what TestSource shows.
//
// It has two paragraphs.
func (c *curve) double(x float64) float64 {
	return 2 * x // twice
}

func TestSource(t *testing.T) {
	inner := func() {}
	for want, fn := range map[string]any{
		"// Double is what TestSource shows.\n//\n// It has two paragraphs.\nfunc (c *curve) double(x float64) float64 {\n\treturn 2 * x // twice\n}": (*curve).double,
		"func TestSource(t *testing.T) {": inner,
		"func Cut(s, sep string)":         strings.Cut,
		"func thousands(n int64) string":  thousands,
	} {
		if got, err := source(fn); err != nil || !strings.Contains(got, want) {
			t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
		}
	}
	for _, none := range []any{nil, 3, "thousands", (func())(nil)} {
		if _, err := source(none); err == nil || !strings.Contains(err.Error(), "is no function") {
			t.Errorf("%v: %v", none, err)
		}
	}
}

// Cells are linked without symbols and debugging information; where functions begin is not among them.
func TestSourceInAProgramWithoutSymbols(t *testing.T) {
	stripped := filepath.Join(t.TempDir(), "stripped.test")
	if out, err := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-o", stripped, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(stripped, "-test.run=^TestSource$").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A program built with -trimpath knows names of modules instead of paths.
func TestSourceOfTrimmedPaths(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	other := filepath.Join(cache, "github.com", "!some!body", "lib@v1.2.3", "a.go")
	if err := errors.Join(os.MkdirAll(filepath.Dir(other), 0o755), os.WriteFile(other, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GANBOOK_ROOT", root)
	t.Setenv("GOMODCACHE", cache)
	for recorded, want := range map[string]string{
		"github.com/ganbook/ganbook/kernelext/source.go": filepath.Join(root, "kernelext", "source.go"),
		"github.com/SomeBody/lib@v1.2.3/a.go":            other,
	} {
		if got, err := onDisk(recorded); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", recorded, got, err, want)
		}
	}
	if _, err := onDisk("example.org/x@v1.0.0/x.go"); err == nil || !strings.Contains(err.Error(), "is in none of") {
		t.Errorf("a file that is not there: %v", err)
	}
}
