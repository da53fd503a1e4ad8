// Package kerneltest gives tests the real kernel: a small checkout that cells can import, and its spec.
package kerneltest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// Checkout writes a small module with the go.mod and go.sum of this one, thus with the same tools pinned, and a
// package ganlib with a function Hello. It builds in a second, whatever else this module contains.
func Checkout(t testing.TB) (root string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(ModuleRoot(t), name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), text)
	}
	write(t, filepath.Join(root, "ganlib", "ganlib.go"), []byte("package ganlib\n\n// Hello greets.\nfunc Hello() string { return \"hello from the checkout\" }\n"))
	return root
}

// Spec returns a kernel of the checkout at root, ready to run. A kernel that cannot be built fails the test; it is skipped
// only where GoNB's modules were never downloaded and cannot be now.
func Spec(t testing.TB, root string) kernelspec.Spec {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	spec, err := kernelspec.Prepare(ctx, kernelspec.Options{Root: root, Log: testLog{t}})
	if err != nil && noNetwork.MatchString(err.Error()) {
		t.Skipf("the kernel's modules are not here, and there is no network to fetch them: %v", err)
	}
	if err != nil {
		t.Fatalf("the kernel cannot be built: %v", err)
	}
	return spec
}

// noNetwork matches what the go command says when it cannot fetch a module or a toolchain.
var noNetwork = regexp.MustCompile(`dial tcp|no such host|name resolution|network is unreachable|proxyconnect|i/o timeout|` +
	`TLS handshake timeout|module lookup disabled by GOPROXY=off`)

// ModuleRoot is the checkout that the running test belongs to.
func ModuleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatalf("no go.mod above the test: %v", err)
	return ""
}

func write(t testing.TB, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

type testLog struct{ testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.Logf("%s", line)
	return len(line), nil
}
