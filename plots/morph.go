package plots

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
)

// Mapped is a query's mapped image at a step of its search.
type Mapped struct {
	Step     int
	Image    image.Image
	Residual float64
}

// Morph is a query and its mapped images, first to last.
type Morph struct {
	Name  string // written beside the row; may be ""
	Query image.Image
	Steps []Mapped
}

// morphSide is about the side of a picture in the figure in pixels.
const morphSide = 112

// Morphs shows mapped images on their way to the query: a row for each query, a column for each step, the query last, and
// the residual below every picture. All rows have the steps of the first.
func Morphs(rows ...Morph) (*image.RGBA, error) {
	if err := checkMorphs(rows); err != nil {
		return nil, err
	}
	const gap, head, foot, name = 10, 26, 22, 104
	columns := len(rows[0].Steps) + 1
	left, cell := gap, morphSide
	if named(rows) {
		left = name
	}
	sheet := image.NewRGBA(image.Rect(0, 0, left+columns*(cell+gap), head+len(rows)*(cell+foot)))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	face := faceOf(13)
	for i, row := range rows {
		top := head + i*(cell+foot)
		centre(sheet, face, row.Name, left/2, top+cell/2)
		for k := range columns {
			middle := left + k*(cell+gap) + cell/2
			picture, above, below := row.Query, "query", ""
			if k < len(row.Steps) {
				m := row.Steps[k]
				picture, above, below = m.Image, fmt.Sprintf("step %d", m.Step), fmt.Sprintf("R = %.3f", m.Residual)
			}
			if i == 0 {
				centre(sheet, face, above, middle, head-9)
			}
			pasteFitted(sheet, picture, image.Pt(middle-cell/2, top), cell)
			centre(sheet, face, below, middle, top+cell+15)
		}
	}
	return sheet, nil
}

func named(rows []Morph) bool {
	for _, r := range rows {
		if r.Name != "" {
			return true
		}
	}
	return false
}

func checkMorphs(rows []Morph) error {
	if len(rows) == 0 || len(rows[0].Steps) == 0 {
		return errors.New("plots: no step of a search to show")
	}
	empty := func(img image.Image) bool { return img == nil || img.Bounds().Empty() }
	for i, r := range rows {
		if len(r.Steps) != len(rows[0].Steps) {
			return fmt.Errorf("plots: query %d of a figure has %d steps, the first has %d", i, len(r.Steps), len(rows[0].Steps))
		}
		if empty(r.Query) {
			return fmt.Errorf("plots: query %d of a figure is empty", i)
		}
		for k, m := range r.Steps {
			if empty(m.Image) {
				return fmt.Errorf("plots: query %d: the mapped image at step %d is empty", i, m.Step)
			}
			if m.Step != rows[0].Steps[k].Step {
				return fmt.Errorf("plots: query %d has step %d where the first has %d", i, m.Step, rows[0].Steps[k].Step)
			}
		}
	}
	return nil
}

// pasteFitted sets a picture, enlarged by a whole factor, in the middle of a square.
func pasteFitted(dst *image.RGBA, img image.Image, at image.Point, side int) {
	size := img.Bounds().Size()
	big := Enlarge(img, max(1, side/max(size.X, size.Y)))
	size = big.Bounds().Size()
	at = at.Add(image.Pt((side-size.X)/2, (side-size.Y)/2))
	draw.Draw(dst, image.Rectangle{at, at.Add(size)}, big, image.Point{}, draw.Src)
}
