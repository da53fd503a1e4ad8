//go:build xla

package backend_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// fakePlugin compiles a library. Its version is all that is ever asked of it: a call of anything else would crash.
func fakePlugin(t *testing.T, name, source string) string {
	t.Helper()
	dir := t.TempDir()
	text, library := filepath.Join(dir, "plugin.c"), filepath.Join(dir, name)
	if err := os.WriteFile(text, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", library, text).CombinedOutput(); err != nil {
		t.Fatalf("the C compiler that built this program: %v\n%s", err, out)
	}
	return library
}

func pjrtSource(major, minor string) string {
	return `#include <stddef.h>
static struct { size_t size; void *ext; struct { size_t size; void *ext; int major, minor; } version; } api =
	{sizeof api, NULL, {sizeof api.version, NULL, ` + major + `, ` + minor + `}};
void *GetPjrtApi(void) { return &api; }
`
}

// A plug-in of another interface, and what is no plug-in, are refused before anything in them is called.
func TestPluginThatCannotBeUsed(t *testing.T) {
	alone(t)
	damaged := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(damaged, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	const name = "pjrt_c_api_cpu_plugin.so"
	for library, parts := range map[string][]string{
		fakePlugin(t, name, pjrtSource("1", "0")):                     {"version 1.0 of the interface PJRT", "knows 0.81", "setup"},
		fakePlugin(t, name, pjrtSource("0", "40")):                    {"version 0.40", "newer ones of 0"},
		fakePlugin(t, name, "int x;\n"):                               {"no function GetPjrtApi", "path of a PJRT plug-in"},
		fakePlugin(t, name, "void *GetPjrtApi(void) { return 0; }\n"): {"returns nothing"},
		damaged: {"cannot be used", "damaged", "setup"},
		fakePlugin(t, "cuda.so", pjrtSource("2", "7")): {"version 2.7"},
	} {
		_, err := backend.New("xla:" + library)
		mustSay(t, err, append(parts, library, "cannot start")...)
	}
	comma := filepath.Join(t.TempDir(), "a,b")
	t.Setenv(backend.EnvironmentVariable, comma)
	touch(t, comma, cpuFile)
	_, err := backend.New("xla:cpu")
	mustSay(t, err, "comma", comma, "GANBOOK_CACHE")
}

// XLA is built in and has nothing to compute in.
func TestNoPlugin(t *testing.T) {
	alone(t)
	for config, parts := range map[string][]string{
		"xla":      {"xla:cuda", "no plug-in", "setup --gpu"},
		"xla:cuda": {"no plug-in", "setup --gpu", "--backend go"},
		"xla:cpu":  {"no plug-in", "setup --xla-cpu"},
		"xla:gpu":  {"did you mean xla:cuda?"},
	} {
		_, err := backend.New(config)
		mustSay(t, err, parts...)
		mustSay(t, backend.Check(config), parts...)
	}
}

// What setup chose computes, unless another backend is named.
func TestChosenBySetup(t *testing.T) {
	cache, env := alone(t), environment(t)
	if err := backend.Save(cache, backend.Installation{Environment: env, Default: "xla:cuda"}); err != nil {
		t.Fatal(err)
	}
	for argument, want := range map[string]string{"": "xla:cuda,tf32=true", "go": backend.Default(), "xla:cpu": "xla:cpu"} {
		if got := backend.Config(argument); got != want {
			t.Errorf("%q: %s, want %s", argument, got, want)
		}
	}
	t.Setenv(backend.Variable, "go:num_executors=1")
	if got := backend.Config(""); got != "go:num_executors=1" {
		t.Errorf("the environment's choice became %s", got)
	}
	t.Setenv(backend.Variable, "")
	t.Setenv(backend.EnvironmentVariable, "off")
	if got := backend.Config(""); got != backend.Default() {
		t.Errorf("with %s=off: %s", backend.EnvironmentVariable, got)
	}
}

// CUDA's plug-in finds its tools, the user's own flags stay, and exact products are asked of cuDNN, too. The stand-in is
// refused for its version only after all of that is set.
func TestEnvironmentOfCUDA(t *testing.T) {
	alone(t)
	env := environment(t)
	t.Setenv(backend.EnvironmentVariable, env)
	library := fakePlugin(t, "plugin.so", pjrtSource("9", "9"))
	text, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env, packages, cudaFile), text, 0o755); err != nil {
		t.Fatal(err)
	}
	data := "--xla_gpu_cuda_data_dir=" + filepath.Join(env, packages, "nvidia/cu13")
	for _, tc := range []struct{ config, flags, wantFlags, wantOverride string }{
		{"xla:cuda", "", data, ""},
		{"xla:cuda", "--xla_dump_to=/x", "--xla_dump_to=/x " + data, ""},
		{"xla:cuda", "--xla_gpu_cuda_data_dir=/mine", "--xla_gpu_cuda_data_dir=/mine", ""},
		{"xla:cuda,tf32=false", "", data, "0"},
	} {
		t.Setenv("XLA_FLAGS", tc.flags)
		t.Setenv("NVIDIA_TF32_OVERRIDE", "")
		t.Setenv("GOPJRT_CUDA_CHECKS", "")
		_, err := backend.New(tc.config)
		mustSay(t, err, "version 9.9")
		if got := os.Getenv("XLA_FLAGS"); got != tc.wantFlags {
			t.Errorf("%s with XLA_FLAGS=%q: %q, want %q", tc.config, tc.flags, got, tc.wantFlags)
		}
		if got := os.Getenv("NVIDIA_TF32_OVERRIDE"); got != tc.wantOverride {
			t.Errorf("%s: NVIDIA_TF32_OVERRIDE=%q, want %q", tc.config, got, tc.wantOverride)
		}
		if os.Getenv("GOPJRT_CUDA_CHECKS") != "0" {
			t.Error("go-xla would look for another layout")
		}
	}
}

// onCPU starts the processor's plug-in, the one that is installed on this machine.
func onCPU(t *testing.T, options string) (config string) {
	t.Helper()
	if _, err := backend.Locate("cpu"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return "xla:cpu" + options
}

func TestXLAComputes(t *testing.T) {
	config := onCPU(t, "")
	if !slices.Contains(backend.BuiltIn(), "xla") {
		t.Fatal("XLA is not built in")
	}
	b, err := backend.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	out, err := graph.CallOnce(b, func(x, y *graph.Node) *graph.Node { return graph.MatMul(x, y) },
		[][]float32{{1, 2}, {3, 4}}, [][]float32{{5, 6}, {7, 8}})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Value().([][]float32); got[0][0] != 19 || got[0][1] != 22 || got[1][0] != 43 || got[1][1] != 50 {
		t.Errorf("%v", got)
	}
	_, err = backend.New(config + ",speed=high")
	mustSay(t, err, "speed", "cannot start")
}

// A computation that does not fit says how much it asked for.
func TestXLAOutOfMemory(t *testing.T) {
	b, err := backend.New(onCPU(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	_, err = graph.CallOnce(b, func(x *graph.Node) *graph.Node {
		return graph.BroadcastToShape(x, shapes.Make(dtypes.Float32, 1<<22, 1<<20)) // 17.6 TB
	}, float32(1))
	if err == nil {
		t.Fatal("17.6 TB were given")
	}
	mustSay(t, backend.Explain(err), "out of memory", "17592.2 GB", "--batch")
	if strings.Contains(err.Error(), "--batch") {
		t.Errorf("explained before: %v", err)
	}
}
