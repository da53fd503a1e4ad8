package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The Go of these tests is a shell script: its "build" writes a program that prints how it was called.
const fakeGo = `#!/bin/sh
case $1 in
version) echo "go version ${FAKE_GO_VERSION:-go1.26.8} linux/amd64" ;;
build)
	if [ -n "${FAKE_GO_FAILS:-}" ]; then echo "$FAKE_GO_FAILS" >&2; exit 1; fi
	while [ "$1" != -o ]; do shift; done
	echo "$GOTOOLCHAIN $GOEXPERIMENT $GOWORK flags=$GOFLAGS cgo=$CGO_ENABLED" >>"$GANBOOK_ROOT/builds"
	printf '#!/bin/sh\nprintf "%%s|" "$PWD" "$GOTOOLCHAIN" "$GOEXPERIMENT" "$@"\n' >"$2"
	chmod +x "$2" ;;
esac
`

// checkout is a small copy of the project: the launcher and one source file.
type checkout struct {
	t               *testing.T
	root, bin, home string
}

func newCheckout(t *testing.T, withGo bool) *checkout {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this machine")
	}
	script, err := os.ReadFile("../../ganbook")
	if err != nil {
		t.Fatal(err)
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &checkout{t: t, root: filepath.Join(base, "a checkout"), bin: filepath.Join(base, "bin"), home: filepath.Join(base, "home")}
	// Places outside the test where a real Go may lie are moved into its home.
	text := string(script)
	for _, place := range []string{"/usr/local/go/bin", "/opt/homebrew/bin", "/usr/lib/go/bin"} {
		if !strings.Contains(text, place) {
			t.Fatalf("the launcher does not look in %s", place)
		}
		text = strings.ReplaceAll(text, place, c.home+place)
	}
	c.write("ganbook", text, 0o755)
	c.write("go.mod", "module example.org/x\n\ngo 1.27.0\n", 0o644)
	for _, f := range []string{"go.sum", "cmd/ganbook/main.go", "ganlib/a.go", "ganlib/a_test.go", "kernelext/a.go", "plots/a.go", "testdata/papers/a.go"} {
		c.write(f, "package x\n", 0o644)
	}
	for _, dir := range []string{c.bin, c.home} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tool := range []string{"cat", "chmod", "find", "grep", "mkdir", "mktemp", "mv", "readlink", "rm", "tee", "touch"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(c.bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(sh, filepath.Join(c.bin, "sh")); err != nil {
		t.Fatal(err)
	}
	if withGo {
		c.write("../bin/go", fakeGo, 0o755)
	}
	return c
}

func (c *checkout) write(name, text string, mode os.FileMode) {
	c.t.Helper()
	path := filepath.Join(c.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
}

// run starts the launcher in a folder and returns what it printed on stdout and stderr.
func (c *checkout) run(dir, program string, env []string, args ...string) (stdout, stderr string, err error) {
	c.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + c.bin, "HOME=" + c.home}, env...)
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

func (c *checkout) mustRun(env []string, args ...string) string {
	c.t.Helper()
	out, errOut, err := c.run(c.home, filepath.Join(c.root, "ganbook"), env, args...)
	if err != nil {
		c.t.Fatalf("%v\n%s", err, errOut)
	}
	return out
}

func (c *checkout) builds() int {
	b, _ := os.ReadFile(filepath.Join(c.root, "builds"))
	return strings.Count(string(b), "\n")
}

func TestLauncherBuildsOnlyWhenSourcesChanged(t *testing.T) {
	c := newCheckout(t, true)
	steps := []struct {
		name   string
		change func()
		builds int
	}{
		{"first start", func() {}, 1},
		{"nothing changed", func() {}, 1},
		{"a source edited", func() { c.write("ganlib/a.go", "package x // edited\n", 0o644) }, 2},
		{"a test edited", func() { c.write("ganlib/a_test.go", "package x // edited\n", 0o644) }, 2},
		{"go.mod edited", func() { c.write("go.mod", "module example.org/x\n\ngo 1.27.0\n// x\n", 0o644) }, 3},
		{"a file added", func() { c.write("plots/b.go", "package x\n", 0o644) }, 4},
		{"a file removed", func() { os.Remove(filepath.Join(c.root, "plots/b.go")) }, 5},
		{"an old file unpacked over the checkout", func() {
			c.write("plots/a.go", "package x // older\n", 0o644)
			old := time.Now().Add(-1000 * time.Hour)
			os.Chtimes(filepath.Join(c.root, "plots/a.go"), old, old)
		}, 6},
		{"a run recorded", func() { c.write("runs/00001-x/run.json", "{}", 0o644) }, 6},
	}
	for _, s := range steps {
		time.Sleep(20 * time.Millisecond) // file times have steps of some milliseconds
		s.change()
		c.mustRun(nil)
		if got := c.builds(); got != s.builds {
			t.Fatalf("%s: %d builds, want %d", s.name, got, s.builds)
		}
	}
	c.mustRun([]string{"GOFLAGS=-tags=xla"})
	c.mustRun(nil)
	if got := c.builds(); got != 7 {
		t.Fatalf("other build settings: %d builds, want 7 (both programs are kept)", got)
	}
}

// After setup --gpu programs are built with XLA; each is kept, and only the build has the tag.
func TestLauncherBuildsWithXLA(t *testing.T) {
	c := newCheckout(t, true)
	c.write("../home/.cache/ganbook/accelerator", "environment /env\n", 0o644)
	for _, tc := range []struct {
		env  []string
		want string // of the newest build; "" for no new one
	}{
		{nil, "flags=-tags=xla cgo=1"},
		{nil, ""},
		{[]string{"GANBOOK_XLA=off"}, "flags= cgo="},
		{[]string{"GANBOOK_XLA=/other"}, ""},
		{[]string{"GOFLAGS=-trimpath"}, "flags=-trimpath -tags=xla cgo=1"},
		{[]string{"GOFLAGS=-v -tags=mine"}, "flags=-v -tags=mine cgo="},
		{[]string{"CGO_ENABLED=0"}, "flags= cgo=0"},
	} {
		before := c.builds()
		c.mustRun(tc.env)
		text, err := os.ReadFile(filepath.Join(c.root, "builds"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		switch built := c.builds() - before; {
		case tc.want == "" && built != 0:
			t.Errorf("%q: built again", tc.env)
		case tc.want != "" && (built != 1 || !strings.HasSuffix(lines[len(lines)-1], " "+tc.want)):
			t.Errorf("%q: %d builds, the last with %q, want %q", tc.env, built, lines[len(lines)-1], tc.want)
		}
	}
	_, errOut, err := c.run(c.root, "./ganbook", []string{"GOFLAGS=-x", "FAKE_GO_FAILS=cgo: C compiler \"gcc\" not found: exec: \"gcc\": executable file not found in $PATH"}, "run")
	for _, w := range []string{"does not build with XLA", "apt install gcc", "GANBOOK_XLA=off"} {
		if err == nil || !strings.Contains(errOut, w) {
			t.Errorf("%v, stderr lacks %q:\n%s", err, w, errOut)
		}
	}
}

func TestLauncherPassesArgumentsFolderAndSettings(t *testing.T) {
	c := newCheckout(t, true)
	elsewhere := t.TempDir()
	link := filepath.Join(elsewhere, "gb")
	if err := os.Symlink(filepath.Join(c.root, "ganbook"), filepath.Join(elsewhere, "hop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("hop", link); err != nil { // a relative link to a link
		t.Fatal(err)
	}
	out, errOut, err := c.run(elsewhere, "./gb", []string{"GOEXPERIMENT=loopvar"}, "run", "two words", "$x", "")
	if err != nil {
		t.Fatalf("%v\n%s", err, errOut)
	}
	if want := "|go1.27.0|loopvar,simd|run|two words|$x||"; !strings.HasSuffix(out, want) {
		t.Fatalf("the program saw %q, want …%q", out, want)
	}
	if !strings.HasPrefix(out, elsewhere) {
		t.Fatalf("the program ran in %q, want %s", out, elsewhere)
	}
}

func TestLauncherStartsTogether(t *testing.T) {
	c := newCheckout(t, true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out, errOut, err := c.run(c.root, "./ganbook", nil, "x")
			if err != nil || !strings.HasSuffix(out, "|go1.27.0|simd|x|") {
				t.Errorf("%v: printed %q, %q", err, out, errOut)
			}
		})
	}
	wg.Wait()
	left, _ := filepath.Glob(c.home + "/.cache/ganbook/build" + c.root + "/.simd/build.*")
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLauncherSaysWhatIsMissing(t *testing.T) {
	for _, tc := range []struct {
		name   string
		withGo bool
		env    []string
		want   []string
	}{
		{"no Go", false, nil, []string{"there is no Go", "go.dev/dl"}},
		{"old Go", true, []string{"FAKE_GO_VERSION=go1.20.14"}, []string{"too old", "go1.20", "1.21 or newer", "go.dev/dl"}},
		{"oldest Go", true, []string{"FAKE_GO_VERSION=go1.4"}, []string{"too old", "go1.4"}},
		{"no network for the toolchain", true, []string{"FAKE_GO_FAILS=go: download go1.27.0: golang.org/toolchain@v0.0.1: Get \"https://proxy.golang.org/\": dial tcp: lookup proxy.golang.org: no such host"},
			[]string{"no such host", "could not fetch Go 1.27.0", "GOPROXY"}},
		{"a proxy that refuses", true, []string{"FAKE_GO_FAILS=go: example.org/y@v1: reading https://proxy/: 403 Forbidden"}, []string{"could not fetch", "HTTPS_PROXY"}},
		{"a program that does not compile", true, []string{"FAKE_GO_FAILS=cmd/ganbook/main.go:1: undefined: x"}, []string{"undefined: x", "does not build"}},
		{"a cache that is a file", true, []string{"GANBOOK_CACHE=go.mod"}, []string{"cannot write to", "GANBOOK_CACHE"}},
		{"no home", true, []string{"HOME="}, []string{"set GANBOOK_CACHE"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCheckout(t, tc.withGo)
			out, errOut, err := c.run(c.root, "./ganbook", tc.env, "run")
			if err == nil {
				t.Fatalf("no failure; printed %q", out)
			}
			for _, w := range tc.want {
				if !strings.Contains(errOut, w) {
					t.Errorf("stderr lacks %q:\n%s", w, errOut)
				}
			}
			if strings.Contains(errOut, "could not fetch") && tc.name == "a program that does not compile" {
				t.Errorf("a compile error is explained as a missing network:\n%s", errOut)
			}
		})
	}
}

// A newer Go in a well-known place is used when the one in PATH is too old, and the program finds it first.
func TestLauncherPrefersANewEnoughGo(t *testing.T) {
	c := newCheckout(t, true)
	c.write("../bin/go", strings.Replace(fakeGo, "${FAKE_GO_VERSION:-go1.26.8}", "go1.19.8", 1), 0o755)
	c.write("../home/sdk/go1.27.0/bin/go", fakeGo, 0o755)
	c.mustRun(nil)
	program, err := filepath.Glob(c.home + "/.cache/ganbook/build" + c.root + "/.simd/ganbook")
	if err != nil || len(program) != 1 {
		t.Fatalf("no program in the cache: %v %v", program, err)
	}
	if err := os.WriteFile(program[0], []byte("#!/bin/sh\ncommand -v go\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, want := c.mustRun(nil), c.home+"/sdk/go1.27.0/bin/go\n"; got != want {
		t.Fatalf("the program finds %q, want %q", got, want)
	}
}
