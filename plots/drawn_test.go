package plots

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math"
	"strings"
	"testing"
)

// example is a transposed convolution 2 → 5 (k3 s2 p0) with its right output.
func example() Transposed {
	t := Transposed{
		Title: "2 → 5", Input: [][]float64{{1, 2}, {3, 4}}, Kernel: [][]float64{{1, 0, 0}, {0, 2, 0}, {0, 0, 3}},
		Stride: 2, Before: 2, After: 2,
	}
	t.Output = make([][]float64, 5)
	for y := range t.Output {
		t.Output[y] = make([]float64, 5)
	}
	for i, row := range t.Input { // the scatter definition
		for j, v := range row {
			for u := range 3 {
				t.Output[2*i+u][2*j+u] += v * t.Kernel[u][u]
			}
		}
	}
	return t
}

// Played in a browser's way, the animation of differences shows every frame as it was drawn.
func TestAnimationShowsEveryFrame(t *testing.T) {
	tr := example()
	animation, err := tr.Animate()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, animation); err != nil {
		t.Fatal(err)
	}
	if file.Len() > 40_000 {
		t.Errorf("%d bytes, want at most 40 kB", file.Len())
	}
	played, err := gif.DecodeAll(&file)
	if err != nil {
		t.Fatal(err)
	}
	screen := image.NewRGBA(image.Rect(0, 0, played.Config.Width, played.Config.Height))
	place, total := -2, 0
	for i, part := range played.Image {
		draw.Draw(screen, part.Rect, part, part.Rect.Min, draw.Over)
		total += played.Delay[i]
		if played.Delay[i] == partTime {
			continue // the rest of the frame follows
		}
		want := mapped(tr.frame(place), flatColours)
		for y := range screen.Rect.Dy() {
			for x := range screen.Rect.Dx() {
				if got := screen.RGBAAt(x, y); got != color.RGBAModel.Convert(want.At(x, y)) {
					t.Fatalf("frame %d, pixel (%d, %d): %v, want %v", place, x, y, got, want.At(x, y))
				}
			}
		}
		place++
	}
	if place != 25 {
		t.Errorf("%d outputs were shown, want 25", place)
	}
	if want := 2*stuffedTime + 24*windowTime + lastTime; total != want {
		t.Errorf("it takes %d hundredths of a second, want %d", total, want)
	}
}

func TestTransposedRefusesWhatTheWindowDoesNotShow(t *testing.T) {
	for name, spoil := range map[string]func(*Transposed){
		"adds up to":    func(tr *Transposed) { tr.Output[3][1]++ },
		"NaN":           func(tr *Transposed) { tr.Output[0][0] = math.NaN() },
		"places":        func(tr *Transposed) { tr.After = 1 },
		"square kernel": func(tr *Transposed) { tr.Kernel = tr.Kernel[:2] },
		"no number":     func(tr *Transposed) { tr.Input = nil },
		"row 1 has":     func(tr *Transposed) { tr.Kernel[1] = tr.Kernel[1][:1] },
	} {
		tr := example()
		spoil(&tr)
		if _, err := tr.Animate(); err == nil || !strings.HasPrefix(err.Error(), "plots: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestChangedOfEqualFramesIsOneClearPixel(t *testing.T) {
	frame := image.NewPaletted(image.Rect(0, 0, 4, 3), color.Palette{color.White, color.RGBA{}})
	parts := changed(frame, frame, 1, []image.Rectangle{frame.Rect})
	if len(parts) != 1 || parts[0].Rect != image.Rect(0, 0, 1, 1) || parts[0].Pix[0] != 1 {
		t.Errorf("%+v", parts)
	}
}

// A matrix is drawn with equal colours for equal numbers and other signs in another hue.
func TestMatrices(t *testing.T) {
	img, err := Matrices(0, Matrix{Caption: "a", Values: [][]float64{{2, -2, 0}}}, Matrix{Caption: "b", Values: [][]float64{{1}, {2}}})
	if err != nil {
		t.Fatal(err)
	}
	at := func(column, row int) color.RGBA { // the corner of a cell, clear of its digits
		return color.RGBAModel.Convert(img.At(28+column*matrixCell+4, 30+row*matrixCell+4)).(color.RGBA)
	}
	plus, minus, zero, two := at(0, 0), at(1, 0), at(2, 0), color.RGBAModel.Convert(img.At(28+3*matrixCell+28+4, 30+matrixCell+4)).(color.RGBA)
	if plus != two {
		t.Errorf("2 is %v and %v", plus, two)
	}
	if plus.B <= plus.R || minus.R <= minus.B || zero != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("colours of 2, −2, 0: %v %v %v", plus, minus, zero)
	}
	for name, err := range map[string]error{
		"none":   second(Matrices(2)),
		"empty":  second(Matrices(2, Matrix{Caption: "x"})),
		"uneven": second(Matrices(2, Matrix{Values: [][]float64{{1, 2}, {3}}})),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "plots: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestShortest(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -1.25: "−1.25", 0.0625: "0.0625", 1234.5678: "1.23e+03", 100: "100"} {
		if got := shortest(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

func TestDiagram(t *testing.T) {
	d := Diagram{
		Width: 200, Height: 60,
		Boxes:  []Box{{X: 10, Y: 10, Width: 40, Height: 40, Text: "G"}, {X: 150, Y: 10, Width: 40, Height: 40, Text: "D", Color: Palette[0]}},
		Arrows: []Arrow{{From: 0, To: 1, Label: "x", Cut: true}},
	}
	img, err := d.Draw()
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(70, 30).RGBA(); r+g+b == 3*0xFFFF {
		t.Error("there is no arrow between the boxes")
	}
	if size := img.Rect.Size(); size != image.Pt(200, 60) {
		t.Errorf("size %v", size)
	}
	d.Arrows = []Arrow{{From: 0, To: 2}}
	if _, err := d.Draw(); err == nil || !strings.Contains(err.Error(), "box 2") {
		t.Errorf("an arrow to nowhere: %v", err)
	}
	d.Arrows = []Arrow{{Points: [][2]float64{{1, 1}}}}
	if _, err := d.Draw(); err == nil || !strings.Contains(err.Error(), "needs two") {
		t.Errorf("an arrow of one point: %v", err)
	}
	if _, err := (Diagram{}).Draw(); err == nil {
		t.Error("a diagram without size was drawn")
	}
}

// Compact keeps drawings sharp and turns photographs into JPEG.
func TestCompact(t *testing.T) {
	p, err := GeneratorObjectives()
	line, err := Compact(p, err)
	if err != nil || !bytes.HasPrefix(line, []byte("\x89PNG")) || len(line) > 60_000 {
		t.Errorf("a line figure: %d bytes, %v", len(line), err)
	}
	few, err := Compact(image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.White}), nil)
	if err != nil || !bytes.HasPrefix(few, []byte("\x89PNG")) {
		t.Errorf("a drawing: %v", err)
	}
	photo, err := Compact(image.NewRGBA(image.Rect(0, 0, 2, 2)), nil)
	if err != nil || !bytes.HasPrefix(photo, []byte("\xff\xd8")) {
		t.Errorf("a photograph: %v", err)
	}
	cause := errors.New("cause")
	if _, err := Compact(nil, cause); err != cause {
		t.Errorf("error %v, want the one given", err)
	}
	if _, err := Compact(7, nil); err == nil {
		t.Error("7 is no picture")
	}
}
