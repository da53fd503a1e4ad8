package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pages of several notebooks go into one folder; one that cannot be read is reported, the others are written.
func TestNbHTML(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const empty = `{"nbformat":4,"metadata":{},"cells":[]}`
	a, b, bad := write("a.ipynb", empty), write("b.ipynb", empty), write("bad.ipynb", "<html>")

	pages := filepath.Join(folder, "pages")
	if out := mustCall(t, "nb", "html", a, b, "--output", pages); !strings.Contains(out, filepath.Join(pages, "a.html")) {
		t.Errorf("it says %q", out)
	}
	status, out, errOut := call(t, "nb", "html", bad, a)
	if status != statusFailure || !strings.Contains(errOut, bad+": not a notebook") || !strings.Contains(out, "a.html") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	for _, name := range []string{"pages/a.html", "pages/b.html", "a.html"} {
		if text, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !strings.HasPrefix(string(text), "<!DOCTYPE html>") {
			t.Errorf("%s: %.40q, %v", name, text, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "bad.html")); err == nil {
		t.Error("there is a page of a file that is no notebook")
	}
	if status, _, errOut := call(t, "nb", "html", a, b, "--output", a); status != statusUsage || !strings.Contains(errOut, "name a folder") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if status, _, errOut := call(t, "nb", "html", a, "--output", b); status != statusFailure || !strings.Contains(errOut, "name of a notebook") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// A file that is no notebook is refused before a kernel is built, in a cache that is not there.
func TestNbRunReadsFirst(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("GANBOOK_CACHE", cache)
	bad := filepath.Join(t.TempDir(), "bad.ipynb")
	if err := os.WriteFile(bad, []byte("<html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{bad: "not a notebook", bad + "x": "no such file"} {
		status, out, errOut := call(t, "nb", "run", file)
		if status != statusFailure || !strings.Contains(errOut, file) || !strings.Contains(errOut, want) || strings.Contains(out, "building") {
			t.Errorf("status %d\n%s%s", status, out, errOut)
		}
	}
	if _, err := os.Stat(cache); err == nil {
		t.Error("something was built")
	}
}
