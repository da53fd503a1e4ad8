package plots

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/plots/sheet"
)

func TestNothingToDraw(t *testing.T) {
	for name, err := range map[string]error{
		"no panels":    second(Panels()),
		"empty panel":  second(Panels(Panel{"a", nil})),
		"no frames":    second(Strip(nil)),
		"no animation": second(Progression(nil)),
		"curve":        second(Curve("", "", "", 1, 1)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "plots: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestLossesErrors(t *testing.T) {
	run, remove := trainedRun(10)
	defer remove()
	if _, err := Losses(run, "G/los"); err == nil || !strings.Contains(err.Error(), `"G/loss"`) {
		t.Errorf("an unknown series: %v; want the names there are", err)
	}
	if _, err := Frames(run, "walk", 0); err == nil {
		t.Error("there are no such sheets")
	}
	path := filepath.Join(run.Dir(), "metrics.jsonl")
	b, err := os.ReadFile(path)
	check(err)
	check(os.WriteFile(path, append([]byte("damaged\n"), b...), 0o666))
	again, err := runlog.Open(run.Dir())
	check(err)
	if _, err := Losses(again); err != nil {
		t.Errorf("a damaged line stops the figure: %v", err)
	}
}

// TestSVG: small, well-formed, text as text, nothing executable and nothing loaded.
func TestSVG(t *testing.T) {
	run, remove := trainedRun(10_000)
	defer remove()
	p, err := Losses(run)
	check(err)
	svg, err := SVG(p)
	check(err)
	if len(svg) > 80_000 {
		t.Errorf("%d bytes, at most 80,000", len(svg))
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		check(err)
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "image") {
			t.Errorf("element %s", e.Name.Local)
		}
	}
	for _, want := range []string{LossTitle, ">iterations<", ">Loss<", ">10,000<", "Arial"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("%q is not in it", want)
		}
	}
}

// TestQuantise: colours that are apart come back exactly; a rich picture has an error below the eye's.
func TestQuantise(t *testing.T) {
	few := image.NewRGBA(image.Rect(5, 5, 25, 25))
	rich := image.NewRGBA(image.Rect(0, 0, 200, 200))
	for i := range 200 {
		for j := range 200 {
			few.Set(5+i/10, 5+j/10, color.RGBA{uint8(i / 10 * 12), uint8(j / 100 * 200), 60, 255})
			rich.Set(i, j, color.RGBA{uint8(i), uint8(j), uint8((i + j) / 2), 255})
		}
	}
	q := Quantise(few)
	for y := 5; y < 25; y++ {
		for x := 5; x < 25; x++ {
			if distance(q, x, y, few, x, y) != 0 {
				t.Fatalf("pixel %d, %d: %v, want %v", x, y, q.At(x, y), few.At(x, y))
			}
		}
	}
	q = Quantise(rich)
	sum := 0.0
	for y := range 200 {
		for x := range 200 {
			sum += distance(q, x, y, rich, x, y)
		}
	}
	if mean := sum / 200 / 200; mean > 8 { // a uniform cube of 256 colours has 16 and more
		t.Errorf("mean error %.1f levels", mean)
	}
}

func TestWriteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "figures")
	frame, err := sheet.Draw(faces(2, 1), sheet.Samples)
	check(err)
	animation, err := Progression([]Frame{{frame, 1}, {frame, 2}})
	check(err)
	path := filepath.Join(dir, "progression.gif")
	check(WriteGIF(path, animation))
	check(WriteGIF(path, animation))
	f, err := os.Open(path)
	check(err)
	defer f.Close()
	back, err := gif.DecodeAll(f)
	if err != nil || len(back.Image) != 2 || back.LoopCount != 0 {
		t.Errorf("read back: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	blocked := filepath.Join(path, "x.png") // below a file
	if err := WritePNG(blocked, frame); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("an impossible path: %v", err)
	}
}

func BenchmarkLosses10000(b *testing.B) {
	run, remove := trainedRun(10_000)
	defer remove()
	dir := b.TempDir()
	for b.Loop() {
		fresh, err := runlog.Open(run.Dir())
		check(err)
		p, err := Losses(fresh)
		check(err)
		check(WritePNG(filepath.Join(dir, "losses.png"), Render(p)))
		check(WriteSVG(filepath.Join(dir, "losses.svg"), p))
	}
}

// BenchmarkProgression17 makes the lecture's animation: 17 sheets of 64 pictures of 64 by 64.
func BenchmarkProgression17(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	batch := sheet.Batch{Pixels: make([]float32, 64*64*64*3), N: 64, Height: 64, Width: 64, Channels: 3}
	for i := range batch.Pixels {
		batch.Pixels[i] = float32(math.Sin(float64(i)/50) + 0.1*rng.NormFloat64())
	}
	drawn, err := sheet.Draw(batch, sheet.Samples)
	check(err)
	var frames []Frame
	for k := range int64(17) {
		frames = append(frames, Frame{drawn, k * 64_000})
	}
	path := filepath.Join(b.TempDir(), "progression.gif")
	for b.Loop() {
		animation, err := Progression(frames)
		check(err)
		check(WriteGIF(path, animation))
	}
}
