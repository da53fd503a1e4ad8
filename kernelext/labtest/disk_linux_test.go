package labtest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mounted is a file system of its own, in memory.
func mounted(t *testing.T, flags uintptr, options string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("a small file system cannot be mounted here, which takes root's rights: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill uses up a disk and returns the file to remove.
func fill(t *testing.T, dir string) (file string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk could not be filled: %v", err)
	}
	return f.Name()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A disk that is full where cells are compiled: a cell says so, and runs once there is room.
func TestFullDisk(t *testing.T) {
	disk := mounted(t, 0, "size=96m")
	t.Setenv("TMPDIR", disk)
	k := start(t)
	k.expectAlive(t)
	filler := fill(t, disk)
	k.run(t, `fmt.Println("not compiled yet")`).expectFailure(t, "no space left on device")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	k.expectAlive(t)
	if got := k.run(t, `fmt.Println("compiled now")`); got.stdout != "compiled now\n" {
		t.Errorf("with room again: status %q, stdout %q, errors %q", got.status, got.stdout, got.errors)
	}
}

// A notebook on a full disk is not replaced by half of one.
func TestNotebookOnAFullDisk(t *testing.T) {
	disk := mounted(t, 0, "size=1m")
	installed(t)
	file := filepath.Join(disk, "full.ipynb")
	writeNotebook(t, file, `fmt.Println("an output")`)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, disk)
	if message, err := ganbook(t, "nb", "run", file); err == nil || !strings.Contains(message, "no space left on device") {
		t.Errorf("nb run: %v\n%s", err, message)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(before) {
		t.Errorf("the notebook is now %q (%v)", now, err)
	}
}

// A home that cannot be written: cells run as long as Go has its cache elsewhere, and say what is wrong where it has not.
func TestReadOnlyHome(t *testing.T) {
	home := mounted(t, syscall.MS_RDONLY, "")
	keep := []string{"HOME=" + home, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "XDG_DATA_HOME="}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := output(t.Context(), ".", "go", "env", name)
		if err != nil {
			t.Fatal(err)
		}
		keep = append(keep, name+"="+strings.TrimSpace(string(value)))
	}
	t.Run("Go's cache elsewhere", func(t *testing.T) {
		k := start(t, keep...)
		k.expectAlive(t)
	})
	t.Run("Go's cache at home", func(t *testing.T) {
		k := start(t, append(keep, "GOCACHE=")...)
		k.run(t, `fmt.Println("hello")`).expectFailure(t, "read-only file system")
		if got := k.run(t, "!echo alive"); got.stdout != "alive\n" {
			t.Errorf("status %q, stdout %q", got.status, got.stdout)
		}
	})
}
