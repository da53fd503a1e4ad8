package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"math"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// goldenImages is what images.json says about preparing one picture; contact sheets are tested with the plots.
type goldenImages struct {
	Image struct {
		Shape []int
		Q     []float64
		Scale float64
	} `json:"image_hwc"`
	Prepared []struct {
		Size       int
		ResizedWH  [2]int `json:"resized_wh"`
		ResizedHWC []int  `json:"resized_hwc"`
		Origin     [2]int `json:"crop_top_left"`
		Crop       []int  `json:"crop_hwc"`
		Normalised struct {
			Shape []int
			V     []float64
		} `json:"normalised_chw"`
	}
	CelebA *struct {
		Source [2]int `json:"source_wh"`
		Resize [2]int `json:"resize_64"`
		Origin [2]int `json:"crop_top_left"`
	} `json:"celeba"`
}

// The resize may differ by one grey level, the normalisation by one rounding of a float32.
func TestGoldenImages(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(sharedDir(t, "GANBOOK_GOLDEN", "golden"), "images.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden goldenImages
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	in := picture{h: golden.Image.Shape[0], w: golden.Image.Shape[1], c: golden.Image.Shape[2]}
	for _, q := range golden.Image.Q {
		in.pix = append(in.pix, byte(q*golden.Image.Scale))
	}
	if len(golden.Prepared) == 0 {
		t.Fatal("images.json has no prepared pictures")
	}
	for _, want := range golden.Prepared {
		t.Run(fmt.Sprintf("size %d", want.Size), func(t *testing.T) {
			resized := in.resize(want.ResizedWH[1], want.ResizedWH[0])
			closeBytes(t, "resized", resized.pix, want.ResizedHWC)
			crop := in.fit(want.Size)
			closeBytes(t, "crop", crop.pix, want.Crop)
			top, left := want.Origin[0], want.Origin[1]
			if whole := resized.pix[(top*resized.w+left)*in.c:]; !bytes.Equal(crop.pix[:want.Size*in.c], whole[:want.Size*in.c]) {
				t.Errorf("crop does not start at row %d, column %d", top, left)
			}
			checkNormalised(t, want.Crop, want.Size, in.c, want.Normalised.V)
		})
	}
	if c := golden.CelebA; c != nil {
		t.Run("celeba", func(t *testing.T) {
			p := picture{h: c.Source[1], w: c.Source[0], c: 1, pix: make([]byte, c.Source[0]*c.Source[1])}
			for i := range p.pix {
				p.pix[i] = byte(i / p.w) // every pixel is its row
			}
			whole, got := p.resize(c.Resize[1], c.Resize[0]), p.fit(c.Resize[0])
			if !bytes.Equal(got.pix, whole.pix[c.Origin[0]*c.Resize[0]:][:len(got.pix)]) {
				t.Errorf("%v is not resized to %v and cut at %v", c.Source, c.Resize, c.Origin)
			}
		})
	}
}

func closeBytes(t *testing.T, what string, got []byte, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d bytes, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Abs(float64(int(got[i])-want[i])) > 1 {
			t.Fatalf("%s differs at %d: %d, want %d", what, i, got[i], want[i])
		}
	}
}

// checkNormalised compares Fill on the golden crop with the golden CHW values.
func checkNormalised(t *testing.T, crop []int, size, channels int, want []float64) {
	t.Helper()
	pixels := make([]byte, len(crop))
	for i, v := range crop {
		pixels[i] = byte(v)
	}
	s, err := New("golden", pixels, size, size, channels, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(pixels))
	s.Fill(got, []int{0})
	for i, v := range got {
		pixel, c := i/channels, i%channels
		if w := want[c*size*size+pixel]; math.Abs(float64(v)-w) > 1.5e-7 {
			t.Fatalf("normalised pixel %d channel %d: %g, want %g", pixel, c, v, w)
		}
	}
}

