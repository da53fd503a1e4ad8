package nbrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// writeNotebook makes a notebook with a title and the given code cells.
func writeNotebook(t *testing.T, folder string, sources ...string) string {
	t.Helper()
	cells := []any{map[string]any{"cell_type": "markdown", "metadata": map[string]any{}, "source": "# A test"}}
	for _, s := range sources {
		cells = append(cells, map[string]any{"cell_type": "code", "metadata": map[string]any{}, "source": s, "outputs": []any{}, "execution_count": nil})
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": cells})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "test.ipynb")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A whole notebook through the real kernel: package of the checkout, state between cells, environment, a
// display updated by a later message, carriage returns, output that follows a silence.
func TestRunRealKernel(t *testing.T) {
	root := kerneltest.Checkout(t)
	spec := kerneltest.Spec(t, root)
	folder := t.TempDir()
	file := writeNotebook(t, folder,
		"func twice(x int) int { return 2 * x }",
		"%%\nfmt.Println(ganlib.Hello(), twice(21), os.Getenv(\"GANBOOK_SCALE\"))",
		"%%\nfor i := range 5 {\n\tfmt.Printf(\"\\rstep %d\", i)\n\ttime.Sleep(20 * time.Millisecond)\n}\nfmt.Println()",
		"%%\nid := \"p\" + gonbui.UniqueId()\ngonbui.UpdateHtml(id, \"<b>first</b>\")\ngonbui.UpdateHtml(id, \"<b>last</b>\")\ngonbui.Sync()",
		"!pwd; sleep 0.2; echo to stderr >&2",
		"")
	var log strings.Builder
	report, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec, Env: []string{"GANBOOK_SCALE=smoke"}, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready %v, cells %v, total %v", report.Ready, report.Cells, report.Total)
	text := read(t, file)
	for _, want := range []string{`"hello from the checkout 42 smoke\n"`, `"step 4\n"`, `"<b>last</b>"`, folder, `"to stderr\n"`,
		`"display_name": "Go (ganbook)"`, `"nbformat_minor": 5`, `"execution_count": 5`} {
		if !strings.Contains(text, want) {
			t.Errorf("the notebook lacks %s", want)
		}
	}
	for _, bad := range []string{"step 3", `<b>first</b>"`, `"output_type": "error"`} {
		if strings.Contains(text, bad) {
			t.Errorf("the notebook contains %s", bad)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	if err := nbrun.Check(file); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "kernel ready in") || strings.Count(log.String(), "cell ") != 5 {
		t.Errorf("log:\n%s", &log)
	}
	if len(report.Cells) != 5 {
		t.Errorf("%d cells reported, want 5", len(report.Cells))
	}
	// A second run writes the same file.
	if _, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec, Env: []string{"GANBOOK_SCALE=smoke"}}); err != nil {
		t.Fatal(err)
	}
	if again := read(t, file); again != text {
		t.Errorf("a second run changed the file:\n%s\nbefore:\n%s", again, text)
	}
}

func TestRunFailures(t *testing.T) {
	root := kerneltest.Checkout(t)
	spec := kerneltest.Spec(t, root)
	for _, tc := range []struct {
		name, source string
		want         []string
	}{
		{"compile error", "%%\nfmt.Println(undefinedName)", []string{"undefinedName", "cell 3"}},
		{"panic", "%%\npanic(\"boom\")", []string{"boom", "cell 3", "| panic("}},
		{"exit", "%%\nfmt.Fprintln(os.Stderr, \"the reason\")\nos.Exit(3)", []string{"exit status 3", "the reason"}},
		{"shell command", "!exit 3", []string{"exit status 3", "cell 3"}},
		{"unknown magic", "%nosuchmagic", []string{"nosuchmagic", "unknown or not implemented"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := t.TempDir()
			file := writeNotebook(t, folder, "!echo before", tc.source, "!touch ran")
			before := read(t, file)
			_, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec})
			var cell *nbrun.CellError
			if !errors.As(err, &cell) || cell.Cell != 3 {
				t.Fatalf("error %v, want one of cell 3", err)
			}
			for _, w := range append(tc.want, file) {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error lacks %q:\n%v", w, err)
				}
			}
			if read(t, file) != before {
				t.Error("the file was changed by a failed run")
			}
			if _, err := os.Stat(filepath.Join(folder, "ran")); err == nil {
				t.Error("the cell after the failed one was run")
			}
			kept := filepath.Join(folder, "kept.ipynb")
			if _, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec, KeepFailed: true, Output: kept}); err == nil {
				t.Error("no failure when outputs are kept")
			}
			if text := read(t, kept); !strings.Contains(text, `"before\n"`) {
				t.Errorf("kept outputs:\n%s", text)
			}
		})
	}
}

// untilFile is a context that ends when there is something in a file.
func untilFile(t *testing.T, file string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
				cancel()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return ctx
}

// A cell over its time, or whose notebook is given up, is interrupted; one that ignores the interrupt is killed, and
// nothing it started remains.
func TestRunTimeouts(t *testing.T) {
	root := kerneltest.Checkout(t)
	spec := kerneltest.Spec(t, root)
	t.Run("over its time", func(t *testing.T) {
		file := writeNotebook(t, t.TempDir(), "!sleep 600")
		_, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec, CellTimeout: time.Second})
		if !errors.Is(err, nbrun.ErrTimeout) || !strings.Contains(err.Error(), "longer than 1s") {
			t.Errorf("error %v, want a timeout", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		folder := t.TempDir()
		file := writeNotebook(t, folder, `%%
stop := make(chan os.Signal, 1)
signal.Notify(stop, os.Interrupt)
os.WriteFile("ready", []byte("yes"), 0o644)
<-stop
os.WriteFile("saved", nil, 0o644)`)
		_, err := nbrun.Run(untilFile(t, filepath.Join(folder, "ready")), file, nbrun.Options{Spec: spec})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
		if _, err := os.Stat(filepath.Join(folder, "saved")); err != nil {
			t.Error("the cell could not save at the interrupt")
		}
	})
	t.Run("killed", func(t *testing.T) {
		folder := t.TempDir()
		file := writeNotebook(t, folder, `!trap "" INT TERM; echo $$ > pid; while true; do sleep 0.1; done`)
		_, err := nbrun.Run(untilFile(t, filepath.Join(folder, "pid")), file, nbrun.Options{Spec: spec})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
		if pid := strings.TrimSpace(read(t, filepath.Join(folder, "pid"))); exec.Command("kill", "-0", pid).Run() == nil {
			t.Errorf("a program of the cell, %s, is still running", pid)
		}
	})
}

func TestRunBadKernel(t *testing.T) {
	file := writeNotebook(t, t.TempDir(), "!echo x")
	for _, tc := range []struct {
		name string
		argv []string
		want string
	}{
		{"absent", []string{"/no/such/gonb"}, "./ganbook setup"},
		{"ends at once", []string{"sh", "-c", "echo the reason >&2; exit 4"}, "the reason"},
	} {
		_, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: kernelspec.Spec{Argv: tc.argv}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	if _, err := nbrun.Run(t.Context(), file+".absent", nbrun.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent notebook: %v", err)
	}
}
