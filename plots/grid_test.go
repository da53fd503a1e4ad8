package plots

import (
	"image"
	"strings"
	"testing"
)

func TestGrid(t *testing.T) {
	one := image.NewRGBA(image.Rect(0, 0, 28, 28))
	cells := func(n int, c GridCell) (list []GridCell) {
		for range n {
			list = append(list, c)
		}
		return list
	}
	size := func(rows ...GridRow) image.Point {
		t.Helper()
		img, err := Grid(rows...)
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Size()
	}
	bare := size(GridRow{"", cells(3, GridCell{Image: one})})
	if want := image.Pt(gridGap+3*(gridSide+gridGap), gridSide+gridGap); bare != want {
		t.Errorf("a row without words: %v, want %v", bare, want)
	}
	if s, l := size(GridRow{"query", cells(3, GridCell{Image: one})}), size(GridRow{"a longer name", cells(3, GridCell{Image: one})}); s.X <= bare.X || l.X <= s.X {
		t.Errorf("with a name it is %d wide, with a longer one %d, without %d", s.X, l.X, bare.X)
	}
	if s := size(GridRow{"", cells(3, GridCell{"a", one, "b"})}, GridRow{"", cells(3, GridCell{})}); s.Y != gridHead+gridSide+gridFoot+gridSide+gridGap {
		t.Errorf("two rows, the first with lines above and below: %d high", s.Y)
	}
	for word, rows := range map[string][]GridRow{
		"without pictures":                 nil,
		"row 1 of a grid has 2 pictures":   {{"", cells(3, GridCell{})}, {"", cells(2, GridCell{})}},
		"picture 0 of row 0 of a grid is ": {{"", []GridCell{{Image: image.NewRGBA(image.Rectangle{})}}}},
	} {
		if _, err := Grid(rows...); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
}
