package cells

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// gonb starts GoNB itself, without the proxy.
func gonb(t *testing.T, root string) *client.Client {
	t.Helper()
	spec := kerneltest.Spec(t, root)
	for i, a := range spec.Argv {
		if a == "--" { // the proxy's arguments end here
			spec.Argv = append([]string{spec.Argv[i+1], "--kernel", "{connection_file}"}, spec.Argv[i+2:]...)
			break
		}
	}
	k, err := client.Start(t.Context(), spec, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// said is what the kernel said of one cell.
type said struct {
	out, err  string
	display   []map[string]any
	name      string
	value     string
	traceback []string
}

func runCell(t *testing.T, k *client.Client, code string) (s said) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err := k.Do(ctx, "execute_request", client.Code(code), func(m wire.Message) {
		var c struct {
			Name, Text, EName, EValue string
			Traceback                 []string
			Data                      map[string]any
		}
		if err := json.Unmarshal(m.Content, &c); err != nil {
			t.Error(err)
		}
		switch m.Header.Type {
		case "stream":
			if c.Name == "stdout" {
				s.out += c.Text
			} else {
				s.err += c.Text
			}
		case "display_data":
			s.display = append(s.display, c.Data)
		case "error":
			s.name, s.value, s.traceback = c.EName, c.EValue, c.Traceback
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkout is a small module that cells can show values in.
func checkout(t *testing.T) (root string) {
	t.Helper()
	root = kerneltest.Checkout(t)
	const pkg = "kernelext/result"
	if err := os.CopyFS(filepath.Join(root, pkg), os.DirFS(filepath.Join(kerneltest.ModuleRoot(t), pkg))); err != nil {
		t.Fatal(err)
	}
	return root
}

// torn reports whether GoNB has left out the place of a frame: it finds none in a line that comes in pieces, as some do on a
// busy machine.
func torn(stderr string) bool {
	for line := range strings.Lines(escapes.ReplaceAllString(stderr, "")) {
		if strings.HasPrefix(line, "\t") && strings.Contains(line, "main.go:") && !strings.Contains(line, "[[ Cell ") {
			return true
		}
	}
	return false
}

// Cells prepared here run in the real GoNB, and what it says of them is understood.
func TestWithGoNB(t *testing.T) {
	k := gonb(t, checkout(t))
	var m Memory
	for _, c := range []struct {
		cell    string
		out     string // on stdout
		value   string // shown as text
		failure string // name: value
		lines   string // a part of the traceback
	}{
		{cell: "x := 1\nx + 1", value: "2"},
		{cell: "func twice(x int) int { return 2 * x }\nconst base = 20\ntwice(base)", value: "40"},
		{cell: "twice(base), \"two\"", value: "40\ntwo"},
		{cell: "ganlib.Hello()", value: "hello from the checkout"},
		{cell: "fmt.Println(twice(3))", out: "6\n"},
		{cell: "s := `\n%%\n!ls\npackage x`\ns", value: "\n%%\n!ls\npackage x"},
		{cell: "packages := 3\npackages", value: "3"},
		{cell: "result := late()\nresult\nfunc late() string { return \"late\" }", out: "", failure: "", value: "late"},
		{cell: "if twice(1) == 2 { return \"early\", nil }\nfmt.Println(\"no\")", value: "early"},
		{cell: "%args -test=a\nvar name = flag.String(\"test\", \"\", \"\")\n*name", value: "a"},
		{cell: "func noValue() {}\nfunc() { noValue() }()"},
		{cell: "x := 3\ny := twice(\"a\")", failure: "compile error: line 1: declared and not used: x", lines: "line 2: cannot use \"a\" (untyped string constant) as int value in argument to twice\n    y := twice(\"a\")\n               ^"},
		{cell: "a := []int{}\n\na[len(os.Args)]", failure: "panic: runtime error: index out of range [1] with length 0", lines: "line 3:\n    a[len(os.Args)]"},
		{cell: "os.Open(\"/no/such/file\")", failure: "error: open /no/such/file: no such file or directory", lines: "line 1:\n    os.Open"},
		{cell: "func index(i int) int {\n\treturn []int{}[i]\n}", value: ""},
		{cell: "// in another cell\nindex(3)", failure: "panic: runtime error: index out of range [3] with length 0", lines: ", line 2, in index\nline 2:\n    index(3)"},
		{cell: "os.Exit(3);", failure: "exit status: exit status 3"},
		{cell: "syscall.Kill(os.Getpid(), syscall.SIGKILL)", failure: "signal: signal: killed"},
		{cell: "ch := make(chan int)\nch <- 1", failure: "fatal error: all goroutines are asleep - deadlock!", lines: "line 2:\n    ch <- 1"},
		{cell: "import \"no/such\"\nsuch.X()", failure: "compile error: no/such: package no/such is not in std"},
		{cell: "fmt.Println(\"a\"", failure: "compile error: ", lines: "line 1: "},
	} {
		p := m.Prepare(c.cell)
		s := runCell(t, k, p.Code)
		for n := 0; n < 10 && c.lines != "" && torn(s.err); n++ {
			s = runCell(t, k, p.Code)
		}
		value := ""
		for _, d := range s.display {
			value += fmt.Sprint(d["text/plain"])
		}
		var f Failure
		if s.name != "" {
			f = Explain(s.err+"\n"+s.value+"\n"+strings.Join(s.traceback, "\n"), p, nil)
		} else {
			m.Executed(c.cell)
		}
		failed := strings.TrimPrefix(f.Name+": "+f.Value, ": ")
		if s.out != c.out || value != c.value || (failed == "") != (c.failure == "") || !strings.HasPrefix(failed, c.failure) {
			t.Errorf("%s\nprints %q, shows %q and fails with %q\n%s\nstderr: %s", c.cell, s.out, value, failed, s.value, s.err)
		}
		if trace := strings.Join(f.Traceback, "\n"); !strings.Contains(trace, c.lines) {
			t.Errorf("%s\nis explained as\n%s\nwant\n%s", c.cell, trace, c.lines)
		}
	}
}

// A call that has no value costs a second attempt: the compiler says so, and Plain runs.
func TestPlainWithGoNB(t *testing.T) {
	k := gonb(t, checkout(t))
	p := Prepare("var w sync.WaitGroup\nfmt.Println(\"x\")\nw.Wait()")
	s := runCell(t, k, p.Code)
	if !HasNoValue(s.value) {
		t.Fatalf("GoNB says %q of\n%s", s.value, p.Code)
	}
	if s = runCell(t, k, p.Plain); s.name != "" || s.out != "x\n" {
		t.Errorf("plain prints %q and fails with %q", s.out, s.value)
	}
}
