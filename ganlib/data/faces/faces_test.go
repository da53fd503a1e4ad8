package faces

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

var regen = flag.Bool("regen", false, "rewrite the golden pictures")

func BenchmarkDraw64(b *testing.B) {
	for i := range b.N {
		Draw(1, int64(i), 64)
	}
}

// sheet lays faces 0 … columns·rows-1 side by side.
func sheet(columns, rows, size int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, columns*size, rows*size))
	for k := range columns * rows {
		face := Draw(1, int64(k), size)
		for i := range size * size {
			x, y := k%columns*size+i%size, k/columns*size+i/size
			m.SetNRGBA(x, y, color.NRGBA{face[3*i], face[3*i+1], face[3*i+2], 255})
		}
	}
	return m
}

// The picture may differ by rounding where the compiler fuses multiplications (arm64): a mean of 0.5 grey levels.
func TestSheetGoldenPicture(t *testing.T) {
	const tolerance = 0.5
	path := filepath.Join("testdata", "sheet.png")
	got := sheet(6, 2, 64)
	if *regen {
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("golden picture is %v, drawn %v", want.Bounds(), got.Bounds())
	}
	var sum float64
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			a, b := got.NRGBAAt(x, y), color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
			sum += difference(a.R, b.R) + difference(a.G, b.G) + difference(a.B, b.B)
		}
	}
	if mean := sum / float64(3*got.Rect.Dx()*got.Rect.Dy()); mean > tolerance {
		t.Errorf("faces differ from %s by %.3g grey levels in the mean, allowed %g: if that is meant, raise Version and run with -regen", path, mean, tolerance)
	}
}

func difference(a, b byte) float64 { return math.Abs(float64(a) - float64(b)) }

func meanDifference(a, b []byte) (mean float64) {
	for i := range a {
		mean += difference(a[i], b[i]) / float64(len(a))
	}
	return mean
}

func TestDrawDependsOnItsArgumentsAlone(t *testing.T) {
	first := Draw(7, 3, 32)
	Draw(8, 4, 64)
	if !bytes.Equal(first, Draw(7, 3, 32)) {
		t.Error("the same face was drawn differently the second time")
	}
	for _, other := range [][]byte{Draw(7, 4, 32), Draw(8, 3, 32)} {
		if d := meanDifference(first, other); d < 5 {
			t.Errorf("another face or seed differs by only %.2g grey levels", d)
		}
	}
}

// The same person at 128 pixels, averaged down, is the face at 64 and at 32.
func TestSizesShowTheSamePerson(t *testing.T) {
	for i := range int64(8) {
		large := Draw(1, i, 128)
		for _, size := range []int{64, 32} {
			small, k := Draw(1, i, size), 128/size
			reduced := make([]byte, len(small))
			for j := range reduced {
				x, y, c, sum := j/3%size*k, j/3/size*k, j%3, 0
				for p := range k * k {
					sum += int(large[((y+p/k)*128+x+p%k)*3+c])
				}
				reduced[j] = byte(sum / (k * k))
			}
			if d := meanDifference(small, reduced); d > 6 {
				t.Errorf("face %d at %d differs from the reduced one by %.2g grey levels", i, size, d)
			}
		}
	}
}

// Faces must vary: every traits field that a class can see takes several values in 400 faces.
func TestTraitsVary(t *testing.T) {
	hair, beards, spectacles := map[hairStyle]int{}, map[beardStyle]int{}, map[glassesStyle]int{}
	var left, open int
	for i := range int64(400) {
		p := newTraits(streamOf(5, i))
		hair[p.hair.style]++
		beards[p.beardOf]++
		spectacles[p.glassesOf]++
		if p.yaw < 0 {
			left++
		}
		if p.open > 0 {
			open++
		}
	}
	if len(hair) != 8 || len(beards) != 5 || len(spectacles) != 4 {
		t.Errorf("styles seen: hair %v, beards %v, glasses %v", hair, beards, spectacles)
	}
	if left < 150 || left > 250 || open < 60 || open > 340 {
		t.Errorf("of 400 faces %d look left and %d open the mouth", left, open)
	}
}

func TestDrawRejectsTinySizes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("size 7 was drawn")
		}
	}()
	Draw(1, 0, 7)
}
