package practice

import (
	"image"

	"github.com/ganbook/ganbook/plots"
)

// OrderFigure draws one iteration: who sees what in D's part and in G's, and where gradients flow and where they are cut.
func OrderFigure() (image.Image, error) {
	gradient := plots.Palette[3]
	const w, h = 108, 50
	box := func(x, y float64, text string) plots.Box {
		return plots.Box{X: x, Y: y, Width: w, Height: h, Text: text}
	}
	painted := func(b plots.Box, i int) plots.Box {
		b.Color = plots.Palette[i]
		return b
	}
	figure := plots.Diagram{
		Width: 860, Height: 560,
		Boxes: []plots.Box{
			box(20, 56, "real x\na batch"), painted(box(330, 56, "D"), 1), painted(box(500, 56, "BCE, label 1\nerrD real"), 2),
			box(20, 166, "z\nnew, N(0, 1)"), painted(box(165, 166, "G"), 0), painted(box(330, 166, "D\nthe same D"), 1), painted(box(500, 166, "BCE, label 0\nerrD fake"), 2),
			painted(box(700, 111, "Adam moves D\non the sum"), 1),
			box(20, 366, "z\nthe same"), painted(box(165, 366, "G\nthe same fakes"), 0), painted(box(330, 366, "D\nas just moved"), 1), painted(box(500, 366, "BCE, label 1\nerrG"), 2),
			painted(box(700, 366, "Adam moves G\nD stands still"), 0),
		},
		Arrows: []plots.Arrow{
			{From: 0, To: 1}, {From: 1, To: 2}, {From: 3, To: 4}, {From: 4, To: 5, Label: "cut", Cut: true}, {From: 5, To: 6},
			{From: 2, To: 7}, {From: 6, To: 7},
			{From: 8, To: 9}, {From: 9, To: 10}, {From: 10, To: 11}, {From: 11, To: 12},
		},
		Notes: []plots.Note{
			{X: 20, Y: 24, Text: "Part 1: D learns", Size: 17},
			{X: 20, Y: 334, Text: "Part 2: G learns", Size: 17},
			{X: 20, Y: 290, Text: "Real and fake are two batches: batch norm takes the statistics of each by itself.", Size: 12},
			{X: 20, Y: 490, Text: "D is asked again, because part 1 has moved it. The gradient runs through D, but only G's weights are moved by it.", Size: 12},
			{X: 20, Y: 530, Text: "solid: pictures and numbers, forwards      dashed: gradients, backwards      //: nothing passes", Size: 12},
		},
	}
	// back is a gradient below a row of boxes, from a loss to what it moves.
	back := func(from, to, y float64, label string) plots.Arrow {
		return plots.Arrow{Points: [][2]float64{{from, y}, {from, y + 26}, {to, y + 26}, {to, y + 3}}, Label: label, Color: gradient, Dashed: true}
	}
	figure.Arrows = append(figure.Arrows,
		back(554, 384, 56+h, "gradient, to D"), back(554, 384, 166+h, "gradient, to D"), back(554, 219, 366+h, "gradient, through D, to G"))
	return figure.Draw()
}
