package backend_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// touch makes an empty file and the folders above it.
func touch(t *testing.T, parts ...string) string {
	t.Helper()
	file := filepath.Join(parts...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	return file
}

const (
	packages = "lib/python3.12/site-packages"
	cudaFile = "jax_plugins/xla_cuda13/xla_cuda_plugin.so"
	cpuFile  = "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so"
)

// environment is a stand-in for a virtual environment with both plug-ins.
func environment(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "an [odd] folder")
	touch(t, dir, packages, cudaFile)
	touch(t, dir, packages, "nvidia/cu13/bin/ptxas")
	touch(t, dir, packages, cpuFile)
	return dir
}

// Plug-ins are found in the environment that setup recorded, with the folder of CUDA's tools.
func TestLocateInTheEnvironmentOfSetup(t *testing.T) {
	cache, env := alone(t), environment(t)
	if err := backend.Save(cache, backend.Installation{Environment: env}); err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]backend.Plugin{
		"cuda": {Device: "cuda", Path: filepath.Join(env, packages, cudaFile), Data: filepath.Join(env, packages, "nvidia/cu13")},
		"cpu":  {Device: "cpu", Path: filepath.Join(env, packages, cpuFile)},
	} {
		if got, err := backend.Locate(device); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", device, got, err, want)
		}
		if got, err := backend.Locate(want.Path); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", want.Path, got, err, want)
		}
	}
	t.Setenv(backend.EnvironmentVariable, "off")
	_, err := backend.Locate("cuda")
	mustSay(t, err, "setup has installed none")
}

// Another environment, or its packages alone, can be named; what is named comes before what is installed, and folders of
// plug-ins come last.
func TestLocateElsewhere(t *testing.T) {
	cache, env, named, folder := alone(t), environment(t), t.TempDir(), t.TempDir()
	if err := backend.Save(cache, backend.Installation{Environment: env}); err != nil {
		t.Fatal(err)
	}
	cpu := touch(t, named, cpuFile)
	cuda := touch(t, folder, "pjrt_c_api_cuda_v0.116_plugin.so")
	touch(t, folder, "pjrt_c_api_cpu_plugin.so")
	t.Setenv(backend.EnvironmentVariable, named)
	t.Setenv(backend.PluginVariable, ":/absent:"+folder)
	for device, want := range map[string]string{"cpu": cpu, "cuda": cuda} {
		if got, err := backend.Locate(device); err != nil || got.Path != want || got.Data != "" {
			t.Errorf("%s: %+v, %v, want %s", device, got, err, want)
		}
	}
	if got := backend.Config("xla"); got != "xla:cuda,tf32=true" {
		t.Errorf("with both plug-ins xla is %s", got)
	}
	t.Setenv(backend.PluginVariable, "")
	if got := backend.Config("xla"); got != "xla:cpu" {
		t.Errorf("with the processor's plug-in alone xla is %s", got)
	}
	_, err := backend.Locate("cuda")
	mustSay(t, err, "xla:cuda", named, "./ganbook setup --gpu", "--backend go")
}

func TestLocateSaysWhatIsWrong(t *testing.T) {
	alone(t)
	for device, parts := range map[string][]string{
		"cuda":                             {"there is no plug-in", "setup has installed none", "$PJRT_PLUGIN_LIBRARY_PATH", "./ganbook setup --gpu"},
		"cpu":                              {"there is no plug-in", "./ganbook setup --xla-cpu", "--backend go"},
		"gpu":                              {`no device "gpu"`, "did you mean xla:cuda?"},
		"tpu":                              {`no device "tpu"`, "xla:cpu, xla:cuda"},
		"/absent/cuda.so":                  {"/absent/cuda.so", "no such file"},
		touch(t, t.TempDir(), "plugin.so"): {"plugin.so", "must contain cpu or cuda"},
	} {
		_, err := backend.Locate(device)
		mustSay(t, err, parts...)
	}
}

