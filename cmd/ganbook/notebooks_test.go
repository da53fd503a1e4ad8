package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// Every notebook is saved whole, and runs at Smoke scale with the real kernel, in an empty folder.
func TestNotebooks(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if err := nbrun.Check(file); err != nil {
				t.Error(err)
			}
			spec := kerneltest.Spec(t, kerneltest.ModuleRoot(t))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), filepath.Base(file))
			if err := os.WriteFile(copied, text, 0o644); err != nil {
				t.Fatal(err)
			}
			report, err := nbrun.Run(t.Context(), copied, nbrun.Options{Spec: spec, Env: []string{"GANBOOK_SCALE=smoke"}, Log: t.Output()})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("kernel ready in %v, all in %v", report.Ready, report.Total)
			if err := nbrun.Check(copied); err != nil {
				t.Error(err)
			}
		})
	}
}
