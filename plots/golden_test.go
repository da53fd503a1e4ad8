package plots

import (
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/ganbook/ganbook/plots/sheet"
)

var regen = flag.Bool("regen", false, "write the golden pictures instead of comparing with them")

// Golden pictures may differ by a rounding here and there, as other processors do: on the whole by less than one
// grey level, and at most one pixel in a hundred by more than 32.
const (
	meanTolerance  = 1.0
	pixelTolerance = 32
	outliers       = 0.01
)

// golden compares a picture with testdata/name and says how it went.
func golden(name string, img image.Image, err error) {
	path := filepath.Join("testdata", name)
	if err == nil && *regen {
		err = WritePNG(path, img)
	}
	if err == nil {
		err = comparePNG(path, img)
	}
	if err != nil {
		fmt.Printf("%s: %v\n", name, err)
		return
	}
	fmt.Printf("%s: as expected\n", name)
}

func comparePNG(path string, got image.Image) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		return err
	}
	if got.Bounds().Size() != want.Bounds().Size() {
		return fmt.Errorf("size %v, want %v", got.Bounds().Size(), want.Bounds().Size())
	}
	sum, far, pixels := 0.0, 0, 0
	g, w := got.Bounds().Min, want.Bounds().Min
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			d := distance(got, g.X+x, g.Y+y, want, w.X+x, w.Y+y)
			sum += d
			pixels++
			if d > pixelTolerance {
				far++
			}
		}
	}
	if mean := sum / float64(pixels); mean > meanTolerance || float64(far) > outliers*float64(pixels) {
		return fmt.Errorf("differs by %.2f levels on average, by more than %d in %d of %d pixels", mean, pixelTolerance, far, pixels)
	}
	return nil
}

// distance is the largest difference of a channel, in levels of 8 bits.
func distance(a image.Image, ax, ay int, b image.Image, bx, by int) float64 {
	r1, g1, b1, _ := a.At(ax, ay).RGBA()
	r2, g2, b2, _ := b.At(bx, by).RGBA()
	abs := func(p, q uint32) float64 { return math.Abs(float64(p)-float64(q)) / 257 }
	return max(abs(r1, r2), abs(g1, g2), abs(b1, b2))
}

func TestComparisonFindsDifferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	batch := faces(4, 1)
	drawn, err := sheet.Draw(batch, sheet.Samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := WritePNG(path, drawn); err != nil {
		t.Fatal(err)
	}
	if err := comparePNG(path, drawn); err != nil {
		t.Errorf("the same picture: %v", err)
	}
	batch.Pixels[0] = -3 // moves the minimum of the whole sheet
	other, err := sheet.Draw(batch, sheet.Samples)
	if err != nil || comparePNG(path, other) == nil {
		t.Errorf("a darker sheet passed: %v", err)
	}
}