// The record is written whole, read back, and gone when it is empty.
func TestInstallationRecord(t *testing.T) {
	cache := alone(t)
	if got := backend.Installed(); got != (backend.Installation{}) {
		t.Errorf("nothing is installed: %+v", got)
	}
	for _, want := range []backend.Installation{{Environment: "/a b/env"}, {Environment: "/a b/env", Default: "xla:cuda"}} {
		if err := backend.Save(cache, want); err != nil {
			t.Fatal(err)
		}
		if got := backend.Installed(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	t.Setenv(backend.EnvironmentVariable, "/other")
	if got := backend.Installed(); got != (backend.Installation{Environment: "/other", Default: "xla:cuda"}) {
		t.Errorf("with %s: %+v", backend.EnvironmentVariable, got)
	}
	t.Setenv(backend.EnvironmentVariable, "")
	for range 2 {
		if err := backend.Save(cache, backend.Installation{}); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
	mustSay(t, backend.Save(filepath.Join(cache, "absent"), backend.Installation{Environment: "/x"}), "GANBOOK_CACHE")
}

func TestWithPrecision(t *testing.T) {
	alone(t)
	for _, tc := range []struct{ config, precision, want string }{
		{"xla:cuda", "", "xla:cuda,tf32=true"},
		{"xla:cuda", "f32", "xla:cuda,tf32=false"},
		{"xla:cuda", "tf32", "xla:cuda,tf32=true"},
		{"xla:cuda,tf32=false,preallocate", "tf32", "xla:cuda,preallocate,tf32=true"},
		{"xla:cuda,notf32", "tf32", "xla:cuda,tf32=true"},
		{"xla:cuda,tf32", "f32", "xla:cuda,tf32=false"},
		{"xla:cpu", "f32", "xla:cpu"},
		{"go:num_executors=3", "f32", "go:num_executors=3"},
		{"", "f32", backend.Default()},
	} {
		if got, err := backend.WithPrecision(tc.config, tc.precision); err != nil || got != tc.want {
			t.Errorf("%s in %q: %s, %v, want %s", tc.config, tc.precision, got, err, tc.want)
		}
	}
	for _, tc := range [][2]string{{"go", "tf32"}, {"xla:cpu", "tf32"}} {
		_, err := backend.WithPrecision(tc[0], tc[1])
		mustSay(t, err, tc[0], "xla:cuda")
	}
	_, err := backend.WithPrecision("xla:cuda", "bf16")
	mustSay(t, err, `"bf16"`, "f32 or tf32")
}

// Texts of XLA's allocators, as they were seen and as their sources have them.
func TestExplainOutOfMemory(t *testing.T) {
	for text, needed := range map[string]string{
		"PJRT error (code=8): Out of memory while trying to allocate 68719476736 bytes.": "68.7 GB",
		"PJRT error (code=8): Out of memory while trying to allocate 1.50GiB.":           "1.6 GB",
		"PJRT error (code=8): Out of memory allocating 2097152 bytes.":                   "2.1 MB",
		"RESOURCE_EXHAUSTED: Out of memory while trying to allocate 12.00MiB.":           "12.6 MB",
		"PJRT error (code=8): something else":                                            "the device is out of memory\n→",
	} {
		inner := fmt.Errorf("train: dcgan/D: %s", text)
		err := backend.Explain(inner)
		mustSay(t, err, needed, "--batch", "nvidia-smi", "--backend go", text)
		if !errors.Is(err, backend.ErrNoMemory) || !errors.Is(err, inner) {
			t.Errorf("%v does not wrap both", err)
		}
		if again := backend.Explain(err); again != err {
			t.Errorf("explained twice: %v", again)
		}
	}
	other := errors.New("PJRT error (code=3): wrong shape")
	if backend.Explain(other) != other || backend.Explain(nil) != nil {
		t.Error("another error is changed")
	}
}
