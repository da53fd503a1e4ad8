//go:build xla

package backend

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stddef.h>

// The head of PJRT_Api, which is the same in every version of pjrt_c_api.h.
typedef struct {
	size_t size;
	void *extensions;
	struct {
		size_t size;
		void *extensions;
		int major, minor;
	} version;
} ganbook_pjrt;

// ganbook_version reads the version of a plug-in's interface; it returns what is wrong, or NULL. The library stays open:
// it does not survive being unloaded.
static const char *ganbook_version(const char *path, int *major, int *minor) {
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (library == NULL) return dlerror();
	ganbook_pjrt *(*get)(void) = (ganbook_pjrt *(*)(void))dlsym(library, "GetPjrtApi");
	if (get == NULL) return "it is no PJRT plug-in: it has no function GetPjrtApi";
	ganbook_pjrt *api = get();
	if (api == NULL) return "its function GetPjrtApi returns nothing";
	*major = api->version.major;
	*minor = api->version.minor;
	return NULL;
}

#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/go-xla/compute/xla" // registers "xla"; never its autoinstall package, which downloads unpinned
)

func init() { startXLA = start }

// The versions of PJRT's interface that a plug-in may have. A newer minor version only adds to the older ones; 81 is the
// oldest that was tried with this go-xla.
const (
	pjrtMajor       = 0
	pjrtOldestMinor = 81
)

// start loads the plug-in of a device and starts XLA in it.
func start(device string, options []string) (compute.Backend, error) {
	p, err := Locate(device)
	if err != nil {
		return nil, err
	}
	if strings.Contains(p.Path, ",") {
		return nil, fmt.Errorf("%s: XLA takes a comma in a path for an option; choose another folder with GANBOOK_CACHE", p.Path)
	}
	if p.Device == "cuda" {
		on, _ := tf32(options)
		if err := prepareCUDA(p, on); err != nil {
			return nil, err
		}
		options = append(options, "noshared_buffers") // whatever the path contains, this is not the CPU's memory
	}
	if err := checkVersion(p); err != nil {
		return nil, err
	}
	b, err := compute.NewWithConfig("xla:" + strings.Join(append([]string{p.Path}, options...), ","))
	return b, explainStart(p, err)
}

// prepareCUDA sets what CUDA's plug-in reads from the environment when it is loaded: where ptxas and libdevice are,
// and, for exact products, that the convolutions of cuDNN are not rounded to TF32 either, which go-xla's own option
// leaves alone.
func prepareCUDA(p Plugin, tf32 bool) error {
	const dataFlag = "--xla_gpu_cuda_data_dir="
	set := map[string]string{"GOPJRT_CUDA_CHECKS": "0"} // go-xla expects another layout and would warn
	if flags := os.Getenv("XLA_FLAGS"); p.Data != "" && !strings.Contains(flags, dataFlag) {
		set["XLA_FLAGS"] = strings.TrimSpace(flags + " " + dataFlag + p.Data)
	}
	if !tf32 {
		set["NVIDIA_TF32_OVERRIDE"] = "0"
	}
	for name, value := range set {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// checkVersion refuses a library that is no plug-in, or one whose interface is another: calling it could end the process.
func checkVersion(p Plugin) error {
	path := C.CString(p.Path)
	defer C.free(unsafe.Pointer(path))
	var major, minor C.int
	if wrong := C.ganbook_version(path, &major, &minor); wrong != nil {
		text := C.GoString(wrong)
		return fmt.Errorf("%s cannot be used: %s%s", p.Path, text, loadRemedy(text))
	}
	if major != pjrtMajor || minor < pjrtOldestMinor {
		return fmt.Errorf("%s has version %d.%d of the interface PJRT; this program knows %d.%d and newer ones of %d"+
			"\n→ use the plug-in that ./ganbook setup --gpu (or --xla-cpu) installs", p.Path, major, minor, pjrtMajor, pjrtOldestMinor, pjrtMajor)
	}
	return nil
}

// loadRemedy says what to do about a library that cannot be loaded.
func loadRemedy(text string) string {
	switch {
	case strings.Contains(text, "GLIBC"):
		return "\n→ the system's C library is too old for it: use a newer system (Debian 12, Ubuntu 22.04 or later)"
	case strings.Contains(text, "GetPjrtApi"):
		return "\n→ give the path of a PJRT plug-in, or install one with ./ganbook setup --gpu (or --xla-cpu)"
	}
	return "\n→ it is damaged or another library is missing: ./ganbook setup --gpu (or --xla-cpu) installs it again"
}

// explainStart says what to do when a plug-in does not start.
func explainStart(p Plugin, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	switch {
	case p.Device == "cuda" && (strings.Contains(text, "No visible GPU") || strings.Contains(text, "no CUDA-capable device") ||
		strings.Contains(text, "CUDA_ERROR_NO_DEVICE") || strings.Contains(text, "CUDA_ERROR_STUB_LIBRARY")):
		return fmt.Errorf("no NVIDIA GPU can be used here: %w%s", err, deviceRemedy())
	case strings.Contains(text, "CUDA_ERROR") || strings.Contains(text, "driver version"):
		return fmt.Errorf("%w\n→ the driver must know CUDA 13 (version 580 or newer): nvidia-smi shows which it is", err)
	case strings.Contains(text, "struct size"):
		return fmt.Errorf("%w\n→ the plug-in has another version of the interface PJRT; use the one that ./ganbook setup installs", err)
	}
	return Explain(err)
}

// deviceRemedy says why there may be no GPU.
func deviceRemedy() string {
	if visible, set := os.LookupEnv("CUDA_VISIBLE_DEVICES"); set {
		return fmt.Sprintf("\n→ CUDA_VISIBLE_DEVICES is %q: unset it, or name a GPU that nvidia-smi -L lists; or --backend go", visible)
	}
	return "\n→ is there one, with its driver (nvidia-smi lists it)? In a container it must be passed on (docker run --gpus all)" +
		"\n→ without one: --backend go, or for good ./ganbook setup --no-gpu"
}
