package plots

import (
	"image"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/plots/sheet"
)

// way is a row of a bar that moves towards the query's.
func way(name string, query, step int) Morph {
	picture := func(at int) image.Image {
		img, err := sheet.Picture(bar(at), 28, 28, 1)
		check(err)
		return img
	}
	m := Morph{Name: name, Query: picture(query)}
	for i, at := range []int{0, 10, 25, 50} {
		x := query - step*(3-i)
		m.Steps = append(m.Steps, Mapped{at, picture(x), 0.8 * float64(3-i) * float64(step) / 28})
	}
	return m
}

func ExampleMorphs() {
	img, err := Morphs(way("normal: 1", 13, 1), way("abnormal: 7", 18, 3))
	golden("morphs.png", img, err)
	// Output: morphs.png: as expected
}

func TestMorphsRefuse(t *testing.T) {
	short := way("", 13, 1)
	short.Steps = short.Steps[:2]
	other := way("", 13, 1)
	other.Steps[1].Step = 11
	blank := way("", 13, 1)
	blank.Query = nil
	missing := way("", 13, 1)
	missing.Steps[3].Image = nil
	for word, rows := range map[string][]Morph{
		"no step": nil, "query 1 of a figure has 2 steps": {way("", 13, 1), short}, "step 11 where the first has 10": {way("", 13, 1), other},
		"query 0 of a figure is missing": {blank}, "no mapped image at step 50": {missing},
	} {
		if _, err := Morphs(rows...); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	with, err := Morphs(way("a", 13, 1))
	check(err)
	if without, err := Morphs(way("", 13, 1)); err != nil || without.Bounds().Dx() >= with.Bounds().Dx() {
		t.Errorf("rows without names need no room for them: %v", err)
	}
}
