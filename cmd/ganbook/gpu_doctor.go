package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// checkGPU looks for an NVIDIA GPU and its driver. Without one all is well, unless setup chose it.
func checkGPU(ctx context.Context) finding {
	f := finding{Check: "gpu", State: stateOK}
	chosen := strings.HasPrefix(backend.Installed().Default, "xla:cuda")
	g, err := findGPUs(ctx)
	switch {
	case err != nil && chosen:
		f.State, f.Detail = stateFail, "setup --gpu chose the GPU, and "+err.Error()
		f.Remedy = "install NVIDIA's driver, or pass the GPU on to this container; or compute on the processor: " + program + " setup --no-gpu"
	case err != nil:
		f.Detail = err.Error() + "; the Go backend needs none"
	case g.tooOld():
		f.Detail = fmt.Sprintf("%s; CUDA 13 needs the driver %d or newer", g, oldestDriver)
		f.State, f.Remedy = stateWarn, "update the driver"
		if chosen {
			f.State = stateFail
		}
	case !chosen:
		f.Detail, f.Remedy = g.String()+"; it is not used", "to compute on it: "+program+" setup --gpu"
	default:
		f.Detail = g.String()
	}
	return f
}

// checkXLA looks for every part of a program that computes with XLA: the tag, the compiler, the plug-in and CUDA's tools.
func checkXLA(ctx context.Context) finding {
	f := finding{Check: "xla", State: stateOK}
	installed := backend.Installed()
	builtIn := slices.Contains(backend.BuiltIn(), "xla")
	if installed.Environment == "" && !builtIn {
		f.Detail = "not installed; for NVIDIA GPUs: " + program + " setup --gpu"
		return f
	}
	var wrong, remedies, have []string
	add := func(what, remedy string) {
		wrong = append(wrong, what)
		if !slices.Contains(remedies, remedy) {
			remedies = append(remedies, remedy)
		}
	}
	if !builtIn {
		add("this program was built without it (tag xla)", "start it as "+program)
	}
	if _, err := compiler(ctx); err != nil {
		add(err.Error(), compilerRemedy)
	}
	plugins := 0
	for _, device := range []string{"cuda", "cpu"} {
		p, err := backend.Locate(device)
		if err != nil {
			continue
		}
		plugins++
		have = append(have, "xla:"+device+" in "+p.Path)
		if device == "cuda" && p.Data == "" {
			add("CUDA's tools (nvidia/cu13, with ptxas and libdevice) are not beside the plug-in", program+" setup --gpu")
		}
	}
	if plugins == 0 {
		_, err := backend.Locate("cuda")
		text, _, _ := strings.Cut(err.Error(), "\n")
		add(strings.TrimPrefix(text, "backend: "), program+" setup --gpu")
	}
	if installed.Environment != "" && installed == backend.Recorded(cacheOf()) {
		if err := kernelspec.Check(ctx, kernelspec.Options{XLA: installed.Environment}); err != nil {
			text, _, _ := strings.Cut(err.Error(), "\n")
			add(text, "for notebooks: "+program+" setup")
		}
	}
	f.Detail = strings.Join(append(wrong, have...), "; ")
	if len(wrong) > 0 {
		f.State, f.Remedy = stateWarn, strings.Join(remedies, "; ")
		if installed.Default != "" {
			f.State = stateFail
		}
	}
	return f
}

// cacheOf is the cache folder, "" where there is none.
func cacheOf() string {
	dir, err := kernelspec.CacheDir(kernelspec.Options{})
	if err != nil {
		return ""
	}
	return dir
}
