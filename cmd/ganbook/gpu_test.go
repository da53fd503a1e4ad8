package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// noGPU hides a GPU that this machine may have, and gives the test a driver folder and a PATH of its own.
func noGPU(t *testing.T) (driver, path string) {
	t.Helper()
	driver, path = filepath.Join(t.TempDir(), "nvidia"), t.TempDir()
	was := driverDir
	driverDir = driver
	t.Cleanup(func() { driverDir = was })
	t.Setenv("PATH", path)
	return driver, path
}

func writeFile(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

const driverVersion = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:04:19 UTC 2026\nGCC version: 12.2.0\n"

// What the driver's files say, else nvidia-smi, and why there may be no GPU.
func TestFindGPUs(t *testing.T) {
	driver, path := noGPU(t)
	ctx := context.Background()
	if _, err := findGPUs(ctx); err == nil || !strings.Contains(err.Error(), "neither "+driver+" nor nvidia-smi") {
		t.Errorf("nothing is there: %v", err)
	}
	smi := filepath.Join(path, "nvidia-smi")
	writeFile(t, smi, "#!/bin/sh\necho 'NVIDIA H200, 535.104.05'\necho 'NVIDIA L4, 535.104.05'\n", 0o755)
	g, err := findGPUs(ctx)
	if err != nil || g.String() != "NVIDIA H200, NVIDIA L4, driver 535.104.05" || !g.tooOld() {
		t.Errorf("nvidia-smi: %v (too old: %v), %v", g, g.tooOld(), err)
	}
	writeFile(t, smi, "#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver.'\nexit 9\n", 0o755)
	if _, err := findGPUs(ctx); err == nil || !strings.Contains(err.Error(), "lists no GPU: NVIDIA-SMI has failed") {
		t.Errorf("a failing nvidia-smi: %v", err)
	}
	writeFile(t, filepath.Join(driver, "version"), driverVersion, 0o644)
	if _, err := findGPUs(ctx); err == nil || !strings.Contains(err.Error(), "580.65.06 is loaded and drives no GPU") {
		t.Errorf("a driver without a GPU: %v", err)
	}
	writeFile(t, filepath.Join(driver, "gpus", "0000:01:00.0", "information"), "Model: \t\t NVIDIA H200\nIRQ:   1\n", 0o644)
	g, err = findGPUs(ctx)
	if err != nil || g.String() != "NVIDIA H200, driver 580.65.06" || g.tooOld() {
		t.Errorf("the driver's files: %v (too old: %v), %v", g, g.tooOld(), err)
	}
}

// ownCache gives the test a cache of its own in which nothing is installed.
func ownCache(t *testing.T) (cache string) {
	t.Helper()
	cache = t.TempDir()
	for name, value := range map[string]string{"GANBOOK_CACHE": cache, "JUPYTER_DATA_DIR": t.TempDir(), backend.Variable: "",
		backend.EnvironmentVariable: "", backend.PluginVariable: ""} {
		t.Setenv(name, value)
	}
	return cache
}

// Nothing is fetched where XLA could not be used: without a C compiler, or with wishes that do not go together.
func TestSetupGPURefuses(t *testing.T) {
	cache := ownCache(t)
	t.Setenv("CC", "no-such-compiler")
	for _, flag := range []string{"--gpu", "--xla-cpu"} {
		status, out, errOut := call(t, "setup", flag)
		for _, w := range []string{"setup " + flag, "no C compiler no-such-compiler", "apt install gcc"} {
			if status != statusFailure || !strings.Contains(errOut, w) || out != "" {
				t.Errorf("%s: status %d, %q, lacks %q in\n%s", flag, status, out, w, errOut)
			}
		}
		for _, with := range []string{"--kernel-only", "--prefix=" + cache, "--check", "--uninstall"} {
			if status, _, errOut := call(t, "setup", flag, with); status != statusUsage || !strings.Contains(errOut, flag) {
				t.Errorf("%s %s: status %d, %s", flag, with, status, errOut)
			}
		}
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
}

func TestRefuseWithoutSpace(t *testing.T) {
	x := accelerators[0]
	x.space = 1 << 62
	if err := x.refuse(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "GANBOOK_CACHE") && !strings.Contains(err.Error(), "x86-64") {
		t.Errorf("%v", err)
	}
}

// standIn is an environment with plug-ins that nobody loads, recorded as setup --gpu does.
func standIn(t *testing.T, cache string) (env string) {
	t.Helper()
	env = filepath.Join(t.TempDir(), "env")
	for _, file := range []string{"jax_plugins/xla_cuda13/xla_cuda_plugin.so", "nvidia/cu13/bin/ptxas"} {
		writeFile(t, filepath.Join(env, "lib/python3.12/site-packages", file), "", 0o644)
	}
	if err := backend.Save(cache, backend.Installation{Environment: env, Default: "xla:cuda"}); err != nil {
		t.Fatal(err)
	}
	return env
}

// Going back to the processor keeps what is installed, and uninstalling forgets it.
func TestSetupNoGPU(t *testing.T) {
	cache := ownCache(t)
	if out := mustCall(t, "setup", "--no-gpu"); !strings.Contains(out, "default already") {
		t.Errorf("nothing to go back from:\n%s", out)
	}
	env := standIn(t, cache)
	if out := mustCall(t, "setup", "--no-gpu"); !strings.Contains(out, env) || !strings.Contains(out, "xla:cuda") {
		t.Errorf("--no-gpu:\n%s", out)
	}
	if got := backend.Recorded(cache); got != (backend.Installation{Environment: env}) {
		t.Errorf("recorded: %+v", got)
	}
	mustCall(t, "setup", "--uninstall")
	if got := backend.Recorded(cache); got != (backend.Installation{}) {
		t.Errorf("uninstalled, and recorded is %+v", got)
	}
}

// The check knows what an earlier setup installed for XLA and names what is gone.
func TestMissingXLA(t *testing.T) {
	cache := ownCache(t)
	n, err := openNotebooks("", false, new(strings.Builder))
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := n.recorded(); len(list) != 0 || n.missingXLA(t.Context()) != nil {
		t.Errorf("nothing was installed, and %v is missing", n.missingXLA(t.Context()))
	}
	env := standIn(t, cache)
	if list, record := n.recorded(); len(list) != 1 || list[0].device != "cuda" || record.Environment != env {
		t.Errorf("recorded: %+v, %+v", list, record)
	}
	if err := os.RemoveAll(env); err != nil {
		t.Fatal(err)
	}
	if list, _ := n.recorded(); len(list) != 1 || list[0].device != "cuda" {
		t.Errorf("the environment is gone, and setup would install %+v", list)
	}
}

// doctor names every part that is missing, and its remedy.
func TestDoctorOfGPUs(t *testing.T) {
	cache := ownCache(t)
	driver, _ := noGPU(t)
	expect := func(f finding, state string, parts ...string) {
		t.Helper()
		if f.State != state {
			t.Errorf("%s: %+v, want %s", f.Check, f, state)
		}
		for _, p := range parts {
			if !strings.Contains(f.Detail+" → "+f.Remedy, p) {
				t.Errorf("%s: %+v lacks %q", f.Check, f, p)
			}
		}
	}
	ctx := t.Context()
	expect(checkGPU(ctx), stateOK, "nvidia-smi", "needs none")
	expect(checkXLA(ctx), stateOK, "setup --gpu")
	env := standIn(t, cache)
	expect(checkGPU(ctx), stateFail, "setup --gpu chose the GPU", "driver", "setup --no-gpu")
	// No go in PATH: neither compiler nor kernel can be looked for.
	expect(checkXLA(ctx), stateFail, "go env CC", "xla:cuda in "+env, "start it as ./ganbook")
	if err := os.RemoveAll(filepath.Join(env, "lib/python3.12/site-packages/nvidia")); err != nil {
		t.Fatal(err)
	}
	expect(checkXLA(ctx), stateFail, "ptxas and libdevice")
	if err := os.RemoveAll(env); err != nil {
		t.Fatal(err)
	}
	expect(checkXLA(ctx), stateFail, "no plug-in", env, "setup --gpu")
	writeFile(t, filepath.Join(driver, "version"), strings.Replace(driverVersion, "580.", "550.", 1), 0o644)
	writeFile(t, filepath.Join(driver, "gpus", "0", "information"), "Model: NVIDIA L4\n", 0o644)
	expect(checkGPU(ctx), stateFail, "NVIDIA L4", "550.65.06", "580", "update the driver")
	writeFile(t, filepath.Join(driver, "version"), driverVersion, 0o644)
	expect(checkGPU(ctx), stateOK, "NVIDIA L4, driver 580.65.06")
	if err := backend.Save(cache, backend.Installation{}); err != nil {
		t.Fatal(err)
	}
	expect(checkGPU(ctx), stateOK, "it is not used", "setup --gpu")
}

// A backend or a precision that there is not costs nothing but its message.
func TestBadBackends(t *testing.T) {
	ownCache(t)
	for _, tc := range []struct{ args, want []string }{
		{[]string{"--backend=xla:cuda"}, []string{"xla:cuda", "setup --gpu"}},
		{[]string{"--backend=xla:gpu"}, []string{"xla:gpu"}},
		{[]string{"--backend=tpu"}, []string{"this program has: go"}},
		{[]string{"--precision=bf16"}, []string{`"bf16"`, "f32 or tf32"}},
		{[]string{"--precision=tf32"}, []string{"xla:cuda", "f32"}},
		{[]string{"--precision=tf32", "--backend=go:num_executors=1"}, []string{"go:num_executors=1"}},
	} {
		for _, command := range [][]string{{"run", "dcgan", "--scale=smoke", "--out", t.TempDir()}} {
			status, out, errOut := call(t, append(command, tc.args...)...)
			if status != statusUsage || out != "" {
				t.Errorf("%q: status %d, %s", tc.args, status, out)
			}
			for _, w := range tc.want {
				if !strings.Contains(errOut, w) {
					t.Errorf("%q lacks %q:\n%s", tc.args, w, errOut)
				}
			}
		}
	}
	if root, _ := smoke(t, "--precision=f32", "--images=16"); root == "" {
		t.Error("the Go backend computes in f32")
	}
}
