package jupyter

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// Wheels are packages that are installed beside JupyterLab for those who ask for them. They run no Python: XLA's
// plug-ins are shared libraries, which PyPI serves with a hash.
type Wheels struct {
	Name string // of the mark of a complete installation
	Lock []byte // one requirement a line, with its hash; complete, so that no dependency is looked for
	What string // for people
	Size string // of the download
}

//go:embed locks/cuda.lock
var cudaLock []byte

//go:embed locks/xla-cpu.lock
var xlaCPULock []byte

// CUDA is XLA for NVIDIA GPUs with all of CUDA that it needs but the driver, CPU XLA for the processor, for tests. Both
// are for Linux on x86-64.
var (
	CUDA = Wheels{Name: "cuda", Lock: cudaLock, What: "XLA for NVIDIA GPUs and CUDA 13", Size: "2.5 GB"}
	CPU  = Wheels{Name: "xla-cpu", Lock: xlaCPULock, What: "XLA for the processor", Size: "63 MB"}
)

// mark is the file that says that the wheels of this very lock file are complete.
func (w Wheels) mark() string {
	hash := sha256.Sum256(w.Lock)
	return fmt.Sprintf("%s-%x", w.started(), hash[:6])
}

// started is the file that says that an installation began; while it is there, something may be half installed.
func (w Wheels) started() string { return ".wheels-" + w.Name }

// Has says whether the wheels are installed, whole and of the pinned versions.
func (e *Environment) Has(w Wheels) bool {
	_, err := os.Stat(filepath.Join(e.Dir, w.mark()))
	return err == nil
}

// Add installs wheels into the environment unless they are there. The package installer fetches and checks all of them
// before it unpacks one; what was interrupted while it unpacked is installed again. Of several processes one does it,
// and the others wait.
func (e *Environment) Add(ctx context.Context, o Options, w Wheels) error {
	if e.Has(w) {
		return nil
	}
	held, err := shared.Lock(ctx, filepath.Join(home(o.Cache), ".lock"), func() {
		o.logf("jupyter: another setup is at work; waiting for it")
	})
	if err != nil {
		return fmt.Errorf("jupyter: %w; choose another folder with GANBOOK_CACHE", err)
	}
	defer held.Release()
	if e.Has(w) {
		return nil
	}
	began := time.Now()
	o.logf("jupyter: installing %s, a download of %s; it needs the network and takes as long as that", w.What, w.Size)
	if err := e.add(ctx, o, w, held); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("jupyter: %s: %w%s", w.What, err, wheelsRemedy(err.Error(), w))
	}
	o.logf("jupyter: %s is installed in %s (%.1f s)", w.What, e.Dir, time.Since(began).Seconds())
	return nil
}

// add installs between two marks.
func (e *Environment) add(ctx context.Context, o Options, w Wheels, held *shared.Held) error {
	started := filepath.Join(e.Dir, w.started())
	_, err := os.Stat(started)
	again := err == nil
	for _, mark := range shared.Find(e.Dir, w.started()+"-*") { // of another lock file
		if err := os.Remove(mark); err != nil {
			return err
		}
	}
	lock := filepath.Join(e.Dir, w.Name+".lock")
	if err := errors.Join(os.WriteFile(started, nil, 0o644), os.WriteFile(lock, w.Lock, 0o644)); err != nil {
		return err
	}
	if err := e.addWith(ctx, o, held, lock, again); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(e.Dir, w.mark()), nil, 0o644), os.Remove(started))
}

// addWith lets uv do it where there is one, else pip.
func (e *Environment) addWith(ctx context.Context, o Options, held *shared.Held, lock string, again bool) error {
	args := []string{"--require-hashes", "--no-deps", "--only-binary=:all:", "-r", lock}
	if uv, err := exec.LookPath("uv"); err == nil {
		argv := append([]string{uv, "pip", "install", "--python", e.Python()}, args...)
		if again {
			argv = append(argv, "--reinstall")
		}
		if err = e.runShowing(ctx, held, o.showDownloads, argv...); err == nil || ctx.Err() != nil {
			return err
		}
		o.logf("jupyter: uv could not do it, pip tries: %v", err)
	}
	if e.Version("pip") == "" { // an environment that uv made
		if err := e.run(ctx, held, e.Python(), "-I", "-m", "ensurepip"); err != nil {
			return err
		}
	}
	argv := append([]string{e.Python(), "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar=off"}, args...)
	if again {
		argv = append(argv, "--force-reinstall")
	}
	return e.runShowing(ctx, held, o.showDownloads, argv...)
}

// showDownloads passes on which file is being fetched, of all that an installer says.
func (o Options) showDownloads(line string) {
	if _, file, found := strings.Cut(line, "ownloading "); found {
		name, size, _ := strings.Cut(file, " ")
		o.logf("jupyter: downloading %s %s", name[strings.LastIndexByte(name, '/')+1:], size)
	}
}

// wheelsRemedy is what to do about wheels that could not be installed.
func wheelsRemedy(message string, w Wheels) string {
	if strings.Contains(message, "o space left") || strings.Contains(message, "Disk quota") {
		return fmt.Sprintf("\n→ make room: twice the %s of the download for the environment, and once in the folder for temporary files (TMPDIR), "+
			"or choose another folder with GANBOOK_CACHE", w.Size)
	}
	for _, known := range []string{"from versions: none", "is not a supported wheel", "no wheels with a matching platform"} {
		if strings.Contains(message, known) {
			return "\n→ these packages are for Linux on x86-64 with the GNU C library 2.28 or newer; has your package index (PIP_INDEX_URL) them?"
		}
	}
	return remedy(message, "try again; what was downloaded is kept")
}
