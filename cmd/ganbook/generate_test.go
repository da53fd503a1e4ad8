package main

import (
	"bytes"
	"image"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

func TestGenerate(t *testing.T) {
	root, dir := smoke(t, "--images=24")
	out := t.TempDir()
	draw := func(args ...string) []string {
		text := mustCall(t, append([]string{"generate", "1", "--runs", root, "--out", out}, args...)...)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if lines[0] != "from the snapshot at 24 images shown" {
			t.Errorf("first line %q", lines[0])
		}
		return lines[1:]
	}
	grid := draw("--count=9")
	if b := decode(t, grid[0]).Bounds(); b.Dx() != 8*66+2 || b.Dy() != 2*66+2 {
		t.Errorf("a grid of 9 pictures of 64×64 is %v", b)
	}
	single := draw("--kind=images", "--count=3", "--mode=inference")
	if b := decode(t, single[2]).Bounds(); len(single) != 3 || b.Dx() != 64 || b.Dy() != 64 {
		t.Errorf("%v of %v", single, b)
	}
	for _, way := range []string{"linear", "spherical"} {
		walk := draw("--kind=walk", "--walk", way, "--frames=5")
		if b := decode(t, walk[0]).Bounds(); b.Dx() != 2*(5*66+2) || b.Dy() != 2*68 {
			t.Errorf("%s: a strip of 5 pictures of 64×64, doubled, is %v", way, b)
		}
		file, err := os.Open(walk[1])
		if err != nil {
			t.Fatal(err)
		}
		animation, err := gif.DecodeAll(file)
		if err != nil || len(animation.Image) != 8 || animation.LoopCount != 0 { // five there, three back
			t.Errorf("%s: animation of %d pictures, loop count %d: %v", way, len(animation.Image), animation.LoopCount, err)
		}
		file.Close()
	}
	if files := mustCall(t, "generate", dir); !strings.Contains(files, filepath.Join(dir, "generated", "grid-1.png")) {
		t.Errorf("without --out: %s", files)
	}
}

// A seed fixes the pictures; in inference mode a picture does not depend on how many are drawn.
func TestGenerateIsRepeatable(t *testing.T) {
	_, dir := smoke(t, "--images=24")
	read := func(file string, args ...string) []byte {
		out := t.TempDir()
		mustCall(t, append([]string{"generate", dir, "--out", out}, args...)...)
		b, err := os.ReadFile(filepath.Join(out, file))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := read("grid-1.png", "--count=4")
	if !bytes.Equal(first, read("grid-1.png", "--count=4")) {
		t.Error("the same seed draws other pictures")
	}
	if bytes.Equal(first, read("grid-2.png", "--count=4", "--seed=2")) {
		t.Error("another seed draws the same pictures")
	}
	if !bytes.Equal(read("image-1-0001.png", "--kind=images", "--count=2", "--mode=inference"),
		read("image-1-0001.png", "--kind=images", "--count=7", "--mode=inference")) {
		t.Error("in inference mode a picture depends on its neighbours")
	}
}

// A DCGAN's snapshots are scored by −|D(x) − D(G(z))|, and --best finds the best of them.
func TestGenerateFromTheBestSnapshot(t *testing.T) {
	root, dir := smoke(t, "--images=16")
	best := mustCall(t, "generate", "1", "--runs", root, "--best", "--count=4")
	if !strings.Contains(best, "from the snapshot at 16 images shown") {
		t.Errorf("%s", best)
	}
	run, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := run.Snapshot(16)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	want := 0.0
	for _, p := range points(t, dir) {
		want -= math.Abs(p.Values[dcgan.RealScore] - p.Values[dcgan.FakeBefore])
	}
	if want /= 2; snap.Score != want {
		t.Errorf("score %v, want −|D(x) − D(G(z))| = %v", snap.Score, want)
	}
}

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return img
}
