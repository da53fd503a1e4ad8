package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// accelerator is a device that setup can install XLA for.
type accelerator struct {
	device string // of the backend xla:
	flag   string
	wheels jupyter.Wheels
	space  uint64 // bytes that the download and what is unpacked from it take together, about
}

var accelerators = []accelerator{
	{"cuda", "--gpu", jupyter.CUDA, 8 << 30},
	{"cpu", "--xla-cpu", jupyter.CPU, 400 << 20},
}

// refuse says why an accelerator cannot be installed here, before anything is fetched.
func (x accelerator) refuse(ctx context.Context, cache string) error {
	if system := runtime.GOOS + "/" + runtime.GOARCH; system != "linux/amd64" {
		return fmt.Errorf("setup %s: XLA's plug-ins are for Linux on x86-64, and this is %s; the Go backend computes here", x.flag, system)
	}
	if _, err := compiler(ctx); err != nil {
		return fmt.Errorf("setup %s: programs with XLA are built with a C compiler: %w\n→ %s", x.flag, err, compilerRemedy)
	}
	if free, ok := diskFree(existingParent(cache)); ok && free < x.space {
		return fmt.Errorf("setup %s: %s has %s free, and about %s are needed\n→ make room, or choose another folder with GANBOOK_CACHE",
			x.flag, cache, bytesOf(free), bytesOf(x.space))
	}
	return nil
}

// recorded are the accelerators that an earlier setup installed, and the record of it.
func (n *notebooks) recorded() (list []accelerator, record backend.Installation) {
	record = backend.Recorded(n.cache)
	if record.Environment == "" {
		return nil, record
	}
	for _, x := range accelerators {
		if _, ok := backend.LocateIn(record.Environment, x.device); ok || record.Default == "xla:"+x.device {
			list = append(list, x)
		}
	}
	return list, record
}

// installXLA adds accelerators to the environment of JupyterLab and installs the kernel that computes on them. The record,
// from which on programs are built with XLA, is written last, when the kernel was proved.
func (n *notebooks) installXLA(ctx context.Context, list []accelerator, record backend.Installation) error {
	env, err := jupyter.Open(n.cache)
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := env.Add(ctx, jupyter.Options{Cache: n.cache, Log: n.log}, x.wheels); err != nil {
			return err
		}
		if _, ok := backend.LocateIn(env.Dir, x.device); !ok {
			return fmt.Errorf("setup %s: the packages are installed in %s, but hold no plug-in for xla:%s", x.flag, env.Dir, x.device)
		}
	}
	kernel := n.kernel
	kernel.XLA = env.Dir
	spec, err := kernelspec.Install(ctx, kernel)
	if err != nil {
		return err
	}
	lab := n.labKernel()
	for _, o := range []kernelspec.Options{{DataDir: env.DataDir(), XLA: env.Dir, Log: n.log}, {DataDir: lab.DataDir, XLA: env.Dir}} {
		if err := kernelspec.Save(spec, o); err != nil {
			return err
		}
	}
	cells := proofCells
	if n.canStart(ctx, env) {
		cells = append(cells[:len(cells):len(cells)], xlaProofCell)
	}
	if err := n.prove(ctx, kernel, cells); err != nil {
		return err
	}
	record.Environment = env.Dir
	return backend.Save(n.cache, record)
}

// canStart says whether the device that the kernel with XLA computes on is here.
func (n *notebooks) canStart(ctx context.Context, env *jupyter.Environment) bool {
	if _, ok := backend.LocateIn(env.Dir, "cuda"); !ok {
		return true
	}
	_, err := findGPUs(ctx)
	return err == nil
}

