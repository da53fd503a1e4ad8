package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

func checkGo() finding {
	f := finding{Check: "go", State: stateOK, Detail: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	if _, err := exec.LookPath("go"); err != nil {
		f.State = stateWarn
		f.Detail += "; there is no go in PATH for tests and notebooks"
		f.Remedy = "start it as " + program + ", which finds Go, or add Go to PATH"
	}
	return f
}

// slow says why training on this machine takes 10 to 15 times longer than it could, and what to do; "" when it does not.
// The Go backend's matrix products, most of the work, are vectorised for AVX2 and AVX-512 only.
func slow(h runlog.HostInfo) (why, remedy string) {
	const elsewhere = "use smaller settings (--width 16 --image-size 32), or an amd64 machine with AVX2"
	switch {
	case !h.SIMD:
		return "built without SIMD", "start it as " + program + ", or build with GOEXPERIMENT=simd and Go 1.27 or newer"
	case h.Arch != "amd64":
		return "matrix products have SIMD on amd64 only, this is " + h.Arch, elsewhere
	case len(h.Features) > 0 && !slices.Contains(h.Features, "avx2"):
		return "this processor has no AVX2", elsewhere
	}
	return "", ""
}

func checkSIMD(h runlog.HostInfo) finding {
	why, remedy := slow(h)
	if why != "" {
		return finding{Check: "simd", State: stateWarn, Detail: why + ": training is 10 to 15 times slower", Remedy: remedy}
	}
	return finding{Check: "simd", State: stateOK, Detail: "built with GOEXPERIMENT=simd, and this processor has what it needs"}
}

func checkCPU(h runlog.HostInfo) finding {
	f := finding{Check: "processor", State: stateOK, Detail: fmt.Sprintf("%s, %s", orDash(h.CPU), plural(h.Cores, "core"))}
	if len(h.Features) > 0 {
		f.Detail += ", " + strings.Join(h.Features, " ")
	}
	return f
}

// Memory that the practice needs at its full size: batch 128 and width 64 take about 2.3 GB.
const fullSizeMemory = 3 << 30

func checkMemory() finding {
	total, available, ok := memory()
	if !ok {
		return finding{Check: "memory", State: stateOK, Detail: "unknown on this system"}
	}
	f := finding{Check: "memory", State: stateOK, Detail: bytesOf(total) + ", " + bytesOf(available) + " available"}
	if available < fullSizeMemory {
		f.State, f.Remedy = stateWarn, "scale full needs about 2.3 GB; use --batch 32, or stay at scale lecture"
	}
	return f
}

// Space that one run at full scale may take, snapshots and samples together, is below this.
const runSpace = 1 << 30

func checkDisk(name, dir string) finding {
	at := existingParent(dir)
	free, ok := diskFree(at)
	if !ok {
		return finding{Check: name, State: stateOK, Detail: at}
	}
	f := finding{Check: name, State: stateOK, Detail: fmt.Sprintf("%s, %s free", at, bytesOf(free))}
	if free < runSpace {
		f.State, f.Remedy = stateWarn, "a run keeps up to three snapshots (the newest two and the best) of 76 MB and writes a fourth before one goes, besides its pictures; make room or choose another folder"
	}
	probe, err := os.CreateTemp(at, ".ganbook-*")
	if err != nil {
		return finding{Check: name, State: stateFail, Detail: fmt.Sprintf("cannot write to %s: %v", at, err), Remedy: "choose a folder that you can write"}
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		f.State, f.Detail = stateWarn, err.Error()
	}
	return f
}

// existingParent is the folder itself or the nearest one above it that exists.
func existingParent(dir string) string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for at != filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil {
			break
		}
		at = filepath.Dir(at)
	}
	return at
}

func checkCache() finding {
	dir, err := kernelspec.CacheDir(kernelspec.Options{})
	if err != nil {
		return finding{Check: "cache", State: stateFail, Detail: err.Error(), Remedy: "set GANBOOK_CACHE to a folder that you can write"}
	}
	return checkDisk("cache", dir)
}

// checkCompute starts the backend that a run would use and multiplies two matrices with it.
func checkCompute() finding {
	config := backend.Config("")
	f := finding{Check: "backend", State: stateFail, Detail: config}
	if from := os.Getenv(backend.Variable); from != "" {
		f.Detail += " (from " + backend.Variable + ")"
		f.Remedy = "unset " + backend.Variable + " for the Go backend"
	} else if config != backend.Default() {
		f.Detail += " (setup --gpu chose it)"
		f.Remedy = "for the Go backend: " + program + " setup --no-gpu"
	}
	b, err := backend.New("")
	if err != nil {
		text, more, _ := strings.Cut(err.Error(), "\n")
		f.Detail += ": " + text
		if more = strings.ReplaceAll(strings.ReplaceAll(more, "→ ", ""), "\n", "; "); more != "" {
			f.Remedy = more
		}
		return f
	}
	defer b.Finalize()
	product, err := multiply(b)
	switch {
	case err != nil:
		f.Detail += ": " + err.Error()
	case !slices.Equal(product, []float32{19, 22, 43, 50}):
		f.Detail += fmt.Sprintf(": it multiplies wrongly: %v", product)
	default:
		f.State, f.Remedy = stateOK, ""
		f.Detail += ", multiplies two matrices"
	}
	return f
}

func checkData() finding {
	dir, err := data.CacheDir()
	if err != nil {
		return finding{Check: "data", State: stateWarn, Detail: err.Error(), Remedy: "set GANBOOK_CACHE to a folder that you can write"}
	}
	detail := []string{"synthetic faces need no files"}
	for _, s := range data.Sets() {
		if place := here(s); place != "no" {
			detail = append(detail, s.Name+" in "+place)
		}
	}
	if entries, err := os.ReadDir(dir); err == nil {
		detail = append(detail, plural(len(entries), "prepared set")+" in "+dir)
	}
	return finding{Check: "data", State: stateOK, Detail: strings.Join(detail, "; ")}
}
