package jupyter

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every wheel is pinned by version and one hash.
func TestWheelsArePinned(t *testing.T) {
	requirement := regexp.MustCompile(`^[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}  # [0-9.]+ MB$`)
	for _, tc := range []struct {
		wheels Wheels
		first  string
		n      int
	}{{CUDA, "jax-cuda13-pjrt==0.12.0.1", 16}, {CPU, "lammps-jax-pjrt-cpu==0.11.2", 1}} {
		lines := strings.Split(strings.TrimSpace(string(tc.wheels.Lock)), "\n")[1:] // below the comment
		if len(lines) != tc.n || !strings.HasPrefix(lines[0], tc.first) {
			t.Errorf("%s: %d wheels, the first is %s", tc.wheels.Name, len(lines), lines[0])
		}
		for _, line := range lines {
			if !requirement.MatchString(line) {
				t.Errorf("%s: %q", tc.wheels.Name, line)
			}
		}
	}
}

// index is a folder of wheels that stands in for PyPI.
type index struct {
	t   *testing.T
	dir string
}

// add makes a wheel of one file and returns its requirement.
func (x index) add(name, version, text string) (requirement string) {
	x.t.Helper()
	info := fmt.Sprintf("%s-%s.dist-info/", name, version)
	files := []struct{ name, text string }{
		{name + "/plugin.so", text},
		{info + "METADATA", fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	}
	var record strings.Builder
	for _, f := range files {
		hash := sha256.Sum256([]byte(f.text))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(hash[:]), len(f.text))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	var wheel bytes.Buffer
	z := zip.NewWriter(&wheel)
	for _, f := range append(files, struct{ name, text string }{info + "RECORD", record.String()}) {
		w, err := z.Create(f.name)
		if err != nil {
			x.t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		x.t.Fatal(err)
	}
	file := filepath.Join(x.dir, fmt.Sprintf("%s-%s-py3-none-any.whl", name, version))
	if err := os.WriteFile(file, wheel.Bytes(), 0o644); err != nil {
		x.t.Fatal(err)
	}
	return fmt.Sprintf("%s==%s --hash=sha256:%x\n", name, version, sha256.Sum256(wheel.Bytes()))
}

// realEnvironment is a virtual environment with pip and nothing else, and an empty index.
func realEnvironment(t *testing.T, cache string) (*Environment, index) {
	t.Helper()
	python, err := FindPython(t.Context())
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	e := &Environment{Dir: filepath.Join(home(cache), "env-test")}
	if out, err := exec.Command(python.Path, "-I", "-m", "venv", e.Dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	x := index{t, t.TempDir()}
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", x.dir)
	t.Setenv("UV_NO_INDEX", "1")
	t.Setenv("UV_FIND_LINKS", x.dir)
	return e, x
}

// Wheels are installed once, mended after an interruption, renewed with their lock file, and never with another hash.
func TestAddWheels(t *testing.T) {
	cache := t.TempDir()
	e, x := realEnvironment(t, cache)
	var log strings.Builder
	o := Options{Cache: cache, Log: &log}
	add := func(lock string) (Wheels, error) {
		w := Wheels{Name: "test", Lock: []byte("# comment\n" + lock), What: "a test", Size: "1 kB"}
		return w, e.Add(t.Context(), o, w)
	}
	installed := func(want string) {
		t.Helper()
		found, _ := filepath.Glob(filepath.Join(e.Dir, "lib", "python3.*", "site-packages", "thing", "plugin.so"))
		if len(found) != 1 {
			t.Fatalf("found %v", found)
		}
		if text, err := os.ReadFile(found[0]); err != nil || string(text) != want {
			t.Errorf("%q, %v, want %q", text, err, want)
		}
		if want == "" {
			return
		}
		if err := os.WriteFile(found[0], nil, 0o644); err != nil { // as if unpacking had stopped here
			t.Fatal(err)
		}
	}
	one := x.add("thing", "1.0", "one")
	w, err := add(one)
	if err != nil || !e.Has(w) {
		t.Fatalf("%v\n%s", err, log.String())
	}
	installed("one")
	if _, err := add(one); err != nil {
		t.Error(err)
	}
	installed("") // what is complete is left alone
	if n := strings.Count(log.String(), "is installed in"); n != 1 {
		t.Errorf("installed %d times\n%s", n, log.String())
	}

	if err := os.Rename(filepath.Join(e.Dir, w.mark()), filepath.Join(e.Dir, w.started())); err != nil {
		t.Fatal(err)
	}
	if e.Has(w) {
		t.Error("an interrupted installation counts as complete")
	}
	if _, err := add(one); err != nil {
		t.Error(err)
	}
	installed("one")

	two := x.add("thing", "2.0", "two")
	w2, err := add(two)
	if err != nil || e.Has(w) || !e.Has(w2) {
		t.Errorf("%v; old: %v, new: %v", err, e.Has(w), e.Has(w2))
	}
	installed("two")

	forged := strings.Replace(x.add("thing", "3.0", "three"), "sha256:", "sha256:0000", 1)
	forged = forged[:len(forged)-5] + "\n"
	if w, err := add(forged); err == nil || e.Has(w) || !strings.Contains(err.Error(), "lock file names") {
		t.Errorf("another hash: %v", err)
	}
	if w, err := add("absent==1.0 --hash=sha256:" + strings.Repeat("0", 64) + "\n"); err == nil || e.Has(w) || !strings.Contains(err.Error(), "→") {
		t.Errorf("a package that is not there: %v", err)
	}
}

func TestWheelsRemedy(t *testing.T) {
	for message, want := range map[string]string{
		"OSError: [Errno 28] No space left on device":                               "TMPDIR",
		"ERROR: Could not find a version that satisfies x==1 (from versions: none)": "Linux on x86-64",
		"ERROR: x.whl is not a supported wheel on this platform.":                   "2.28",
		"NewConnectionError: Failed to establish a new connection":                  "HTTPS_PROXY",
		"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE":  "lock file",
		"something else": "try again",
	} {
		if got := wheelsRemedy(message, CUDA); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

// The user sees which file is being fetched, whether pip or uv says so.
func TestShowDownloads(t *testing.T) {
	var log strings.Builder
	o := Options{Log: &log}
	for _, line := range []string{"Collecting nvidia-cublas==13.10.0.20", "  Downloading nvidia_cublas-13.10.0.20-py3-none-manylinux_2_27_x86_64.whl (444.3 MB)",
		"Downloading https://files.example/packages/ab/jax_cuda13_pjrt.whl (134.9 MB)", "Downloading nvidia-nvvm (71.6MiB)", "Installing collected packages"} {
		o.showDownloads(line)
	}
	want := "jupyter: downloading nvidia_cublas-13.10.0.20-py3-none-manylinux_2_27_x86_64.whl (444.3 MB)\n" +
		"jupyter: downloading jax_cuda13_pjrt.whl (134.9 MB)\njupyter: downloading nvidia-nvvm (71.6MiB)\n"
	if log.String() != want {
		t.Errorf("%q, want %q", log.String(), want)
	}
}
