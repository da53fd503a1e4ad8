package practice

import (
	"bytes"
	"encoding/json"
	"image/gif"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/testdata/golden"
)

// The seven cases are those of the table written down, and each is what it says: layer, scatter, matrix and the drawn
// window agree.
func TestCases(t *testing.T) {
	text, err := golden.Files.ReadFile("conv_arithmetic.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Slide []struct {
			Case       string
			Direct     sizeRow
			Transposed sizeRow
		} `json:"slide_transposed_cases"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	cases := Cases()
	if len(cases) != len(table.Slide) {
		t.Fatalf("%d cases, want %d", len(cases), len(table.Slide))
	}
	for i, want := range table.Slide {
		c := cases[i]
		d, tr := want.Direct, want.Transposed
		if c.Name != want.Case || c.Direct != d.In || c.Kernel != d.K || c.Stride != d.S || c.Pad != d.P || c.In() != d.Out {
			t.Errorf("case %d: %+v, want %q: %+v", i+1, c, want.Case, d)
		}
		if c.In() != tr.In || c.Out() != tr.Out || c.OutputPad != tr.OutputPad {
			t.Errorf("case %d: %d → %d with %d, want %+v", i+1, c.In(), c.Out(), c.OutputPad, tr)
		}
		file, err := c.Animation(i + 1)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(file) > 40_960 {
			t.Errorf("%s: %d bytes, want at most 40 KiB", c.Name, len(file))
		}
		if _, err := gif.DecodeAll(bytes.NewReader(file)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	markdown, err := CasesMarkdown()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(markdown, "| 7 | padding, strides (odd) | 3, 2, 1 | 6 → 3 | 3 → 6, with 1 of output padding | 1, 1, 2 | yes |") {
		t.Error(markdown)
	}
}

// A difference between the layer and a definition would not pass.
func TestCasesAreCompared(t *testing.T) {
	if far := farthest(Matrix{{1, 2}}, Matrix{{1, 2.5}}); far != 0.5 {
		t.Errorf("farthest: %v", far)
	}
	c := Cases()[5]
	input, kernel := c.Example()
	wrong := c
	wrong.Pad = 0 // other sizes
	if far := farthest(c.Scatter(input, kernel), wrong.Scatter(input, kernel)); !(far > 1) {
		t.Errorf("farthest of two cases: %v", far)
	}
	turned := filled(3, 3, func(y, x int) float64 { return kernel[2-y][2-x] })
	if far := farthest(c.Scatter(input, kernel), c.MatrixTranspose(input, turned)); !(far > 1) {
		t.Errorf("a turned kernel makes a difference of %v", far)
	}
}

func TestSizes(t *testing.T) {
	said, err := CheckSizes()
	if err != nil || said != "60 rows of the table agree with the formulas, 56 of them were also run through a layer." {
		t.Errorf("%q, %v", said, err)
	}
	table := SizesMarkdown(3, 2, 1, 5, 3)
	for _, want := range []string{"| 5 | 3 | 9 |", "| 3 | 2 | 5 |"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if !strings.Contains(SizesMarkdown(4, 1, 0, 3), "| 3 | does not fit | 6 |") {
		t.Error("k4 does not fit on 3")
	}
}

// The maxima return to where they stood.
func TestMaxUnpool(t *testing.T) {
	// The maxima of {1 5 0 0; 2 3 0 7; 9 0 4 4; 0 0 4 4}: upper right, lower right, twice upper left.
	if back := MaxUnpool(Matrix{{5, 7}, {9, 4}}, [][]int{{1, 3}, {0, 0}}, 2); farthest(back, Matrix{{0, 5, 0, 0}, {0, 0, 0, 7}, {9, 0, 4, 0}, {0, 0, 0, 0}}) != 0 {
		t.Errorf("back %v", back)
	}
}

func TestUpsamplingByHand(t *testing.T) {
	m := Matrix{{1, 2}, {3, 4}}
	near, err := Nearest(m, 2)
	if err != nil || farthest(near, Matrix{{1, 1, 2, 2}, {1, 1, 2, 2}, {3, 3, 4, 4}, {3, 3, 4, 4}}) != 0 {
		t.Errorf("%v, %v", near, err)
	}
	linear, err := Bilinear(m, 2)
	if err != nil || farthest(linear, Matrix{{1, 1.25, 1.75, 2}, {1.5, 1.75, 2.25, 2.5}, {2.5, 2.75, 3.25, 3.5}, {3, 3.25, 3.75, 4}}) > 1e-6 {
		t.Errorf("%v, %v", linear, err)
	}
	if _, err := Upsampling(m, filled(4, 4, one)); err != nil {
		t.Error(err)
	}
	if _, err := Transposed(m, filled(2, 2, one), 1, 2, 0); err == nil || !strings.HasPrefix(err.Error(), "practice: ") {
		t.Errorf("an impossible window: %v", err)
	}
	if _, err := Nearest(nil, 2); err == nil {
		t.Error("an empty matrix was enlarged")
	}
}
