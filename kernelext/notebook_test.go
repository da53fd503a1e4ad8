package kernelext_test

import (
	"encoding/base64"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// cells of a notebook that watches a training of its own: what Live and Show leave in the saved notebook.
var cells = []string{
	`import (
	"image"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext"
	"gonum.org/v1/plot"
)`,
	`%%
panel := kernelext.Live("D/loss", "G/loss")
panel.Goal(6400)
for i := range int64(100) {
	panel.Point(runlog.Point{Iteration: i + 1, Images: 64 * (i + 1), Values: runlog.Values{"D/loss": -float64(i), "G/loss": 1}})
	if i%20 == 0 {
		panel.Image("", 64*i, image.NewGray(image.Rect(0, 0, 64, 64)))
	}
	time.Sleep(10 * time.Millisecond)
}
if err := panel.Close(); err != nil {
	panic(err)
}`,
	`%%
kernelext.Show(plot.New(), nil)
kernelext.Show(image.NewGray(image.Rect(0, 0, 2, 2)))
kernelext.Markdown("| a |\n| - |", nil)`,
	`%%
screen := kernelext.NewScreen()
for side := range 4 {
	screen.Show(image.NewGray(image.Rect(0, 0, side+1, 1)))
}`,
}

// saved is an output of a cell in a notebook.
type saved struct {
	Text     any
	Data     map[string]any
	Metadata map[string]any
}

// text is what an output says, whatever its type.
func (s saved) text() string {
	all := lines(s.Text)
	for _, content := range s.Data {
		all += lines(content)
	}
	return all
}

func lines(content any) (text string) {
	list, _ := content.([]any)
	for _, line := range list {
		text += line.(string)
	}
	return text
}

// run executes cells in the real kernel and returns the outputs that are saved with each.
func run(t *testing.T, cells []string) [][]saved {
	t.Helper()
	spec := kerneltest.Spec(t, kerneltest.ModuleRoot(t))
	var list []any
	for _, source := range cells {
		list = append(list, map[string]any{"cell_type": "code", "metadata": map[string]any{}, "source": source})
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": list})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.ipynb")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	report, err := nbrun.Run(t.Context(), file, nbrun.Options{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready %v, cells %v, total %v", report.Ready, report.Cells, report.Total)
	if err := nbrun.Check(file); err != nil {
		t.Error(err)
	}
	if text, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	var nb struct{ Cells []struct{ Outputs []saved } }
	if err := json.Unmarshal(text, &nb); err != nil {
		t.Fatal(err)
	}
	var outputs [][]saved
	for _, c := range nb.Cells {
		outputs = append(outputs, c.Outputs)
	}
	return outputs
}

func TestLiveAndShowInTheRealKernel(t *testing.T) {
	outputs := run(t, cells)
	panel, shown, screen := outputs[1], outputs[2], outputs[3]
	if len(panel) != 1 {
		t.Fatalf("the panel left %d outputs, want one that was updated in place", len(panel))
	}
	html := panel[0].text()
	for _, want := range []string{"data:image/png;base64,", "data:image/svg+xml;base64,", "iteration 100, 6,400 of 6,400 images", ", done in "} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel's last state lacks %q:\n%.2000s", want, html)
		}
	}
	if len(shown) != 3 {
		t.Fatalf("%d outputs, want a plot, an image and a table", len(shown))
	}
	size, _ := shown[0].Metadata["image/png"].(map[string]any)
	if size["width"] != 640.0 {
		t.Errorf("the plot is shown %v wide, want 640", size["width"])
	}
	for i, mime := range []string{"image/png", "image/png", "text/markdown"} {
		if shown[i].Data[mime] == nil {
			t.Errorf("output %d has no %s", i, mime)
		}
	}
	if len(screen) != 1 {
		t.Fatalf("the screen left %d outputs, want one that was updated in place", len(screen))
	}
	content, _ := screen[0].Data["image/png"].(string)
	if img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(content))); err != nil || img.Bounds().Dx() != 4 {
		t.Errorf("the screen's last picture: %v, %v", img, err)
	}
}
