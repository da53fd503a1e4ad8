package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

// Matrix is a table of numbers to be shown as a heat map with every number written in its cell.
type Matrix struct {
	Caption string
	Note    string // a line below; "" for none
	Values  [][]float64
}

// Size of a cell of a matrix in pixels.
const matrixCell = 40

// Matrices draws tables of numbers side by side, all on one scale of colours from white to blue (negative numbers to
// orange), so that equal colours are equal numbers. More than perRow of them stand in rows; 0: all in one row.
func Matrices(perRow int, tables ...Matrix) (*image.Paletted, error) {
	if len(tables) == 0 {
		return nil, errors.New("plots: no matrix to draw")
	}
	if perRow < 1 {
		perRow = len(tables)
	}
	largest := 0.0
	for _, m := range tables {
		if err := rectangular(m.Values); err != nil {
			return nil, fmt.Errorf("plots: matrix %q: %w", m.Caption, err)
		}
		for _, row := range m.Values {
			for _, v := range row {
				if finite(v) {
					largest = max(largest, math.Abs(v))
				}
			}
		}
	}
	const gap, head, foot = 28, 30, 24
	type place struct{ x, y float64 }
	places := make([]place, len(tables))
	var width, top float64
	for first := 0; first < len(tables); first += perRow {
		x, tallest := float64(gap), 0.0
		row := tables[first:min(first+perRow, len(tables))]
		for _, m := range row {
			tallest = max(tallest, float64(len(m.Values)*matrixCell))
		}
		for i, m := range row {
			places[first+i] = place{x + (m.width()-float64(len(m.Values[0])*matrixCell))/2, top + head}
			x += m.width() + gap
		}
		width, top = max(width, x), top+head+tallest+foot
	}
	b := newBoard(int(width), int(top)+8)
	for i, m := range tables {
		b.matrix(places[i].x, places[i].y, m, largest)
	}
	return drawing(b.image()), nil
}

// width of a matrix with its words, in pixels.
func (m Matrix) width() float64 {
	letters := max(len([]rune(m.Caption)), len([]rune(m.Note)))
	return math.Max(float64(len(m.Values[0])*matrixCell), float64(letters)*7.2)
}

func (b *board) matrix(x, y float64, m Matrix, largest float64) {
	middle := x + float64(len(m.Values[0])*matrixCell)/2
	b.word(middle, y-14, 14, ink, draw.XCenter, m.Caption)
	for i, row := range m.Values {
		for j, v := range row {
			b.cell(x+float64(j*matrixCell), y+float64(i*matrixCell), matrixCell, heat(v, largest), v)
		}
	}
	b.word(middle, y+float64(len(m.Values)*matrixCell)+12, 12, outline, draw.XCenter, m.Note)
}

// cell is a square with a number in it.
func (b *board) cell(x, y, side float64, fill color.RGBA, v float64) {
	b.rectangle(x+0.5, y+0.5, side, side, fill, edge, 1) // half a pixel in: sharp lines
	s := shortest(v)
	size := min(max(side*0.4, 11.5), side*1.7/float64(len([]rune(s))))
	b.word(x+side/2, y+side/2, size, inkOn(fill), draw.XCenter, s)
}

// shortest writes a value exactly where six letters are enough for it, else by three digits, with a true minus sign.
func shortest(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if len(s) > 6 {
		s = strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strings.Replace(s, "-", "−", 1)
}

// heat is white for 0, towards blue for positive and orange for negative values.
func heat(v, largest float64) color.RGBA {
	if !finite(v) || largest == 0 {
		return color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
	}
	end := Palette[0]
	if v < 0 {
		end = Palette[4]
	}
	return blend(end, math.Min(1, math.Abs(v)/largest))
}

// blend mixes a colour with white; 1 is the colour itself.
func blend(c color.RGBA, share float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(255 - share*(255-float64(v)) + 0.5) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xFF}
}

// inkOn is the colour of words on a ground.
func inkOn(ground color.RGBA) color.Color {
	if 0.299*float64(ground.R)+0.587*float64(ground.G)+0.114*float64(ground.B) < 140 {
		return color.White
	}
	return ink
}

func rectangular(rows [][]float64) error {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return errors.New("it has no number")
	}
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return fmt.Errorf("row %d has %d numbers, the first has %d", i, len(row), len(rows[0]))
		}
	}
	return nil
}
