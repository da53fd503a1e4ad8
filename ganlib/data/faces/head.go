package faces

// painter holds one face while it is painted, and what its traits imply for this size.
type painter struct {
	*traits
	canvas *canvas
	px     float32 // one pixel in the head's units
	relief []bump
	red    []stain
	dark   []stain
}

func newPainter(t *traits, size int) *painter {
	p := &painter{traits: t, canvas: &canvas{size: size, pix: make([]colour, size*size)}}
	p.px = 2 / float32(size) / t.head.scale
	p.relief = p.bumps()
	p.red, p.dark = p.stains()
	return p
}

// edge is the coverage of a pixel at a signed distance from a shape, negative inside.
func (p *painter) edge(distance float32) float32 { return clamp(0.5-distance/p.px, 0, 1) }

// depth is how far a feature at (x, y) of the face lies in front of the axis the head turns about.
func (p *painter) depth(x, y float32) float32 {
	u, v := x/p.width, y/0.9
	return 0.5 * sqrt(max(0.05, 1-u*u-0.5*v*v))
}

// place turns a point of the frontal face, lifted off the surface, with the head.
func (p *painter) place(x, y, lift float32) (float32, float32) {
	z := p.depth(x, y) + lift
	return x*sqrt(1-p.yaw*p.yaw) + z*p.yaw, y + (z-0.2)*p.pitch
}

// shorten is the factor by which the turn narrows what lies around (x, y).
func (p *painter) shorten(x float32) float32 {
	u := x / p.width
	return clamp(sqrt(1-p.yaw*p.yaw)-u*0.5/p.width*p.yaw/sqrt(max(0.2, 1-u*u)), 0.5, 1.15)
}

// headDistance is the signed distance to the outline of the head, approximately, and the relative radius.
func (p *painter) headDistance(x, y float32) float32 {
	return (p.headRadius(x, y) - 1) * p.width
}

func (p *painter) headRadius(x, y float32) float32 {
	if y < 0 {
		u, v := x/p.width, y/p.top
		return sqrt(u*u + v*v)
	}
	v := y / p.bottom
	// Chin and jaw go with the turn.
	u := (x - 0.25*p.yaw*v*v) / (p.width * (1 - p.jaw*min(v*v, 1.2)))
	u2, v2 := u*u, v*v
	round := sqrt(u2 + v2)
	return lerp(round, sqrt(sqrt(u2*u2+v2*v2)), p.square*0.6)
}

// bump is a smooth hill h·(1-q)² on the skin, q = (dx/w)² + (dy/h)² < 1; a negative height is a hollow.
type bump struct{ x, y, w, h, height float32 }

func (p *painter) bumps() []bump {
	var list []bump
	add := func(x, y, lift, w, h, height float32) {
		px, py := p.place(x, y, lift)
		list = append(list, bump{px, py, w * p.shorten(x), h, height})
	}
	n := p.noseHigh
	add(0, 0.02, 0.03, 0.085, 0.2, 0.035*n)
	add(0, p.noseLong-0.01, 0.09, p.noseWide*1.25, 0.10, 0.065*n)
	for _, s := range [2]float32{-1, 1} {
		add(s*p.noseWide*0.95, p.noseLong+0.02, 0.04, 0.055, 0.055, 0.02*n)
		add(s*p.eyeGap, p.eyeY, 0, 0.17, 0.11, -0.035)
		add(s*0.2, p.browY, 0.02, 0.2, 0.08, 0.015*(1-0.5*p.feminine))
		add(s*(0.27+0.02*p.smile), 0.2-0.03*p.smile, 0, 0.19, 0.19, 0.03+0.025*max(0, p.smile))
		add(s*0.2, 0.34, 0, 0.05, 0.12, -0.006-0.012*p.age-0.006*max(0, p.smile))
	}
	add(0, p.bottom-0.12, 0.05, 0.15, 0.11, 0.025)
	add(0, p.mouthY+0.09, 0.02, 0.13, 0.05, -0.012)
	add(0, p.mouthY, 0.02, 0.24, 0.15, 0.02)
	return list
}

// slope is the gradient of the relief at a point.
func (p *painter) slope(x, y float32) (gx, gy float32) {
	for i := range p.relief {
		b := &p.relief[i]
		u, v := (x-b.x)/b.w, (y-b.y)/b.h
		if q := u*u + v*v; q < 1 {
			k := -4 * b.height * (1 - q)
			gx += k * u / b.w
			gy += k * v / b.h
		}
	}
	return gx, gy
}

