package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataListNamesSetsAndPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GANBOOK_DATA", dir)
	if err := os.MkdirAll(filepath.Join(dir, "celeba"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "celeba", "img_align_celeba.zip"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := mustCall(t, "data", "list")
	for _, w := range []string{"faces", "built in", "mnist", "11.6 MB", "1.4 GB", filepath.Join(dir, "celeba"), "--data PATH"} {
		if !strings.Contains(out, w) {
			t.Errorf("data list lacks %q:\n%s", w, out)
		}
	}
}

// Pictures of a folder are prepared once; a run takes them from there.
func TestDataPrepareAndRunOnAFolder(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	dir := t.TempDir()
	for i := range 20 {
		img := image.NewGray(image.Rect(0, 0, 70, 80))
		for j := range img.Pix {
			img.Pix[j] = color.Gray{Y: uint8(i*12 + j%7)}.Y
		}
		file, err := os.Create(filepath.Join(dir, string(rune('a'+i))+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(file, img); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	if out := mustCall(t, "data", "prepare", dir, "--size=32"); !strings.Contains(out, "20 images of 32×32×3") {
		t.Errorf("prepare: %s", out)
	}
	out := mustCall(t, "run", "dcgan", "--scale=smoke", "--image-size=32", "--epochs=2", "--data", dir, "--out", t.TempDir())
	if !strings.Contains(out, "20 images of 32×32; 6 iterations of up to 8 images") || !strings.Contains(out, "done: 40 images") {
		t.Errorf("run:\n%s", out)
	}
	// A scale is bound by images, whatever the size of the set, unless epochs are asked for.
	out = mustCall(t, "run", "dcgan", "--scale=smoke", "--image-size=32", "--data", dir, "--out", t.TempDir())
	if !strings.Contains(out, "24 iterations") || !strings.Contains(out, "done: 160 images") {
		t.Errorf("run:\n%s", out)
	}
}
