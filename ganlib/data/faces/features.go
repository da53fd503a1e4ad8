package faces

func side(i int) float32 { return float32(2*i - 1) }

func (p *painter) eye(i int) {
	s := side(i)
	cx, cy := p.place(s*p.eyeGap, p.eyeY, -0.01)
	narrow := p.shorten(s * p.eyeGap)
	w := p.eyeW * narrow
	lamp := p.key*0.75 + p.ambient
	lid := p.skinTone.by(colour{0.38, 0.28, 0.26})
	lash := srgb(26, 18, 16).mix(lid, 0.35*(1-p.feminine))
	lashWide := 0.012 + 0.008*p.feminine
	p.canvas.paint(p.head, box{cx, cy, p.eyeW * 1.3, 0.13}, func(x, y float32) (colour, float32) {
		u := (x - cx) / w
		y -= cy - p.eyeSlant*s*(x-cx)*0.6
		arch := max(0, 1-u*u)
		upper, lower := -p.eyeH*arch, 0.62*p.eyeH*arch
		inside := p.edge(max(upper-y, y-lower)) * p.edge((abs(u)-1)*w)
		// The crease of the lid and the lashes lie outside of the opening.
		over := abs(y-upper+0.032) - 0.004
		crease := 0.45 * p.edge(over) * smooth(1.15, 0.7, abs(u))
		line := p.edge(abs(y-upper)-lashWide) * smooth(1.2, 0.95, abs(u))
		under := 0.4 * p.edge(abs(y-lower)-0.004) * smooth(1.1, 0.8, abs(u))
		if inside == 0 {
			if line >= max(crease, under) {
				return lash, line * 0.9
			}
			return lid, max(crease, under)
		}
		c := p.ball(x-cx-p.gazeX, y-p.gazeY, narrow, u).times(lamp * (1 - 0.45*smooth(upper+0.035, upper, y)))
		c = c.mix(lash, line*0.9)
		return c, max(inside, line*0.9)
	})
	p.glint(cx, cy)
}

// ball is the colour of the eyeball at (x, y) from the middle of the pupil.
func (p *painter) ball(x, y, narrow, u float32) colour {
	white := srgb(216, 209, 204).times(1 - 0.35*u*u)
	x /= narrow
	r := sqrt(x*x + y*y)
	const iris, pupil = 0.054, 0.024
	c := p.iris.times(1.25 - 0.75*r/iris)
	c = c.times(1-0.35*smooth(iris*0.75, iris, r)).mix(srgb(8, 6, 6), p.edge(r-pupil))
	return white.mix(c, p.edge(r-iris))
}

func (p *painter) glint(cx, cy float32) {
	x, y := cx+p.gazeX+0.022*p.light[0], cy+p.gazeY+0.02*p.light[1]
	p.canvas.paint(p.head, box{x, y, 0.03, 0.03}, func(u, v float32) (colour, float32) {
		d := sqrt((u-x)*(u-x) + (v-y)*(v-y))
		return colour{1, 1, 1}, 0.8 * p.edge(d-0.013)
	})
}

func (p *painter) brow(i int) {
	s := side(i)
	cx, cy := p.place(s*(p.eyeGap+0.005), p.browY, 0.02)
	w := 0.145 * p.shorten(s*p.eyeGap)
	c := p.hair.base.mix(srgb(30, 22, 18), 0.35).mix(p.skinTone, 0.12)
	p.canvas.paint(p.head, box{cx, cy, 0.2, 0.12}, func(x, y float32) (colour, float32) {
		u := s * (x - cx) / w // -1 at the nose, 1 at the temple
		v := y - cy + p.browTilt*u*0.14 + p.browArch*(1-u*u) - 0.02
		thick := p.browThick * (1 - 0.45*smooth(-0.2, 1, u)) * smooth(-1.15, -0.75, u)
		a := clamp(0.5-(abs(v)-thick)/(p.px*1.2), 0, 1) * smooth(1.1, 0.85, abs(u))
		return c.times(p.key*0.5 + p.ambient), a * (0.62 + 0.3*noise(p.salt+5, x*60, y*20))
	})
}

func (p *painter) nose() {
	dark := p.skinTone.by(colour{0.16, 0.09, 0.08})
	for _, s := range [2]float32{-1, 1} {
		x, y := p.place(s*p.noseWide*0.5, p.noseLong+0.052, 0.075)
		w := 0.03 * p.shorten(s*0.1)
		p.canvas.paint(p.head, box{x, y, 0.06, 0.04}, func(u, v float32) (colour, float32) {
			dx, dy := (u-x)/w, (v-y+0.2*(u-x)*s)/0.014
			return dark, 0.7 * p.edge((sqrt(dx*dx+dy*dy)-1)*0.018)
		})
	}
	// The shadow that the nose casts away from the lamp.
	bx, by := p.place(0, p.noseLong-0.02, 0.05)
	bx -= p.light[0] * 0.085
	shadow := p.skinTone.by(colour{0.3, 0.2, 0.18})
	p.canvas.paint(p.head, box{bx, by, 0.1, 0.16}, func(u, v float32) (colour, float32) {
		dx, dy := (u-bx)/0.07, (v-by)/0.14
		q := max(0, 1-dx*dx-dy*dy)
		return shadow, 0.5 * q * q * abs(p.light[0]) * (1 - p.ambient)
	})
}

