package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

func TestDoctor(t *testing.T) {
	status, out, errOut := call(t, "doctor", "--json", "--runs", t.TempDir())
	if status != 0 {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	var checks []string
	for _, e := range events(t, out) {
		checks = append(checks, e["check"].(string))
		if s := e["state"]; s != "ok" && s != "warn" && s != "fail" {
			t.Errorf("%v: state %v", e["check"], s)
		}
		if e["state"] != "ok" && e["remedy"] == nil {
			t.Errorf("%v has no remedy: %v", e["check"], e)
		}
	}
	want := []string{"go", "c compiler", "simd", "processor", "memory", "runs", "cache", "gpu", "xla", "backend", "data", "python", "jupyterlab", "kernel", "logout"}
	if !slices.Equal(checks, want) {
		t.Errorf("checks %v, want %v", checks, want)
	}
}

// Without a C compiler the race detector cannot be linked: doctor warns, test --long refuses, both say what to install.
func TestNoCCompiler(t *testing.T) {
	t.Setenv("CC", "no-such-compiler")
	out := mustCall(t, "doctor", "--runs", t.TempDir())
	if !strings.Contains(out, "warn  c compiler") || !strings.Contains(out, "no-such-compiler") || !strings.Contains(out, "apt install gcc") {
		t.Errorf("doctor:\n%s", out)
	}
	status, out, errOut := call(t, "test", "--long")
	if status != statusFailure || out != "" || !strings.Contains(errOut, "race detector needs a C compiler") || !strings.Contains(errOut, "apt install gcc") {
		t.Errorf("test --long: status %d\n%s%s", status, out, errOut)
	}
}

func TestDoctorFindsAWrongBackend(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "abacus")
	status, out, _ := call(t, "doctor", "--runs", t.TempDir())
	if status != statusFailure || !strings.Contains(out, "fail  backend") || !strings.Contains(out, `there is no backend "abacus"`) || !strings.Contains(out, "unset GOMLX_BACKEND") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, _, errOut := call(t, "run", "dcgan", "--out", t.TempDir()); status != statusUsage || !strings.Contains(errOut, "abacus") {
		t.Errorf("run with a wrong GOMLX_BACKEND: status %d, %s", status, errOut)
	}
}

func TestSlowMachinesAreWarnedAbout(t *testing.T) {
	for _, tc := range []struct {
		host runlog.HostInfo
		want string
	}{
		{runlog.HostInfo{Arch: "amd64", SIMD: true, Features: []string{"avx", "avx2", "fma"}}, ""},
		{runlog.HostInfo{Arch: "amd64", SIMD: true}, ""}, // features unknown
		{runlog.HostInfo{Arch: "amd64", Features: []string{"avx2"}}, "without SIMD"},
		{runlog.HostInfo{Arch: "amd64", SIMD: true, Features: []string{"avx", "sse4_2"}}, "no AVX2"},
		{runlog.HostInfo{Arch: "arm64", SIMD: true, Features: []string{"asimd"}}, "amd64 only, this is arm64"},
	} {
		f := checkSIMD(tc.host)
		if warned := f.State == stateWarn; warned != (tc.want != "") || !strings.Contains(f.Detail, tc.want) || warned != (f.Remedy != "") {
			t.Errorf("%+v: %+v, want %q", tc.host, f, tc.want)
		}
	}
}

func TestModuleRoot(t *testing.T) {
	want, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GANBOOK_ROOT", "")
	if got, err := moduleRoot(); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if v := goVersion(want); !strings.HasPrefix(v, "1.27") {
		t.Errorf("go.mod asks for %q", v)
	}
	t.Chdir(t.TempDir())
	if _, err := moduleRoot(); err == nil || !strings.Contains(err.Error(), "GANBOOK_ROOT") {
		t.Errorf("outside of a checkout: %v", err)
	}
	t.Setenv("GANBOOK_ROOT", want)
	if got, err := moduleRoot(); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestPinnedEnvironment(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOTOOLCHAIN", "")
	t.Setenv("GOEXPERIMENT", "")
	if env := pinned(nil, root); !slices.Contains(env, "GOTOOLCHAIN=go1.27.0") || !slices.Contains(env, "GOEXPERIMENT=simd") {
		t.Errorf("%v", env)
	}
	t.Setenv("GOEXPERIMENT", "nosimd")
	if env := pinned(nil, root); slices.Contains(env, "GOEXPERIMENT=simd") {
		t.Errorf("somebody's own choice is not kept: %v", env)
	}
}

func TestFuzzTargets(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"ganlib/a/a_test.go":          "package a\n\nfunc FuzzOne(f *testing.F) {}\n\nfunc FuzzTwo(f *testing.F) {}\n\nfunc TestX(t *testing.T) {}\n",
		"ganlib/a/a.go":               "package a\n\nfunc FuzzNot() {}\n",
		"ganlib/a/testdata/b_test.go": "package b\n\nfunc FuzzNeither(f *testing.F) {}\n",
		".hidden/c_test.go":           "package c\n\nfunc FuzzNor(f *testing.F) {}\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := fuzzTargets(root)
	if want := []fuzzTarget{{"ganlib/a", "FuzzOne"}, {"ganlib/a", "FuzzTwo"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}
