package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/vgimg"
)

// pageDPI makes a line figure 960 pixels wide, about the width of a page in a browser.
const pageDPI = 96

// Above so many bytes a photograph is written at the lower quality.
const (
	largeJPEG               = 100_000
	goodQuality, lowQuality = 80, 65
)

// Compact returns a small file of a picture for a page that is kept: a line figure and a picture of few colours as PNG
// with a palette, anything else as JPEG. It takes the results of a function as they are:
//
//	kernelext.Show(plots.Compact(plots.Losses(run)))
func Compact(picture any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch p := picture.(type) {
	case *plot.Plot:
		c := vgimg.NewWith(vgimg.UseWH(Width, Height), vgimg.UseDPI(pageDPI))
		p.Draw(inset(c))
		err = encodePNG(&b, drawing(c.Image()))
	case image.Image:
		if few, ok := p.(*image.Paletted); ok {
			err = encodePNG(&b, few)
		} else {
			err = jpeg.Encode(&b, p, &jpeg.Options{Quality: goodQuality})
			if err == nil && b.Len() > largeJPEG {
				b.Reset()
				err = jpeg.Encode(&b, p, &jpeg.Options{Quality: lowQuality})
			}
		}
	default:
		return nil, fmt.Errorf("plots: a %T is no picture: want a *plot.Plot or an image.Image", picture)
	}
	if err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	return b.Bytes(), nil
}

func encodePNG(b *bytes.Buffer, img image.Image) error {
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(b, img)
}

// Colours of drawings: flat areas and the blends at their edges.
const drawingColours = 32

// drawing reduces a picture of flat colours to a palette, without dithering: edges stay clean and files small.
func drawing(img image.Image) *image.Paletted {
	rgba, ok := img.(*image.RGBA)
	if !ok {
		rgba = image.NewRGBA(img.Bounds())
		draw.Draw(rgba, rgba.Bounds(), img, img.Bounds().Min, draw.Src)
	}
	return mapped(rgba, wuPalette(rgba, drawingColours))
}

// mapped gives every pixel its nearest colour.
func mapped(img *image.RGBA, palette color.Palette) *image.Paletted {
	out := image.NewPaletted(img.Rect, palette)
	find := newNearest(palette)
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:]
		for x := range img.Rect.Dx() {
			out.Pix[y*out.Stride+x] = find.index([3]int32{int32(row[4*x]), int32(row[4*x+1]), int32(row[4*x+2])})
		}
	}
	return out
}
