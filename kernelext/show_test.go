package kernelext

import (
	"bytes"
	"errors"
	"image"
	"image/color/palette"
	"image/gif"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

// noisy is an opaque picture that PNG cannot compress.
func noisy(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	rand.NewChaCha8([32]byte{}).Read(img.Pix)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return img
}

func TestRenderPictures(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 5, 3), palette.Plan9)
	var asPNG, asGIF bytes.Buffer
	if err := errors.Join(png.Encode(&asPNG, img), gif.Encode(&asGIF, img, nil)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	svg := filepath.Join(dir, "a.svg")
	anim := filepath.Join(dir, "a.gif")
	if err := errors.Join(os.WriteFile(svg, []byte("<svg/>"), 0o644), os.WriteFile(anim, asGIF.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		picture any
		mime    string
		width   int // CSS pixels
		pixels  image.Point
	}{
		"plot":       {plot.New(), "image/png", 640, image.Pt(1280, 800)},
		"image":      {img, "image/png", 0, image.Pt(5, 3)},
		"photograph": {noisy(256, 256), "image/jpeg", 0, image.Pt(256, 256)},
		"PNG bytes":  {asPNG.Bytes(), "image/png", 0, image.Pt(5, 3)},
		"GIF bytes":  {asGIF.Bytes(), "image/gif", 0, image.Pt(5, 3)},
		"GIF file":   {anim, "image/gif", 0, image.Pt(5, 3)},
		"SVG file":   {svg, "image/svg+xml", 0, image.Point{}},
	} {
		mime, content, width, err := render(tc.picture)
		if err != nil || mime != tc.mime || width != tc.width {
			t.Errorf("%s: %s, width %d, %v; want %s, %d", name, mime, width, err, tc.mime, tc.width)
			continue
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(content)); tc.pixels.X > 0 && (err != nil || config.Width != tc.pixels.X || config.Height != tc.pixels.Y) {
			t.Errorf("%s: %d×%d pixels, %v; want %v", name, config.Width, config.Height, err, tc.pixels)
		}
		Show(tc.picture) // outside a notebook: nothing to see, and no failure
	}
}

func TestShowFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(file, []byte("<html>404</html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, show := range map[string]func(){
		"no run of that name":         func() { Show((*plot.Plot)(nil), errors.New("no run of that name")) },
		"there is no plot (nil)":      func() { Show((*plot.Plot)(nil), nil) },
		"a int is no picture":         func() { Show(7) },
		"no PNG, GIF or JPEG file":    func() { Show([]byte("<html>")) },
		"absent.png":                  func() { Show("absent.png") },
		file + ": these 16 bytes are": func() { Show(file) },
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "kernelext: ") {
					t.Errorf("panic %v, want %q", err, want)
				}
			}()
			show()
		}()
	}
}
