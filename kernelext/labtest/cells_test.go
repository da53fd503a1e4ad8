package labtest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// A cell may print what is not text; what reaches the notebook is.
func TestOutputThatIsNotUTF8(t *testing.T) {
	k := start(t)
	got := k.run(t, `os.Stdout.Write([]byte("before \xff\xfe\x00 after\n"))`)
	if got.status != "ok" || !strings.Contains(got.stdout, "before") || !strings.Contains(got.stdout, "after") {
		t.Errorf("status %q, stdout %q", got.status, got.stdout)
	}
	for _, m := range got.record.iopub {
		if !utf8.Valid(m.Content) {
			t.Errorf("a message is not UTF-8: %.200q", m.Content)
		}
	}
	k.expectAlive(t)
}

// 50 MB from one cell: all of it, or its beginning and a word about the rest.
func TestFiftyMegabytes(t *testing.T) {
	k := start(t)
	k.expectAlive(t)
	got := k.run(t, `for i := range 500_000 { fmt.Printf("%099d\n", i) }`)
	if got.status != "ok" {
		t.Errorf("status %q, errors %q", got.status, got.errors)
	}
	first := strings.Repeat("0", 99) + "\n"
	switch complete := len(got.stdout) == 50_000_000 && strings.HasSuffix(got.stdout, "499999\n"); {
	case !strings.HasPrefix(got.stdout, first):
		t.Errorf("the output begins with %.200q", got.stdout)
	case !complete && !strings.Contains(got.stderr, "cut after"):
		t.Errorf("%d bytes of 50,000,000, and no word about the rest: %q %q", len(got.stdout), got.stdout[max(0, len(got.stdout)-200):], got.stderr)
	}
	t.Logf("%d bytes arrived in %d messages", len(got.stdout), len(got.record.iopub))
	k.expectAlive(t)
	if runtime.GOOS == "linux" {
		u := use(t, k.worker(t))
		t.Logf("the kernel holds %v", u)
		if u.memory > 1<<20 {
			t.Errorf("the kernel holds %v after 50 MB of output", u)
		}
	}
}

// Cells without an end: one that computes, one that waits, one that will not hear the interrupt.
func TestCellsThatNeverEnd(t *testing.T) {
	k := start(t)
	for name, code := range map[string]string{
		"computes": "fmt.Println(\"going\")\nfor i := 0; ; i++ {\n\tif i < 0 {\n\t\tfmt.Println(i)\n\t}\n}",
		"waits":    "fmt.Println(\"going\")\ntime.Sleep(time.Hour)",
		"deaf":     "signal.Ignore(os.Interrupt, syscall.SIGTERM)\nfmt.Println(\"going\")\ntime.Sleep(time.Hour)",
		"shell":    "!trap '' INT TERM; echo going; sleep 1000; sleep 1000",
	} {
		t.Run(name, func(t *testing.T) {
			id := k.send(t, code)
			k.printed(t, id, "going")
			behind := k.send(t, "!echo behind")
			k.interrupt(t)
			if name == "deaf" {
				k.interrupt(t) // a program has a minute to save, unless the button is pressed again
			}
			got := k.result(t, id)
			if got.status != "error" || len(got.errors) != 1 {
				t.Errorf("status %q, errors %q, want one error", got.status, got.errors)
			}
			if got := k.result(t, behind); got.status != "aborted" || got.stdout != "" {
				t.Errorf("the cell behind it: status %q, stdout %q", got.status, got.stdout)
			}
			k.expectAlive(t)
		})
	}
}

// Every way a program can end is one message, and the next cell runs.
func TestHowCellsFail(t *testing.T) {
	k := start(t)
	for _, tc := range []struct{ name, code, want string }{
		{"os.Exit", "fmt.Println(\"printed\")\nos.Exit(3)", "exit status 3"},
		{"panic", "var m map[string]int\nm[\"a\"] = 1", "assignment to entry in nil map"},
		{"goroutine", "go func() { panic(\"in a goroutine\") }()\ntime.Sleep(time.Hour)", "in a goroutine"},
		{"deadlock", "var m sync.Mutex\nm.Lock()\nm.Lock()", "deadlock"},
		{"stack", "var f func(n int) int\nf = func(n int) int { return f(n+1) + 1 }\nfmt.Println(f(0))", "stack overflow"},
		{"killed", "syscall.Kill(os.Getpid(), syscall.SIGKILL)", "killed"},
		{"segment", "syscall.Kill(os.Getpid(), syscall.SIGSEGV)\ntime.Sleep(time.Hour)", "SIGSEGV"},
		{"compile", "x := 1 +", "expected"},
		{"unknown name", "fmt.Println(noSuchName)", "noSuchName"},
		{"log.Fatal", `log.Fatal("the end")`, "the end"},
	} {
		t.Run(tc.name, func(t *testing.T) { k.run(t, tc.code).expectFailure(t, tc.want) })
	}
	if got := k.run(t, "fmt.Println(\"done\")\nos.Exit(0)"); got.status != "ok" || got.stdout != "done\n" {
		t.Errorf("os.Exit(0): status %q, stdout %q, errors %q", got.status, got.stdout, got.errors)
	}
	k.expectAlive(t)
}

// A notebook that is no notebook is named, and left as it was.
func TestFilesThatAreNoNotebook(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "text": "no notebook", "half": `{"cells": [{"cell_type": "code", "sour`,
		"list": "[]", "number": "7", "binary": "\x89PNG\r\n\x1a\n\x00\xff", "cells": `{"cells": 7, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}`} {
		file := filepath.Join(t.TempDir(), name+".ipynb")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"run", "check", "html"} {
			message, err := ganbook(t, "nb", command, file)
			if err == nil || !strings.Contains(message, filepath.Base(file)) || strings.Contains(message, "goroutine ") {
				t.Errorf("nb %s of %q: %v\n%s", command, text, err, message)
			}
			if command == "check" {
				t.Log(strings.TrimSpace(message))
			}
			if now, err := os.ReadFile(file); err != nil || string(now) != text {
				t.Errorf("nb %s changed %q to %q (%v)", command, text, now, err)
			}
		}
		if made, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(made) != 1 {
			t.Errorf("%q left %v", name, made)
		}
	}
}
