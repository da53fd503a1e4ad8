package plots

import (
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
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
	sheet, err := Sheet(batch, SheetLayout)
	if err != nil {
		t.Fatal(err)
	}
	if err := WritePNG(path, sheet); err != nil {
		t.Fatal(err)
	}
	if err := comparePNG(path, sheet); err != nil {
		t.Errorf("the same picture: %v", err)
	}
	batch.Pixels[0] = -3 // moves the minimum of the whole sheet
	other, err := Sheet(batch, SheetLayout)
	if err != nil || comparePNG(path, other) == nil {
		t.Errorf("a darker sheet passed: %v", err)
	}
}

// number is a number array of the golden files: exact inputs are q·scale, expected values are v.
type number struct {
	Shape []int
	Scale float64
	Q, V  []float64
}

func (n number) values() []float32 {
	var out []float32
	for _, v := range n.V {
		out = append(out, float32(v))
	}
	for _, q := range n.Q {
		out = append(out, float32(q*n.Scale))
	}
	return out
}

// goldenFile finds a file of the golden folder: GANBOOK_GOLDEN, else shared/golden beside the repository, else the copy in it.
func goldenFile(t *testing.T, name string) []byte {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(root, "go.mod")); e == nil {
			break
		}
		root = filepath.Dir(root)
	}
	folders := []string{os.Getenv("GANBOOK_GOLDEN")}
	if folders[0] == "" {
		folders = []string{filepath.Join(root, "..", "shared", "golden"), filepath.Join(root, "testdata", "golden")}
	}
	for _, folder := range folders {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			return b
		}
		if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	t.Skipf("no %s in %v: set GANBOOK_GOLDEN to the folder of golden values", name, folders)
	return nil
}

// TestGoldenContactSheets compares the layout of sheets, values and gaps, with every case of images.json.
func TestGoldenContactSheets(t *testing.T) {
	var file struct {
		Contact struct {
			Batch  number
			Sheets []struct {
				PerRow    int `json:"nrow"`
				Padding   int
				Normalize bool
				Grid      number `json:"grid_chw"`
			}
		} `json:"contact_sheets"`
	}
	if err := json.Unmarshal(goldenFile(t, "images.json"), &file); err != nil {
		t.Fatal(err)
	}
	batch := channelsLast(file.Contact.Batch)
	if len(file.Contact.Sheets) == 0 {
		t.Fatal("images.json has no contact sheets")
	}
	for i, s := range file.Contact.Sheets {
		t.Run(fmt.Sprintf("%d_per_row_%d_padding_%d_normalize_%v", i, s.PerRow, s.Padding, s.Normalize), func(t *testing.T) {
			got, err := Grid(batch, Layout{s.PerRow, s.Padding, s.Normalize})
			if err != nil {
				t.Fatal(err)
			}
			want := channelsLast(number{Shape: append([]int{1}, s.Grid.Shape...), Scale: s.Grid.Scale, Q: s.Grid.Q, V: s.Grid.V})
			if got.Height != want.Height || got.Width != want.Width || got.Channels != want.Channels {
				t.Fatalf("shape %d×%d×%d, want %d×%d×%d", got.Height, got.Width, got.Channels, want.Height, want.Width, want.Channels)
			}
			low, high := extremes(want.Pixels)
			tolerance := 2e-5 * max(1, -low, high)
			for k, w := range want.Pixels {
				if d := got.Pixels[k] - w; !(d <= tolerance && d >= -tolerance) {
					t.Fatalf("value %d: %v, want %v", k, got.Pixels[k], w)
				}
			}
		})
	}
}

// channelsLast turns [N, C, H, W] into a Batch.
func channelsLast(n number) Batch {
	v, b := n.values(), Batch{N: n.Shape[0], Channels: n.Shape[1], Height: n.Shape[2], Width: n.Shape[3]}
	for i := range b.N {
		for y := range b.Height {
			for x := range b.Width {
				for c := range b.Channels {
					b.Pixels = append(b.Pixels, v[((i*b.Channels+c)*b.Height+y)*b.Width+x])
				}
			}
		}
	}
	return b
}
