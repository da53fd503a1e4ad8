package data

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // formats that image.Decode knows
	_ "image/jpeg"
	_ "image/png"
	"io"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// picture is one decoded image, [h, w, c] with c = 1 or 3.
type picture struct {
	pix     []byte
	h, w, c int
	top     byte // largest value of the file
}

// maxPixels bounds what a small file can unfold to.
const maxPixels = 64 << 20

// decode reads a PNG, JPEG, GIF (first frame), BMP, TIFF or WebP as 8-bit grey or RGB. Alpha is dropped and 16-bit
// values keep their upper byte.
func decode(r io.ReadSeeker) (picture, error) {
	config, format, err := image.DecodeConfig(r)
	if err != nil {
		return picture{}, fmt.Errorf("no readable picture: %w", err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return picture{}, fmt.Errorf("%s picture of %d×%d pixels", format, config.Width, config.Height)
	}
	if config.Width > maxPixels/config.Height {
		return picture{}, fmt.Errorf("%s picture of %d×%d pixels, more than %d", format, config.Width, config.Height, maxPixels)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return picture{}, err
	}
	m, _, err := image.Decode(r)
	if err != nil {
		return picture{}, fmt.Errorf("damaged %s picture: %w", format, err)
	}
	if m.Bounds().Empty() {
		return picture{}, fmt.Errorf("%s picture of %d×%d pixels", format, m.Bounds().Dx(), m.Bounds().Dy())
	}
	return pictureOf(m), nil
}

func pictureOf(m image.Image) picture {
	b := m.Bounds()
	p := picture{h: b.Dy(), w: b.Dx(), c: 3}
	switch m := m.(type) {
	case *image.Gray:
		p.c = 1
		p.pix = make([]byte, 0, p.h*p.w)
		for y := range p.h {
			p.pix = append(p.pix, m.Pix[y*m.Stride:][:p.w]...)
		}
	case *image.Gray16:
		p.c = 1
		p.pix = make([]byte, p.h*p.w)
		for i := range p.pix {
			p.pix[i] = m.Pix[i/p.w*m.Stride+i%p.w*2]
		}
	case *image.NRGBA:
		p.pix = withoutAlpha(m.Pix, m.Stride, p.h, p.w)
	case *image.YCbCr:
		opaque := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
		draw.Draw(opaque, opaque.Rect, m, b.Min, draw.Src)
		p.pix = withoutAlpha(opaque.Pix, opaque.Stride, p.h, p.w)
	default:
		p.pix = make([]byte, 0, 3*p.h*p.w)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
				p.pix = append(p.pix, c.R, c.G, c.B)
			}
		}
	}
	return p
}

func withoutAlpha(pix []byte, stride, h, w int) []byte {
	out := make([]byte, 0, 3*h*w)
	for y := range h {
		for row := pix[y*stride:][:4*w]; len(row) > 0; row = row[4:] {
			out = append(out, row[0], row[1], row[2])
		}
	}
	return out
}

// withChannels converts between grey and RGB; grey is ITU-R 601 luma, rounded as Pillow rounds it.
func (p picture) withChannels(c int) picture {
	if c == p.c {
		return p
	}
	q := picture{h: p.h, w: p.w, c: c, top: p.top, pix: make([]byte, p.h*p.w*c)}
	for i := range p.h * p.w {
		if c == 3 {
			v := p.pix[i]
			q.pix[3*i], q.pix[3*i+1], q.pix[3*i+2] = v, v, v
			continue
		}
		r, g, b := uint32(p.pix[3*i]), uint32(p.pix[3*i+1]), uint32(p.pix[3*i+2])
		q.pix[i] = byte((r*19595 + g*38470 + b*7471 + 1<<15) >> 16)
	}
	return q
}
