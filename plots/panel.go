package plots

import (
	"errors"
	"fmt"
	"image"
	"image/draw"

	xdraw "golang.org/x/image/draw"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"github.com/ganbook/ganbook/plots/sheet"
)

// Panel is a picture with a caption above it.
type Panel struct {
	Caption string
	Image   image.Image
}

// panelSide is about how many pixels a picture in a figure has on its longer side.
const panelSide = 530

// enlargement is the whole factor, so that a pixel stays a sharp square, that comes nearest to panelSide.
func enlargement(size image.Point) int {
	longer := max(size.X, size.Y)
	return max(1, (panelSide+longer/2)/longer)
}

// Panels sets pictures side by side on white, each under its caption.
func Panels(panels ...Panel) (*image.RGBA, error) {
	if len(panels) == 0 {
		return nil, errors.New("plots: no pictures to set side by side")
	}
	const gap = 16
	var cell image.Point
	images := make([]image.Image, len(panels))
	for i, p := range panels {
		if p.Image == nil || p.Image.Bounds().Empty() {
			return nil, fmt.Errorf("plots: picture %d (%q) is empty", i, p.Caption)
		}
		size := p.Image.Bounds().Size()
		images[i] = Enlarge(p.Image, enlargement(size))
		size = images[i].Bounds().Size()
		cell = image.Pt(max(cell.X, size.X), max(cell.Y, size.Y))
	}
	face := captionFace(cell.X)
	head := 2 * face.Metrics().Height.Ceil()
	sheet := image.NewRGBA(image.Rect(0, 0, len(panels)*(cell.X+gap)+gap, head+cell.Y+gap))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	for i, img := range images {
		left, size := gap+i*(cell.X+gap), img.Bounds().Size()
		at := image.Pt(left+(cell.X-size.X)/2, head+(cell.Y-size.Y)/2)
		if 10*size.X > 9*cell.X && 10*size.Y > 9*cell.Y { // sheets that differ in their gaps get the same black mat
			draw.Draw(sheet, image.Rect(left, head, left+cell.X, head+cell.Y), image.Black, image.Point{}, draw.Src)
		}
		draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, img, img.Bounds().Min, draw.Over)
		centre(sheet, face, panels[i].Caption, left+cell.X/2, head*2/3)
	}
	return sheet, nil
}

// RealVsFake is the lecture's last figure: a sheet of real pictures beside the newest sheet of the generator.
func RealVsFake(real, fake image.Image) (*image.RGBA, error) {
	return Panels(Panel{"Real Images", real}, Panel{"Fake Images", fake})
}

// LatentWalk draws the pictures along a walk in latent space in one row, from the first to the last.
func LatentWalk(b sheet.Batch) (*image.RGBA, error) {
	drawn, err := sheet.Draw(b, sheet.Layout{PerRow: max(1, b.N), Padding: 2})
	if err != nil {
		return nil, err
	}
	return Enlarge(drawn, max(1, 128/b.Height)), nil
}

// Enlarge makes every pixel a square of so many pixels.
func Enlarge(img image.Image, factor int) *image.RGBA {
	b := img.Bounds()
	big := image.NewRGBA(image.Rect(0, 0, b.Dx()*factor, b.Dy()*factor))
	xdraw.NearestNeighbor.Scale(big, big.Bounds(), img, b, draw.Src, nil)
	return big
}

// captionFace fits the type to the width of a picture.
func captionFace(width int) xfont.Face {
	return faceOf(vg.Length(min(20, max(9, width/26))))
}

// faceOf is the typeface of captions at a size in pixels.
func faceOf(size vg.Length) xfont.Face {
	face := font.DefaultCache.Lookup(sans(size), size)
	return face.FontFace(72) // at 72 dots an inch a point is a pixel
}

// centre writes one line around x on a baseline.
func centre(dst draw.Image, face xfont.Face, text string, x, baseline int) {
	d := xfont.Drawer{Dst: dst, Src: image.NewUniform(ink), Face: face}
	d.Dot = fixed.P(x, baseline).Sub(fixed.Point26_6{X: d.MeasureString(text) / 2})
	d.DrawString(text)
}
