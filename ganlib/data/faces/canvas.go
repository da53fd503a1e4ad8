package faces

import "math"

// colour is linear light, with gamma 2 so that encoding is a square root.
type colour struct{ r, g, b float32 }

// srgb is a colour given as it looks on a screen, 0 … 255.
func srgb(r, g, b float32) colour {
	return colour{r * r / 65025, g * g / 65025, b * b / 65025}
}

func (c colour) times(k float32) colour { return colour{c.r * k, c.g * k, c.b * k} }
func (c colour) by(d colour) colour     { return colour{c.r * d.r, c.g * d.g, c.b * d.b} }
func (c colour) mix(d colour, t float32) colour {
	return colour{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

// frame places a shape's coordinates on the canvas [-1, 1]², y down: turned, scaled, moved.
type frame struct{ x, y, scale, cos, sin float32 }

func newFrame(x, y, scale, turn float32) frame {
	return frame{x, y, scale, float32(math.Cos(float64(turn))), float32(math.Sin(float64(turn)))}
}

// box is a rectangle in a frame: centre and half extents.
type box struct{ x, y, w, h float32 }

type canvas struct {
	size int
	pix  []colour
}

// paint lays f's colour over the pixels of a box, with the opacity f returns for each.
func (c *canvas) paint(fr frame, b box, f func(x, y float32) (colour, float32)) {
	px := 2 / float32(c.size)
	cx := fr.x + fr.scale*(fr.cos*b.x-fr.sin*b.y)
	cy := fr.y + fr.scale*(fr.sin*b.x+fr.cos*b.y)
	hx := fr.scale*(abs(fr.cos)*b.w+abs(fr.sin)*b.h) + px
	hy := fr.scale*(abs(fr.sin)*b.w+abs(fr.cos)*b.h) + px
	x0, x1 := c.column(cx-hx), c.column(cx+hx)
	y0, y1 := c.column(cy-hy), c.column(cy+hy)
	for row := y0; row < y1; row++ {
		dy := (float32(row)+0.5)*px - 1 - fr.y
		line := c.pix[row*c.size : (row+1)*c.size]
		for col := x0; col < x1; col++ {
			dx := (float32(col)+0.5)*px - 1 - fr.x
			over, alpha := f((fr.cos*dx+fr.sin*dy)/fr.scale, (fr.cos*dy-fr.sin*dx)/fr.scale)
			if alpha > 0 {
				line[col] = line[col].mix(over, min(alpha, 1))
			}
		}
	}
}

// column is the pixel boundary nearest to a coordinate, kept on the canvas.
func (c *canvas) column(x float32) int {
	return max(0, min(c.size, int((x+1)/2*float32(c.size)+0.5)))
}

// bytes encodes the picture after exposure (per channel) and a vignette that darkens the corners.
func (c *canvas) bytes(exposure colour, vignette float32) []byte {
	out := make([]byte, 3*len(c.pix))
	px := 2 / float32(c.size)
	for i, p := range c.pix {
		x, y := (float32(i%c.size)+0.5)*px-1, (float32(i/c.size)+0.5)*px-1
		p = p.by(exposure).times(1 - vignette*(x*x+y*y)/2)
		out[3*i], out[3*i+1], out[3*i+2] = encode(p.r), encode(p.g), encode(p.b)
	}
	return out
}

func encode(v float32) byte { return byte(255*sqrt(clamp(v, 0, 1)) + 0.5) }

func abs(x float32) float32           { return float32(math.Abs(float64(x))) }
func sqrt(x float32) float32          { return float32(math.Sqrt(float64(x))) }
func clamp(x, lo, hi float32) float32 { return max(lo, min(hi, x)) }
func lerp(a, b, t float32) float32    { return a + (b-a)*t }

// smooth goes from 0 at a to 1 at b.
func smooth(a, b, x float32) float32 {
	t := clamp((x-a)/(b-a), 0, 1)
	return t * t * (3 - 2*t)
}

// noise is smooth value noise in [0, 1] with one random value per unit square.
func noise(salt uint32, x, y float32) float32 {
	ix, iy := floor(x), floor(y)
	tx, ty := x-float32(ix), y-float32(iy)
	tx, ty = tx*tx*(3-2*tx), ty*ty*(3-2*ty)
	top := lerp(lattice(salt, ix, iy), lattice(salt, ix+1, iy), tx)
	return lerp(top, lerp(lattice(salt, ix, iy+1), lattice(salt, ix+1, iy+1), tx), ty)
}

func floor(x float32) int32 {
	i := int32(x)
	if float32(i) > x {
		i--
	}
	return i
}

func lattice(salt uint32, x, y int32) float32 {
	h := salt ^ uint32(x)*0x9E3779B1 ^ uint32(y)*0x85EBCA77
	h ^= h >> 15
	h *= 0x2C1B3C6D
	h ^= h >> 13
	h *= 0x297A2D39
	return float32(h>>16) / 65535
}
