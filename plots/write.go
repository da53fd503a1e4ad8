package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Render draws a line figure as a picture, 1500 by 750 pixels.
func Render(p *plot.Plot) image.Image {
	c := vgimg.NewWith(vgimg.UseWH(Width, Height), vgimg.UseDPI(dpi))
	p.Draw(inset(c))
	return c.Image()
}

// SVG draws a line figure as SVG text, for a page or the output of a cell.
func SVG(p *plot.Plot) ([]byte, error) {
	c := vgsvg.New(Width, Height)
	p.Draw(inset(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	// The typeface is not embedded, which keeps the text small; Arial and Helvetica have the same widths.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}

// inset leaves a margin, since gonum/plot draws up to the edge.
func inset(c vg.CanvasSizer) draw.Canvas {
	return draw.Crop(draw.New(c), 8, -16, 8, -10)
}

// WritePNG writes a picture to a file, which is replaced when it is there. Missing folders are made.
func WritePNG(path string, img image.Image) error {
	return write(path, func(w io.Writer) error {
		return png.Encode(w, img)
	})
}

// WriteSVG writes a line figure to a file as SVG.
func WriteSVG(path string, p *plot.Plot) error {
	svg, err := SVG(p)
	if err != nil {
		return err
	}
	return write(path, func(w io.Writer) error {
		_, err := w.Write(svg)
		return err
	})
}

// WriteGIF writes an animation to a file.
func WriteGIF(path string, animation *gif.GIF) error {
	return write(path, func(w io.Writer) error { return gif.EncodeAll(w, animation) })
}

// write fills a temporary file and renames it, so that a viewer never sees half a figure.
func write(path string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("plots: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*"+filepath.Ext(path))
	if err != nil {
		return fmt.Errorf("plots: cannot write %s: %w; check that the disk has room and the folder is writable", path, err)
	}
	err = f.Chmod(0o644)
	if err == nil {
		err = fill(f)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("plots: cannot write %s: %w; check that the disk has room and the folder is writable", path, err)
	}
	return nil
}
