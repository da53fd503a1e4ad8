// Package plots turns the record of a run into figures: loss curves, sample sheets, the progression of a generator,
// real beside fake; and numbers into what a lecture shows: matrices, diagrams, transposed convolutions as animations.
// It draws with gonum/plot and image; it trains nothing and knows neither tensors nor notebooks.
//
// Line figures are *plot.Plot, 10 by 5 inches, written with WriteSVG or, after Render, with WritePNG. Everything made
// of pixels is an image.Image. Colours are those of Okabe and Ito, which all kinds of colour vision tell apart.
package plots

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Size of the line figures, that of the lecture.
const (
	Width  = 10 * vg.Inch
	Height = 5 * vg.Inch
	dpi    = 150
)

// Palette is the order in which series are coloured (Okabe and Ito, "Color universal design", 2008).
var Palette = []color.RGBA{
	{0x00, 0x72, 0xB2, 0xFF}, // blue
	{0xD5, 0x5E, 0x00, 0xFF}, // vermilion
	{0x00, 0x9E, 0x73, 0xFF}, // bluish green
	{0xCC, 0x79, 0xA7, 0xFF}, // reddish purple
	{0xE6, 0x9F, 0x00, 0xFF}, // orange
	{0x56, 0xB4, 0xE9, 0xFF}, // sky blue
}

var (
	ink     = color.RGBA{0x22, 0x22, 0x22, 0xFF}
	faint   = color.RGBA{0xDD, 0xDD, 0xDD, 0xFF}
	outline = color.RGBA{0x66, 0x66, 0x66, 0xFF}
	edge    = color.RGBA{0x99, 0x99, 0x99, 0xFF} // of cells
)

// sans is the typeface of all text, embedded in gonum/plot.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// figure is an empty plot in the style of the package.
func figure(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = 10
	setText(&p.Title.TextStyle, 15)
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		setText(&axis.Label.TextStyle, 13)
		setText(&axis.Tick.Label, 11)
		axis.Label.Padding = 6
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = outline, outline
		axis.Tick.Length = 4
		axis.Padding = 0
		axis.Tick.Marker = ticks{}
	}
	p.Y.Tick.Label.XAlign = text.XRight
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color, grid.Horizontal.Width = faint, 0.5
	p.Add(grid)
	return p
}

func setText(style *text.Style, size vg.Length) {
	style.Font = sans(size)
	style.Color = ink
}
