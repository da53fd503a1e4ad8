package faces

import "math"

type hairStyle int

const (
	bald hairStyle = iota
	cropped
	shortParted
	fringe
	bob
	long
	curly
	tied
)

type hairTraits struct {
	style     hairStyle
	base      colour
	volume    float32 // thickness above the skull
	line      float32 // height of the hairline
	part      float32 // place of the parting
	rise      float32 // how steeply the hairline falls to the temples
	wave      float32
	length    float32 // y of the tips behind the head
	spread    float32
	highlight float32
}

var hairColours = []colour{
	srgb(22, 18, 18), srgb(36, 26, 22), srgb(58, 38, 26), srgb(84, 56, 36), srgb(116, 80, 48),
	srgb(158, 116, 68), srgb(206, 168, 108), srgb(222, 196, 146), srgb(126, 58, 30), srgb(160, 80, 42),
}

func newHair(d dice, t *traits) hairTraits {
	h := hairTraits{
		volume: d.in(0.04, 0.12), line: d.normal(-0.49, 0.035, 0.07), part: d.in(-0.2, 0.2), rise: d.in(0.45, 0.9),
		wave: d.Float32(), length: d.in(0.35, 1.3), spread: d.in(0.0, 0.16), highlight: d.in(0.2, 0.8),
	}
	dark := t.skinTone.r < srgb(200, 0, 0).r
	h.base = hairColours[d.IntN(4)]
	if !dark {
		h.base = hairColours[d.IntN(len(hairColours))]
	}
	h.base = h.base.times(d.in(0.8, 1.2))
	if d.chance((t.age - 0.25) * 1.6) {
		h.base = h.base.mix(srgb(190, 188, 186), d.in(0.4, 1))
	}
	if t.feminine > 0.5 {
		h.style = []hairStyle{long, long, long, bob, bob, fringe, curly, tied, shortParted}[d.IntN(9)]
	} else {
		h.style = []hairStyle{cropped, cropped, shortParted, shortParted, shortParted, fringe, curly, long, bald}[d.IntN(9)]
	}
	switch h.style {
	case cropped:
		h.volume = d.in(0.015, 0.05)
		h.line -= 0.06 * t.age
	case curly:
		h.volume, h.length = d.in(0.1, 0.26), d.in(-0.1, 0.7)*t.feminine
	case bob:
		h.length, h.volume = d.in(0.35, 0.7), d.in(0.07, 0.14)
	case long:
		h.length = d.in(0.8, 1.4)
	case tied:
		h.volume = d.in(0.02, 0.06)
	}
	return h
}

// strands is the brightness of hair at a point: streaks that fall from the parting, or curls.
func (p *painter) strands(x, y float32) float32 {
	h := &p.hair
	if h.style == curly {
		return 0.55 + 0.75*noise(p.salt+11, x*13+3*noise(p.salt, y*6, x*6), y*13)
	}
	wave := 0.05 * h.wave * float32(math.Sin(float64(9*y+6*h.part)))
	across := (x - h.part*0.5 + wave) / (0.65 + 0.35*smooth(-0.9, 0.2, y))
	return 0.62 + 0.4*noise(p.salt+13, across*20, y*1.6) + 0.25*noise(p.salt+17, across*46, y*2.5)
}

// tress is lit hair: the shell around the skull, streaks, and a band of highlight where the shell faces the lamp.
func (p *painter) tress(x, y, shade float32) colour {
	h := &p.hair
	w, top := p.width+h.volume, p.top+h.volume
	nx, ny := x/w, min(y/top, 0.25)
	nz := sqrt(max(0.04, 1-nx*nx-ny*ny))
	streak := p.strands(x, y)
	c := p.lit(h.base, nx, ny, nz, 0)
	d := nx*p.light[0] + ny*p.light[1] + nz*p.light[2]
	band := smooth(0.72, 0.95, d) * h.highlight * streak * streak
	c = c.mix(c.times(1.6), band)
	c = colour{c.r + 0.03*band, c.g + 0.028*band, c.b + 0.025*band}
	return c.times(streak * shade * 1.1)
}

// backHair is what hangs behind head and neck.
func (p *painter) backHair() {
	h := &p.hair
	if h.style == bald || h.style == cropped || h.style == shortParted || h.style == fringe && p.feminine < 0.5 {
		return
	}
	if h.style == tied {
		p.bun()
		return
	}
	w, top := p.width+h.volume, p.top+h.volume
	centre := -0.12 * p.yaw // the back of the head turns the other way
	p.canvas.paint(p.head, box{0, 0.2, w + 0.45, 1.6}, func(x, y float32) (colour, float32) {
		if p.headDistance(x, y) < -0.08 { // the face will cover it
			return colour{}, 0
		}
		u := x - centre
		var d float32
		if y < 0 {
			a, b := u/w, y/top
			d = (sqrt(a*a+b*b) - 1) * w
		} else {
			half := w + h.spread*smooth(0, 0.7, y) - 0.1*smooth(h.length-0.35, h.length, y)
			d = max(abs(u)-half, y-h.length-0.1*noise(p.salt+19, x*9, 0))
		}
		d += p.fray(x, y)
		a := clamp(0.5-d/(p.px*1.6), 0, 1)
		if a == 0 {
			return colour{}, 0
		}
		near := smooth(-0.02, 0.3, p.headDistance(x, y)) // darker next to face and neck
		return p.tress(x, y, 0.5+0.4*near), a
	})
}

