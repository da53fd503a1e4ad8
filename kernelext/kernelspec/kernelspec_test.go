package kernelspec_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

func mustContain(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error lacks %q: %v", p, err)
		}
	}
}

// The life of an installed kernel: absent, installed by two programs at once, checked, changed, mended, removed.
func TestInstallCheckUninstall(t *testing.T) {
	root := kerneltest.Checkout(t)
	kerneltest.Spec(t, root) // skips where GoNB cannot be built
	ctx := context.Background()
	var log strings.Builder
	o := kernelspec.Options{Root: root, Cache: t.TempDir(), Prefix: t.TempDir()}
	mustContain(t, kernelspec.Check(ctx, o), "kernel.json", "./ganbook setup")

	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := kernelspec.Install(ctx, o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := kernelspec.Check(ctx, o); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Cache, "kernel", ".build-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	file := filepath.Join(o.Prefix, "share", "jupyter", "kernels", "ganbook", "kernel.json")
	spec, err := kernelspec.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(spec.Argv, "-go_work="+root) || !slices.Contains(spec.Argv, "{connection_file}") || !slices.Contains(spec.Argv, "-raw_error") {
		t.Errorf("argv: %q", spec.Argv)
	}
	for name, want := range map[string]string{"GOPROXY": "off", "GOTOOLCHAIN": "go1.27.0", "GOWORK": "", "GANBOOK_ROOT": root} {
		if got, ok := spec.Env[name]; !ok || got != want {
			t.Errorf("env %s = %q, want %q", name, got, want)
		}
	}

	o.Log = &log
	if _, err := kernelspec.Install(ctx, o); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "building gonb") {
		t.Errorf("a second installation builds again:\n%s", log.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), `"GOPROXY": "off"`, `"GOPROXY": "direct"`, 1)
	if err := os.WriteFile(file, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	mustContain(t, kernelspec.Check(ctx, o), `GOPROXY is "direct"`, "./ganbook setup")

	other := o
	other.Root = kerneltest.Checkout(t)
	mustContain(t, kernelspec.Check(ctx, other), "is for the checkout "+root)
	mustContain(t, kernelspec.Uninstall(ctx, other), "is for the checkout "+root)
	if err := kernelspec.Uninstall(ctx, o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", filepath.Dir(file), err)
	}
	if left, err := os.ReadDir(filepath.Join(o.Cache, "kernel")); err != nil || len(left) != 1 || left[0].Name() != ".lock" {
		t.Errorf("besides the lock, which another setup may wait for, %v is left (%v)", left, err)
	}
	if err := kernelspec.Uninstall(ctx, o); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

// The environment must make the pinned tools come first, whatever starts the kernel.
func TestEnvironFindsThePinnedTools(t *testing.T) {
	spec := kerneltest.Spec(t, kerneltest.Checkout(t))
	cmd := exec.Command("sh", "-c", "command -v goimports; go version; echo $LAST; echo $GOPROXY")
	cmd.Env = spec.Environ([]string{"PATH=/usr/bin:/bin", "GOPROXY=direct", "LAST=kept", "HOME=" + quietHome(t)})
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	if want := filepath.Join(filepath.Dir(spec.Argv[0]), "goimports"); lines[0] != want {
		t.Errorf("goimports is %q, want %q", lines[0], want)
	}
	if !strings.HasPrefix(lines[1], "go version go1.27.0 ") || lines[2] != "kept" || lines[3] != "off" {
		t.Errorf("the kernel's environment gives %q", lines[1:])
	}
}

// quietHome is an empty home folder in which Go keeps no telemetry, which a process of its own would still write when the
// test has ended.
func quietHome(t *testing.T) string {
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "go", "telemetry")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mode"), []byte("off"), 0o644); err != nil {
		t.Fatal(err)
	}
	return home
}

func TestBadOptions(t *testing.T) {
	ctx := context.Background()
	empty := t.TempDir()
	_, err := kernelspec.Prepare(ctx, kernelspec.Options{Root: empty})
	mustContain(t, err, filepath.Join(empty, "go.mod"), "GANBOOK_ROOT")
	comma := filepath.Join(t.TempDir(), "a,b")
	if err := os.Mkdir(comma, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = kernelspec.Prepare(ctx, kernelspec.Options{Root: comma})
	mustContain(t, err, "comma")
	_, err = kernelspec.Prepare(ctx, kernelspec.Options{Root: filepath.Join(empty, "absent")})
	mustContain(t, err, "absent")

	file := filepath.Join(empty, "kernel.json")
	for text, want := range map[string]string{"{": "unexpected end", "{}": "argv is empty"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := kernelspec.Read(file)
		mustContain(t, err, file, want)
	}
}

func TestWhereKernelsAreInstalled(t *testing.T) {
	for _, name := range []string{"JUPYTER_DATA_DIR", "XDG_DATA_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("JUPYTER_DATA_DIR", "/data")
	for want, o := range map[string]kernelspec.Options{
		"/data/kernels/ganbook/kernel.json":               {},
		"/venv/share/jupyter/kernels/ganbook/kernel.json": {Prefix: "/venv"},
		"/mine/kernels/ganbook/kernel.json":               {DataDir: "/mine", Prefix: "/venv"},
	} {
		if got, err := kernelspec.File(o); err != nil || got != want {
			t.Errorf("File(%+v) = %s, %v, want %s", o, got, err, want)
		}
	}
}

// The kernel with XLA lies beside the other, compiles with the tag and a C compiler, and says where its plug-ins are. Both are
// removed together, and neither when the other is of another checkout.
func TestKernelWithXLA(t *testing.T) {
	root := kerneltest.Checkout(t)
	kerneltest.Spec(t, root)
	t.Setenv("GOFLAGS", "-tags=mine")
	t.Setenv("CC", "cc -O1")
	ctx, env := t.Context(), t.TempDir()
	plain := kernelspec.Options{Root: root, DataDir: t.TempDir()}
	o := plain
	o.XLA = env
	mustContain(t, kernelspec.Check(ctx, o), "ganbook-xla", "./ganbook setup")
	if _, err := kernelspec.Install(ctx, o); err != nil {
		t.Fatal(err)
	}
	if err := kernelspec.Check(ctx, o); err != nil {
		t.Error(err)
	}
	file := filepath.Join(o.DataDir, "kernels", "ganbook-xla", "kernel.json")
	spec, err := kernelspec.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if spec.DisplayName != "Go (ganbook, XLA)" {
		t.Errorf("menus show %q", spec.DisplayName)
	}
	for name, want := range map[string]string{"CGO_ENABLED": "1", "GOMLX_BACKEND": "xla", "GANBOOK_XLA": env, "CC": "cc -O1",
		"GOFLAGS": "-mod=readonly -tags=mine,xla '-ldflags=-s -w'"} {
		if spec.Env[name] != want {
			t.Errorf("%s=%q, want %q", name, spec.Env[name], want)
		}
	}
	mustContain(t, kernelspec.Check(ctx, plain), filepath.Join("ganbook", "kernel.json"))
	if err := kernelspec.Save(kerneltest.Spec(t, kerneltest.Checkout(t)), plain); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir() // what the kernels of this machine run stays
	plain.Cache = cache
	mustContain(t, kernelspec.Uninstall(ctx, plain), "is for the checkout")
	if _, err := os.Stat(file); err != nil {
		t.Errorf("removed all the same: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(o.DataDir, "kernels", "ganbook")); err != nil {
		t.Fatal(err)
	}
	if err := kernelspec.Uninstall(ctx, plain); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", filepath.Dir(file), err)
	}
}
