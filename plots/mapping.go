package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// Size of the mapping figure in pixels: 14 by 4 inches at 100 dots an inch, of which the two pictures have 8.
const (
	mappingWidth  = 1400
	mappingHeight = 400
	mappingPair   = 800
)

// Mapping is the figure of one query (the blog's): the mapped image, the query, and the loss of every step. One loss alone
// is no curve: of a query that was not searched but mapped by an encoder, there are the two pictures.
func Mapping(mapped, query image.Image, losses []float64) (*image.RGBA, error) {
	if len(losses) == 0 {
		return nil, errors.New("plots: a mapping without a loss")
	}
	width := mappingPair
	if len(losses) > 1 {
		width = mappingWidth
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width, mappingHeight))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	for i, p := range []Panel{{"Mapped Image", mapped}, {"Query Image", query}} {
		if err := drawMapped(sheet, p, mappingPair*(2*i+1)/4); err != nil {
			return nil, err
		}
	}
	return sheet, drawLosses(sheet, losses)
}

// drawMapped draws a picture of a mapping around a column, its caption above.
func drawMapped(sheet *image.RGBA, p Panel, middle int) error {
	const head, side = 44, mappingHeight - 64
	if p.Image == nil || p.Image.Bounds().Empty() {
		return fmt.Errorf("plots: the %s is empty", p.Caption)
	}
	size := p.Image.Bounds().Size()
	big := Enlarge(p.Image, max(1, side/max(size.X, size.Y)))
	size = big.Bounds().Size()
	at := image.Pt(middle-size.X/2, head+(side-size.Y)/2)
	draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, big, image.Point{}, draw.Src)
	centre(sheet, captionFace(panelSide), p.Caption, middle, head*2/3)
	return nil
}

// drawLosses draws the losses of a mapping's steps beside its pictures, if there is room.
func drawLosses(sheet *image.RGBA, losses []float64) error {
	steps := make([]float64, len(losses))
	for i := range steps {
		steps[i] = float64(i)
	}
	l := newLine("", Palette[0], steps, losses)
	if len(l.parts) == 0 {
		return fmt.Errorf("plots: none of the %d losses of a mapping is finite", len(losses))
	}
	if sheet.Bounds().Dx() == mappingPair {
		return nil
	}
	l.width = 1.5
	p := figure("Mapping loss per iteration", "step", "loss")
	addLines(p, []line{l})
	c := vgimg.NewWith(vgimg.UseWH((mappingWidth-mappingPair)*vg.Inch/100, mappingHeight*vg.Inch/100), vgimg.UseDPI(100))
	p.Draw(inset(c))
	draw.Draw(sheet, image.Rect(mappingPair, 0, mappingWidth, mappingHeight), c.Image(), image.Point{}, draw.Src)
	return nil
}

// Search is the loss before every step of a search, and after the last.
type Search struct {
	Name   string
	Losses []float64
}

// Searches draws the losses of searches over their steps.
func Searches(title string, searches ...Search) (*plot.Plot, error) {
	var lines []line
	for i, s := range searches {
		steps := make([]float64, len(s.Losses))
		for k := range steps {
			steps[k] = float64(k)
		}
		l := newLine(s.Name, Palette[i%len(Palette)], steps, s.Losses)
		if len(l.parts) == 0 {
			return nil, fmt.Errorf("plots: none of the %d losses of search %q is finite", len(s.Losses), s.Name)
		}
		l.width = 2
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, errors.New("plots: no search to draw")
	}
	p := figure(title, "step", "A(x)")
	addLines(p, lines)
	return p, nil
}

// ResidualMap shows where a query differs from what it was mapped to: |x − G(z)|, the mean over the channels, laid in
// vermilion over the query in grey. Pictures are in [−1, 1], [height, width, channels] row-major. The colour is full at
// a residual of full; 0: at the largest of this picture, so that pictures then cannot be compared by their colours.
func ResidualMap(query, mapped []float32, height, width, channels int, full float64) (*image.RGBA, error) {
	if n := height * width * channels; n < 1 || len(query) != n || len(mapped) != n {
		return nil, fmt.Errorf("plots: %d and %d numbers are no two pictures of %d×%d×%d", len(query), len(mapped), height, width, channels)
	}
	grey, residual := make([]float64, height*width), make([]float64, height*width)
	largest := 0.0
	for i := range grey {
		for c := range channels {
			x, y := float64(query[i*channels+c]), float64(mapped[i*channels+c])
			grey[i] += (x + 1) / 2 / float64(channels)
			residual[i] += math.Abs(x-y) / float64(channels)
		}
		largest = max(largest, residual[i])
	}
	if full <= 0 {
		full = max(largest, 1e-6)
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, g := range grey {
		img.SetRGBA(i%width, i/width, over(Palette[1], g, residual[i]/full))
	}
	return img, nil
}

// over mixes a colour into a grey of [0, 1]; a share of 1 is the colour itself.
func over(c color.RGBA, grey, share float64) color.RGBA {
	share = max(0, min(1, share))
	mix := func(v uint8) uint8 {
		return uint8(max(0, min(255, share*float64(v)+(1-share)*255*grey+0.5)))
	}
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xFF}
}