// fray makes the outline of the hair uneven.
func (p *painter) fray(x, y float32) float32 {
	if p.hair.style == curly {
		return 0.09 * (noise(p.salt+23, x*9, y*9) - 0.5)
	}
	return 0.03 * (noise(p.salt+23, x*12, y*5) - 0.5)
}

func (p *painter) bun() {
	x, y, r := p.hair.part*0.6, -p.top-0.06, float32(0.2)
	p.canvas.paint(p.head, box{x, y, r + 0.05, r + 0.05}, func(u, v float32) (colour, float32) {
		dx, dy := u-x, v-y
		d := sqrt(dx*dx+dy*dy) - r + 0.02*(noise(p.salt+29, u*14, v*14)-0.5)
		return p.tress(u, v, 0.85), p.edge(d)
	})
}

// hairline is the y down to which hair covers the face at x.
func (p *painter) hairline(x float32) float32 {
	h := &p.hair
	cx, _ := p.place(0, -0.45, 0)
	u := (x - cx*0.8) / p.width
	temple := h.rise * u * u * u * u
	jag := 0.05 * noise(p.salt+31, x*16, 0)
	switch h.style {
	case cropped:
		return h.line + 0.62*u*u*u*u + 0.25*jag + 0.07*p.age*(1-min(1, abs(abs(u)-0.5)*4))
	case fringe:
		return lerp(h.line, p.browY-0.03, 0.75) + 2.2*jag - 0.06 + 0.5*temple + 0.15*h.part*u
	case shortParted:
		v := (x - h.part*1.1) / p.width
		return h.line - 0.06 + 0.14*abs(v) + 0.45*temple + 0.6*jag
	case curly:
		return h.line + 0.6*temple + 1.5*jag
	case tied:
		return h.line - 0.02 + 0.55*u*u*u*u
	}
	// long and bob: curtains that leave the parting and fall beside the cheeks
	v := abs(x-h.part-0.3*p.yaw) / p.width
	return h.line - 0.1 + 0.36*v*v + 1.5*temple*abs(u) + 0.5*jag
}

func (p *painter) frontHair() {
	h := &p.hair
	if h.style == bald {
		p.fringeOfBald()
		return
	}
	w, top := p.width+h.volume*0.8, p.top+h.volume
	below := float32(0.05) // hair at the sides ends above the ear lobes
	switch h.style {
	case long, bob:
		below = min(h.length, 0.75)
	case curly, fringe:
		below = 0.15 + 0.3*p.feminine*clamp(h.length, 0, 1)
	case cropped, tied:
		below = -0.02
	}
	p.canvas.paint(p.head, box{0, 0, w + 0.1, top + 0.08}, func(x, y float32) (colour, float32) {
		a, b := x/w, y/top
		if y > 0 {
			b = y / 1.3
		}
		outer := (sqrt(a*a+b*b) - 1) * w
		if max(outer, y-below) > 0.15 {
			return colour{}, 0
		}
		outer += p.fray(x, y)
		inner := y - p.hairline(x)
		d := max(outer, inner, y-below-0.1*(noise(p.salt+37, x*14, 0)-0.5))
		alpha := clamp(0.5-d/(p.px*1.5), 0, 1)
		if alpha == 0 {
			// The hair's shadow on the forehead.
			if d < 0.06 && outer < -0.04 && y < 0 {
				return p.skinTone.by(colour{0.3, 0.2, 0.18}), 0.35 * (1 - d/0.06)
			}
			return colour{}, 0
		}
		c := p.tress(x, y, 0.72+0.28*smooth(0, -0.12, d))
		if h.style == cropped {
			c = c.mix(p.skinTone.times(0.4), 0.18*smooth(-0.3, 0, inner))
		}
		return c, alpha
	})
}

// fringeOfBald is the short hair that remains at the sides.
func (p *painter) fringeOfBald() {
	if p.age < 0.15 {
		return
	}
	p.canvas.paint(p.head, box{0, -0.1, p.width + 0.03, 0.3}, func(x, y float32) (colour, float32) {
		rim := smooth(0.86, 0.97, abs(x)/p.width/sqrt(max(0.1, 1-y*y/p.top/p.top)))
		a := rim * p.edge(p.headDistance(x, y)-0.015) * smooth(-0.4, -0.2, y) * smooth(0.12, 0.02, y)
		return p.tress(x, y, 0.8), 0.85 * a
	})
}