// lit is the light on a surface of colour c with normal (nx, ny, nz), of any length. Shadows turn warmer, as skin does.
func (p *painter) lit(c colour, nx, ny, nz, shine float32) colour {
	k := 1 / sqrt(nx*nx+ny*ny+nz*nz)
	diffuse := (nx*p.light[0] + ny*p.light[1] + nz*p.light[2]) * k
	d := max(0, (diffuse+0.25)/1.25)
	out := c.by(p.lamp).times(p.key * d)
	shade := c.by(colour{1, 0.92, 0.9}).times(p.ambient * (0.75 + 0.25*nz*k))
	out = colour{out.r + shade.r, out.g + shade.g, out.b + shade.b}
	// Blinn's highlight, exponent 16; the viewer is at (0, 0, 1).
	hz := p.light[2] + 1
	hl := 1 / sqrt(p.light[0]*p.light[0]+p.light[1]*p.light[1]+hz*hz)
	s := max(0, (nx*p.light[0]+ny*p.light[1]+nz*hz)*k*hl)
	s *= s
	s *= s
	s *= s
	s *= s * shine * p.key
	return colour{out.r + s, out.g + s, out.b + s}
}

func (p *painter) skin() {
	p.canvas.paint(p.head, box{0, 0, p.width + 0.1, p.top + 0.02}, func(x, y float32) (colour, float32) {
		r := p.headRadius(x, y)
		a := p.edge((r - 1) * p.width)
		if a == 0 {
			return colour{}, 0
		}
		r = min(r, 0.985)
		h := p.bottom
		if y < 0 {
			h = p.top
		}
		gx, gy := p.slope(x, y)
		nz := sqrt(1-r*r)*0.9 + 0.12
		c := p.complexion(x, y)
		c = p.lit(c, x/p.width*0.85-gx, y/h*0.75-gy, nz, 0.07)
		return c.times(p.occlusion(x, y)), a
	})
}

// stain is a soft ellipse on the skin: strength·(1-q), q = (dx/w)² + (dy/h)² < 1.
type stain struct{ x, y, w, h, strength float32 }

// stains are the places that blood reddens, and those that little light gets into: around the eyes, under nose and lip.
func (p *painter) stains() (red, dark []stain) {
	at := func(x, y, lift, w, h, strength float32) stain {
		px, py := p.place(x, y, lift)
		return stain{px, py, w, h, strength}
	}
	for _, s := range [2]float32{-1, 1} {
		red = append(red, at(s*0.27, 0.19, 0, 0.2, 0.16, 1))
		dark = append(dark, at(s*p.eyeGap*0.93, p.eyeY-0.02, 0, 0.17, 0.11, 0.2+0.1*p.age))
	}
	red = append(red, at(0, p.noseLong, 0.08, 0.11, 0.1, 0.7))
	under := at(0, p.noseLong+0.065, 0.06, 0.12, 0.05, 0.25)
	under.x -= 0.03 * p.light[0]
	return red, append(dark, under, at(0, p.mouthY+0.095, 0.02, 0.12, 0.035, 0.2))
}

// strength is the sum of stains at a point.
func strength(stains []stain, x, y float32) (sum float32) {
	for i := range stains {
		s := &stains[i]
		dx, dy := (x-s.x)/s.w, (y-s.y)/s.h
		sum += s.strength * max(0, 1-dx*dx-dy*dy)
	}
	return sum
}

// complexion is the skin's own colour: uneven tone, blush on cheeks and nose, freckles.
func (p *painter) complexion(x, y float32) colour {
	c := p.skinTone.times(0.96 + 0.08*noise(p.salt, x*7, y*7))
	red := strength(p.red, x, y)
	c = c.by(colour{1, 1 - p.blush*red, 1 - p.blush*red*0.9})
	if p.freckles > 0 && red > 0 {
		c = c.times(1 - p.freckles*red*smooth(0.62, 0.75, noise(p.salt+7, x*24, y*24)))
	}
	return c
}

// occlusion is the share of light that reaches the skin: less in hollows and in the lines of an old forehead.
func (p *painter) occlusion(x, y float32) float32 {
	k := 1 - strength(p.dark, x, y)
	if p.age > 0.3 && y < p.browY-0.05 {
		line := abs(noise(p.salt+3, x*1.5, y*16)-0.5) * 2
		k -= 0.12 * (p.age - 0.3) * (1 - smooth(0, 0.4, line))
	}
	return k
}

func (p *painter) ears() {
	for _, s := range [2]float32{-1, 1} {
		// The turn shows one ear and hides the other.
		x := s*(p.width-0.005) - 0.25*p.yaw
		y := float32(0.03) - 0.3*p.pitch
		p.canvas.paint(p.head, box{x, y, 0.12, 0.2}, func(u, v float32) (colour, float32) {
			dx, dy := (u-x)/0.085, (v-y)/0.155
			r := sqrt(dx*dx + dy*dy)
			if r > 1.4 {
				return colour{}, 0
			}
			c := p.lit(p.skinTone.by(colour{0.95, 0.8, 0.78}), s*0.5, dy*0.5, 0.6, 0.02)
			return c.times(0.65 + 0.35*smooth(0.2, 0.75, r)), p.edge((r - 1) * 0.09)
		})
	}
}