func (p *painter) mouth() {
	cx, cy := p.place(0, p.mouthY, 0.04)
	w := p.mouthW * p.shorten(0)
	gap := p.open * 0.075
	lamp := p.ambient*0.8 + p.key*clamp(0.35+0.5*p.light[2], 0, 1)
	lip := p.lipTone
	inside := srgb(58, 20, 22)
	p.canvas.paint(p.head, box{cx, cy, p.mouthW * 1.25, 0.2}, func(x, y float32) (colour, float32) {
		u := (x - cx) / w
		arch := max(0, 1-u*u)
		y -= cy + p.smile*0.065*(0.5-u*u) + p.mouthSkew*(x-cx)
		upper := -gap * 0.35 * arch
		lower := gap * 0.65 * arch
		bow := 1 - 0.28*max(0, 1-16*u*u) // Cupid's bow
		top := upper - 0.036*p.lips*sqrt(arch)*bow
		bottom := lower + 0.044*p.lips*arch
		a := p.edge(max(top-y, y-bottom)) * smooth(1.08, 0.9, abs(u))
		line := 0.75 * p.edge(abs(y-(upper+lower)/2)-gap/2-0.007) * smooth(1.2, 0.95, abs(u))
		if a == 0 && line == 0 {
			return colour{}, 0
		}
		shade := float32(0.72) // the upper lip looks down
		if y > lower {
			shade = 0.9 + 0.25*max(0, 1-abs(y-(lower+bottom)/2)/0.02)*(1-u*u)
		}
		c := lip.times(lamp * shade)
		hole := p.edge(max(upper-y, y-lower))
		if gap > 0.01 && hole > 0 {
			teeth := srgb(228, 218, 206).times(lamp * (1 - 0.5*u*u))
			c = c.mix(inside.times(lamp).mix(teeth, p.edge(y-lerp(upper, lower, 0.72))), hole)
			return c, max(a, hole*smooth(1.05, 0.9, abs(u)))
		}
		return c.mix(inside.times(lamp), line), max(a*0.9, line)
	})
}

type glassesStyle int

const (
	noGlasses glassesStyle = iota
	roundGlasses
	squareGlasses
	sunglasses
)

func (p *painter) glasses() {
	if p.glassesOf == noGlasses {
		return
	}
	const rim = 0.013
	var centre [2][2]float32
	var wide [2]float32
	for i := range 2 {
		s := side(i)
		centre[i][0], centre[i][1] = p.place(s*(p.eyeGap+0.005), p.eyeY+0.02, 0.06)
		wide[i] = p.glassesW * p.shorten(s*p.eyeGap)
	}
	lens := func(i int, x, y float32) float32 { // signed distance to a rim
		u, v := abs(x-centre[i][0])/wide[i], abs(y-centre[i][1])/p.glassesH
		if p.glassesOf != roundGlasses {
			u, v = u*u, v*v
		}
		r := sqrt(u*u + v*v)
		if p.glassesOf != roundGlasses {
			r = sqrt(r)
		}
		return (r - 1) * min(wide[i], p.glassesH)
	}
	mid := box{(centre[0][0] + centre[1][0]) / 2, centre[0][1], 0.75, 0.2}
	p.canvas.paint(p.head, mid, func(x, y float32) (colour, float32) {
		i := 0
		if x > mid.x {
			i = 1
		}
		d := lens(i, x, y)
		a := p.edge(abs(d) - rim)
		dy := y - mid.y + 0.03
		if d > 0 { // bridge between the lenses, temples out to the ears
			inner := x > centre[0][0] && x < centre[1][0]
			if inner || p.headRadius(x, y) < 1.02 {
				a = max(a, p.edge(abs(dy)-rim))
			}
		}
		c := p.frameColour.times(0.6 + 0.8*p.key*max(0, p.light[2]))
		if a < 1 && d < 0 {
			glare := 0.1 + 0.12*smooth(0.03, -0.12, y-mid.y+0.6*(x-centre[i][0]))
			if p.glassesOf == sunglasses {
				return srgb(16, 16, 20).mix(colour{1, 1, 1}, glare*0.3).mix(c, a), 0.94
			}
			return colour{0.9, 0.95, 1}.mix(c, a), max(a, glare*0.6)
		}
		return c, a
	})
}