func TestResizeKeepsConstantsAndPreparedPictures(t *testing.T) {
	for _, size := range [][2]int{{5, 9}, {64, 64}, {178, 218}, {3, 100}, {1, 1}} {
		p := picture{w: size[0], h: size[1], c: 3, pix: bytes.Repeat([]byte{10, 200, 255}, size[0]*size[1])}
		if q := p.fit(64); q.h != 64 || q.w != 64 || !bytes.Equal(q.pix, bytes.Repeat([]byte{10, 200, 255}, 64*64)) {
			t.Errorf("a plain picture of %v changed", size)
		}
	}
	p := pictureOf(pattern(32, 32, 0))
	if q := p.fit(32); !bytes.Equal(p.pix, q.pix) {
		t.Error("a picture of the wanted size was changed")
	}
}

func TestDecodeFormatsAndDepths(t *testing.T) {
	rgb := pattern(12, 10, 5)
	encoded := map[string]func(*bytes.Buffer) error{
		"png":  func(b *bytes.Buffer) error { _, err := b.Write(pngBytes(t, rgb)); return err },
		"bmp":  func(b *bytes.Buffer) error { return bmp.Encode(b, rgb) },
		"tiff": func(b *bytes.Buffer) error { return tiff.Encode(b, rgb, nil) },
		"16-bit png": func(b *bytes.Buffer) error {
			m := image.NewNRGBA64(rgb.Rect)
			draw.Draw(m, m.Rect, rgb, image.Point{}, draw.Src)
			_, err := b.Write(pngBytes(t, m))
			return err
		},
	}
	want := pictureOf(rgb)
	for name, encode := range encoded {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		got, err := decode(bytes.NewReader(b.Bytes()))
		if err != nil || got.w != 12 || got.h != 10 || !bytes.Equal(got.pix, want.pix) {
			t.Errorf("%s: decoded %d×%d×%d, error %v, or other pixels", name, got.w, got.h, got.c, err)
		}
	}
	jpg, err := decode(bytes.NewReader(jpegBytes(t, rgb)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range jpg.pix {
		if d := int(jpg.pix[i]) - int(want.pix[i]); d < -16 || d > 16 { // chroma is stored at half the size
			t.Fatalf("jpeg pixel %d is %d, want about %d", i, jpg.pix[i], want.pix[i])
		}
	}
}

func TestDecodeGreyPaletteAndAlpha(t *testing.T) {
	grey16 := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey16.SetGray16(1, 0, color.Gray16{0xABCD})
	p, err := decode(bytes.NewReader(pngBytes(t, grey16)))
	if err != nil || p.c != 1 || !bytes.Equal(p.pix, []byte{0, 0xAB}) {
		t.Errorf("16-bit grey: %+v, %v", p, err)
	}
	if rgb := p.withChannels(3); !bytes.Equal(rgb.pix, []byte{0, 0, 0, 0xAB, 0xAB, 0xAB}) {
		t.Errorf("grey as RGB: %v", rgb.pix)
	}
	var b bytes.Buffer
	indexed := image.NewPaletted(image.Rect(0, 0, 1, 1), palette.Plan9)
	indexed.Set(0, 0, color.RGBA{255, 0, 0, 255})
	if err := gif.Encode(&b, indexed, nil); err != nil {
		t.Fatal(err)
	}
	if p, err := decode(bytes.NewReader(b.Bytes())); err != nil || !bytes.Equal(p.pix, []byte{255, 0, 0}) {
		t.Errorf("gif: %v, %v", p.pix, err)
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	glass.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 128})
	if p, err := decode(bytes.NewReader(pngBytes(t, glass))); err != nil || !bytes.Equal(p.pix, []byte{200, 100, 50}) {
		t.Errorf("alpha is not just dropped: %v, %v", p.pix, err)
	}
	cmyk := image.NewCMYK(image.Rect(0, 0, 1, 1))
	cmyk.SetCMYK(0, 0, color.CMYK{0, 255, 255, 0})
	if p := pictureOf(cmyk); !bytes.Equal(p.pix, []byte{255, 0, 0}) {
		t.Errorf("CMYK red: %v", p.pix)
	}
	// Pillow: Image.new("RGB", (1, 1), (200, 100, 50)).convert("L") is 124.
	if l := (picture{h: 1, w: 1, c: 3, pix: []byte{200, 100, 50}}).withChannels(1); l.pix[0] != 124 {
		t.Errorf("luma %d, want 124", l.pix[0])
	}
}
