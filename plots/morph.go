package plots

import (
	"errors"
	"fmt"
	"image"
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

// Morphs shows mapped images on their way to the query: a row for each query, a column for each step, the query last, and
// the residual below every picture. All rows have the steps of the first.
func Morphs(rows ...Morph) (*image.RGBA, error) {
	if len(rows) == 0 || len(rows[0].Steps) == 0 {
		return nil, errors.New("plots: no step of a search to show")
	}
	var grid []GridRow
	for i, r := range rows {
		if len(r.Steps) != len(rows[0].Steps) {
			return nil, fmt.Errorf("plots: query %d of a figure has %d steps, the first has %d", i, len(r.Steps), len(rows[0].Steps))
		}
		var cells []GridCell
		for k, m := range r.Steps {
			if m.Step != rows[0].Steps[k].Step {
				return nil, fmt.Errorf("plots: query %d has step %d where the first has %d", i, m.Step, rows[0].Steps[k].Step)
			}
			if m.Image == nil {
				return nil, fmt.Errorf("plots: query %d has no mapped image at step %d", i, m.Step)
			}
			cells = append(cells, GridCell{headOf(i, fmt.Sprintf("step %d", m.Step)), m.Image, fmt.Sprintf("R = %.3f", m.Residual)})
		}
		if r.Query == nil {
			return nil, fmt.Errorf("plots: query %d of a figure is missing", i)
		}
		grid = append(grid, GridRow{r.Name, append(cells, GridCell{headOf(i, "query"), r.Query, ""})})
	}
	return Grid(grid...)
}

// headOf is what stands above a column: only the first row says it.
func headOf(row int, text string) string {
	if row > 0 {
		return ""
	}
	return text
}
