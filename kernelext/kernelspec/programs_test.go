package kernelspec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

// withProxy writes a proxy of one line into a small checkout.
func withProxy(t *testing.T, root, says string) {
	t.Helper()
	file := filepath.Join(root, "cmd", "ganbook-kernel", "main.go")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("package main\n\nfunc main() { println(\""+says+"\") }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// An edited checkout gets a new proxy and nothing else is built; the old one goes when it was not used for a day and no kernel runs it.
func TestProxyFollowsItsSources(t *testing.T) {
	root := kerneltest.Checkout(t)
	withProxy(t, root, "one")
	first := kerneltest.Spec(t, root)
	if filepath.Base(first.Argv[0]) != "ganbook-kernel" || first.Argv[1] != "{connection_file}" || first.Argv[2] != "--" ||
		filepath.Base(first.Argv[3]) != "gonb" || first.Argv[4] != "-go_work="+root || first.Argv[5] != "-raw_error" {
		t.Errorf("argv %q", first.Argv)
	}
	if _, ok := first.Env["GANBOOK_GOPLS"]; ok {
		t.Error("a headless kernel starts gopls")
	}
	if again := kerneltest.Spec(t, root); again.Argv[0] != first.Argv[0] {
		t.Errorf("unchanged sources give %s and %s", first.Argv[0], again.Argv[0])
	}
	withProxy(t, root, "two")
	var log strings.Builder
	second, err := kernelspec.Prepare(t.Context(), kernelspec.Options{Root: root, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if second.Argv[0] == first.Argv[0] || strings.Contains(log.String(), "gonb") {
		t.Errorf("an edited proxy: %s, and\n%s", second.Argv[0], log.String())
	}
	if _, err := os.Stat(first.Argv[0]); err != nil {
		t.Errorf("the program of a kernel that may run is gone: %v", err)
	}
	long := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(filepath.Dir(first.Argv[0]), long, long); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(filepath.Dir(filepath.Dir(first.Argv[0])), ".build-killed")
	if err := os.Mkdir(left, 0o755); err != nil {
		t.Fatal(err)
	}
	withProxy(t, root, "three")
	kerneltest.Spec(t, root)
	for path, want := range map[string]bool{first.Argv[0]: false, second.Argv[0]: true, left: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	os.RemoveAll(filepath.Dir(filepath.Dir(first.Argv[0])))
}

// A checkout whose gopls cannot be fetched gets its kernel all the same, and is told.
func TestInstallWithoutGopls(t *testing.T) {
	root := kerneltest.Checkout(t)
	kerneltest.Spec(t, root) // skips where GoNB cannot be built
	file := filepath.Join(root, "kernelext", "kernelspec", "gopls", "go.mod")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "module example.org/tools\n\ngo 1.27.0\n\nrequire golang.org/x/tools/gopls v0.0.1-absent\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	var log strings.Builder
	o := kernelspec.Options{Root: root, Prefix: t.TempDir(), Log: &log}
	spec, err := kernelspec.Install(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "going on without gopls") || !strings.Contains(spec.Env["GANBOOK_GOPLS"], "gopls-v0.0.1-absent-go1.27.0") {
		t.Errorf("GANBOOK_GOPLS=%s, and\n%s", spec.Env["GANBOOK_GOPLS"], log.String())
	}
	if strings.Contains(spec.Env["PATH"], filepath.Dir(spec.Env["GANBOOK_GOPLS"])) {
		t.Error("gopls lies in the kernel's PATH, where GoNB would start it")
	}
	if err := kernelspec.Check(t.Context(), o); err != nil {
		t.Errorf("a kernel without gopls is not complete: %v", err)
	}
	_, err = kernelspec.Gopls(t.Context(), o)
	mustContain(t, err, "gopls")
}

// One kernel in several folders is checked in all of them.
func TestCheckOfFurtherFolders(t *testing.T) {
	root := kerneltest.Checkout(t)
	kerneltest.Spec(t, root)
	o, also := kernelspec.Options{Root: root, DataDir: t.TempDir()}, t.TempDir()
	spec, err := kernelspec.Install(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, kernelspec.Check(t.Context(), o, also), also)
	if err := kernelspec.Save(spec, kernelspec.Options{DataDir: also}); err != nil {
		t.Fatal(err)
	}
	if err := kernelspec.Check(t.Context(), o, also); err != nil {
		t.Error(err)
	}
}