// accelerate is setup --gpu and setup --xla-cpu: what notebooks need, then the accelerator. A GPU that is here is what computes from
// then on.
func (n *notebooks) accelerate(ctx context.Context, x accelerator) error {
	if err := x.refuse(ctx, n.cache); err != nil {
		return err
	}
	if err := n.installBase(ctx); err != nil {
		return err
	}
	list, record := n.recorded()
	list = append(list, x) // what is there already takes no time
	found, missing := gpus{}, error(nil)
	if x.device == "cuda" {
		if found, missing = findGPUs(ctx); missing == nil {
			record.Default = "xla:cuda"
		}
	}
	if err := n.installXLA(ctx, list, record); err != nil {
		return err
	}
	switch {
	case x.device != "cuda":
		n.log.Line("setup: %s computes with XLA where it is told to, --backend xla:cpu; the Go backend stays the default", program)
	case missing != nil:
		n.log.Line("setup: no GPU can be used on this machine (%v)\n"+
			"→ the Go backend stays the default; on the machine with the GPU run %s setup --gpu again, or name it: --backend xla:cuda", missing, program)
	default:
		n.log.Line("setup: %s computes on xla:cuda from now on (%s), its products in TF32 unless --precision f32 says otherwise", program, found)
		n.log.Line("       one command on the processor: --backend go; for good: %s setup --no-gpu", program)
		if found.tooOld() {
			n.log.Line("warning: CUDA 13 needs the driver %d or newer, and this is %s: update it", oldestDriver, found.driver)
		}
	}
	return nil
}

// decelerate makes the Go backend the default again. What is installed stays.
func (n *notebooks) decelerate() error {
	record := backend.Recorded(n.cache)
	if record.Default == "" {
		n.log.Line("setup: the Go backend is the default already")
		return nil
	}
	record.Default = ""
	if err := backend.Save(n.cache, record); err != nil {
		return err
	}
	n.log.Line("setup: the Go backend is the default again; XLA stays installed in %s, for --backend xla:cuda", record.Environment)
	return nil
}

// missingXLA lists what is missing of what an earlier setup installed for XLA.
func (n *notebooks) missingXLA(ctx context.Context) (found []error) {
	list, record := n.recorded()
	if record.Environment == "" {
		return nil
	}
	env, err := jupyter.Open(n.cache)
	if err != nil {
		return nil // it is missing itself, which is said elsewhere
	}
	if env.Dir != record.Environment {
		found = append(found, fmt.Errorf("XLA is installed in %s, and JupyterLab now in %s", record.Environment, env.Dir))
	}
	if len(list) == 0 {
		found = append(found, fmt.Errorf("XLA's plug-ins are gone from %s; %s setup --gpu installs them again", record.Environment, program))
	}
	for _, x := range list {
		if !env.Has(x.wheels) {
			found = append(found, fmt.Errorf("%s is not installed in %s as it is pinned", x.wheels.What, env.Dir))
		}
	}
	if _, err := compiler(ctx); err != nil {
		found = append(found, fmt.Errorf("programs with XLA cannot be built: %w; %s", err, compilerRemedy))
	}
	kernel := n.kernel
	kernel.XLA = env.Dir
	if err := kernelspec.Check(ctx, kernel, env.DataDir()); err != nil {
		found = append(found, err)
	}
	return found
}

// printXLA says what is installed for XLA.
func (n *notebooks) printXLA() error {
	list, record := n.recorded()
	for _, x := range list {
		p, ok := backend.LocateIn(record.Environment, x.device)
		if !ok {
			continue
		}
		n.log.Line("ok    xla:%-6s  %s", x.device, p.Path)
	}
	if record.Environment == "" {
		return nil
	}
	kernel := n.kernel
	kernel.XLA = record.Environment
	file, err := kernelspec.File(kernel)
	if err != nil {
		return err
	}
	n.log.Line("ok    kernel      %s", file)
	if record.Default != "" {
		n.log.Line("ok    default     %s (setup --gpu chose it; setup --no-gpu goes back)", record.Default)
	}
	return nil
}

// goTogether refuses wishes that belong to other installations than ganbook's own.
func (c *setupCmd) goTogether() error {
	for _, f := range []struct {
		set  bool
		flag string
	}{{c.GPU, "--gpu"}, {c.XLACPU, "--xla-cpu"}, {c.NoGPU, "--no-gpu"}} {
		if f.set && (c.KernelOnly || c.Prefix != "") {
			return usagef("%s works on ganbook's own environment, where JupyterLab is: --kernel-only and --prefix do not go with it", f.flag)
		}
	}
	return nil
}

// environmentOf is the environment with XLA's plug-ins for a kernel that is run headless.
func environmentOf() (string, error) {
	if env := backend.Installed().Environment; env != "" {
		return filepath.Abs(env)
	}
	return "", errors.New("the kernel with XLA needs its plug-ins, which are not installed; " + program + " setup --gpu installs them")
}
