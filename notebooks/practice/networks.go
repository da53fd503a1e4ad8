package practice

import (
	"fmt"
	"image"
	"math"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/plots"
)

// Sizes of the figure of the networks, in pixels.
const (
	stageWidth, stageHeight = 104, 128 // room of a map
	stageTop                = 40
	rowHeight               = 230
)

// NetworksFigure draws G and D of an experiment as they are built: every map as a box, as high as the map is large and
// as wide as it has channels (both on a logarithmic scale), with the operations between.
func NetworksFigure(id string, o experiments.Options) (image.Image, error) {
	tables, err := experiments.Networks(id, o)
	if err != nil {
		return nil, err
	}
	d := plots.Diagram{}
	for i, t := range tables {
		stages := stagesOf(t)
		d.Width = max(d.Width, 70+len(stages)*stageWidth)
		addNetwork(&d, t.Name, stages, float64(i*rowHeight), i)
	}
	d.Height = len(tables) * rowHeight
	return d.Draw()
}

// stage is a map and the operation that made it.
type stage struct {
	channels, size int
	op, then       string // "k4 s2 p1", "BN, ReLU"
}

func stagesOf(t experiments.NetworkTable) []stage {
	first := t.Rows[0]
	before := stage{channels: first.Weights[0], size: 1} // a transposed kernel is [in, k, k, out]
	if first.Op != "transposed conv" {
		before = stage{channels: first.Weights[3], size: first.Out.Height * first.Stride} // [out, k, k, in]
	}
	stages := []stage{before}
	for _, r := range t.Rows {
		s := stage{channels: r.Out.Channels, size: r.Out.Height, then: r.Activation}
		s.op = fmt.Sprintf("k%d s%d p%d", r.Kernel, r.Stride, r.Padding)
		if r.Norm > 0 {
			s.then = "BN, " + r.Activation
		}
		stages = append(stages, s)
	}
	return stages
}

func addNetwork(d *plots.Diagram, name string, stages []stage, top float64, row int) {
	d.Notes = append(d.Notes, plots.Note{X: 20, Y: top + 18, Text: title(name, stages), Size: 16})
	first := len(d.Boxes)
	for i, s := range stages {
		height := 14 + 18*math.Log2(float64(s.size)+1)
		width := 10 + 4*math.Log2(float64(s.channels)+1)
		middle := 60 + float64(i*stageWidth)
		d.Boxes = append(d.Boxes, plots.Box{
			X: middle - width/2, Y: top + stageTop + (stageHeight-height)/2, Width: width, Height: height, Color: plots.Palette[row%len(plots.Palette)],
		})
		foot := top + stageTop + stageHeight + 14
		d.Notes = append(d.Notes,
			plots.Note{X: middle, Y: foot, Text: fmt.Sprintf("%d×%d×%d", s.channels, s.size, s.size), Center: true},
			plots.Note{X: middle, Y: foot + 17, Text: s.then, Size: 10.5, Center: true})
		if i > 0 {
			d.Arrows = append(d.Arrows, plots.Arrow{From: first + i - 1, To: first + i, Label: s.op})
		}
	}
}

func title(name string, stages []stage) string {
	last := stages[len(stages)-1]
	if name == "generator" {
		return fmt.Sprintf("Generator G: %d random numbers become a picture", stages[0].channels)
	}
	return fmt.Sprintf("Discriminator D: a picture of %d×%d becomes %d number, how likely it is real", stages[0].size, stages[0].size, last.channels)
}

// NetworkMarkdown is the table of one network of an experiment, "generator" or "discriminator".
func NetworkMarkdown(id, name string, o experiments.Options) (string, error) {
	tables, err := experiments.Networks(id, o)
	if err != nil {
		return "", err
	}
	for _, t := range tables {
		if t.Name == name {
			return t.Markdown(), nil
		}
	}
	return "", fmt.Errorf("practice: %s has no network %q", id, name)
}
