package plots

import (
	"errors"
	"fmt"
	"image"
	"image/draw"

	xfont "golang.org/x/image/font"
)

// GridRow is a row of small pictures with a name before it; the name may be "".
type GridRow struct {
	Name  string
	Cells []GridCell
}

// GridCell is a small picture with lines above and below it, both of which may be "". A nil picture leaves its place empty.
type GridCell struct {
	Above string
	Image image.Image
	Below string
}

// Sizes of a grid in pixels. gridSide is about the side of a picture.
const (
	gridSide, gridGap  = 112, 10
	gridHead, gridFoot = 24, 22
	gridType           = 13
)

// Grid sets small pictures in rows, enlarged by a whole factor to about the same size, on white. All rows have the same
// number of cells.
func Grid(rows ...GridRow) (*image.RGBA, error) {
	if len(rows) == 0 || len(rows[0].Cells) == 0 {
		return nil, errors.New("plots: a grid without pictures")
	}
	face := faceOf(gridType)
	left, height := gridGap, 0
	tops := make([]int, len(rows))
	for i, r := range rows {
		if len(r.Cells) != len(rows[0].Cells) {
			return nil, fmt.Errorf("plots: row %d of a grid has %d pictures, the first has %d", i, len(r.Cells), len(rows[0].Cells))
		}
		if r.Name != "" {
			left = max(left, xfont.MeasureString(face, r.Name).Ceil()+2*gridGap)
		}
		above, below := r.captioned()
		tops[i] = height + above
		height += above + gridSide + below
	}
	sheet := image.NewRGBA(image.Rect(0, 0, left+len(rows[0].Cells)*(gridSide+gridGap), height))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	for i, r := range rows {
		centre(sheet, face, r.Name, left/2, tops[i]+gridSide/2)
		for k, c := range r.Cells {
			at := image.Pt(left+k*(gridSide+gridGap), tops[i])
			if c.Image != nil {
				if c.Image.Bounds().Empty() {
					return nil, fmt.Errorf("plots: picture %d of row %d of a grid is empty", k, i)
				}
				pasteFitted(sheet, c.Image, at, gridSide)
			}
			centre(sheet, face, c.Above, at.X+gridSide/2, at.Y-8)
			centre(sheet, face, c.Below, at.X+gridSide/2, at.Y+gridSide+15)
		}
	}
	return sheet, nil
}

// captioned is the room that the lines above and below a row's pictures take.
func (r GridRow) captioned() (above, below int) {
	below = gridGap
	for _, c := range r.Cells {
		if c.Above != "" {
			above = gridHead
		}
		if c.Below != "" {
			below = gridFoot
		}
	}
	return above, below
}

// pasteFitted sets a picture, enlarged by a whole factor, in the middle of a square.
func pasteFitted(dst *image.RGBA, img image.Image, at image.Point, side int) {
	size := img.Bounds().Size()
	big := Enlarge(img, max(1, side/max(size.X, size.Y)))
	size = big.Bounds().Size()
	at = at.Add(image.Pt((side-size.X)/2, (side-size.Y)/2))
	draw.Draw(dst, image.Rectangle{at, at.Add(size)}, big, image.Point{}, draw.Src)
}
