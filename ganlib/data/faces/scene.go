package faces

import "math"

func (p *painter) background() {
	sx, sy := float32(math.Cos(float64(p.backAngle))), float32(math.Sin(float64(p.backAngle)))
	all := newFrame(0, 0, 1, 0)
	p.canvas.paint(all, box{0, 0, 1, 1}, func(x, y float32) (colour, float32) {
		c := p.back[0].mix(p.back[1], smooth(-1.1, 1.1, x*sx+y*sy))
		return c.times(0.85 + 0.3*noise(p.salt+41, x*1.7+9, y*1.7)), 1
	})
	for _, s := range p.lights {
		p.canvas.paint(all, box{s.x, s.y, s.r, s.r}, func(x, y float32) (colour, float32) {
			dx, dy := x-s.x, y-s.y
			return s.c, s.alpha * smooth(s.r, s.r*0.6, sqrt(dx*dx+dy*dy))
		})
	}
}

// body is neck, shoulders and clothes.
func (p *painter) body() {
	chin := p.bottom
	neck := 0.27 - 0.05*p.feminine
	shoulder := chin + 0.26
	p.canvas.paint(p.torso, box{0, 0.9, 1.3, 0.6}, func(x, y float32) (colour, float32) {
		half := neck + 0.25*smooth(chin, shoulder+0.3, y)*smooth(chin, shoulder+0.3, y)
		a := p.edge(max(abs(x)-half, 0.3-y))
		if a == 0 {
			return colour{}, 0
		}
		nx := x / half
		c := p.lit(p.skinTone, nx*0.8, 0.1, sqrt(max(0.05, 1-nx*nx)), 0.02)
		shadow := 1 - 0.55*smooth(0.28, 0.02, y-chin+0.06) // cast by the chin
		return c.times(shadow), a
	})
	collar := p.cloth.times(0.8)
	width := 1.1 - 0.18*p.feminine
	p.canvas.paint(p.torso, box{0, 1.1, 1.4, 0.5}, func(x, y float32) (colour, float32) {
		u := x / width
		top := shoulder - 0.08 + 0.4*u*u*u*u + 0.16*u*u
		open := shoulder - 0.1 + p.neckline*max(0, 1-abs(x)/(neck+p.collar)) // the neckline
		d := max(top-y, open-y, (abs(u)-1)*0.5)
		a := p.edge(d * 0.9)
		if a == 0 {
			return colour{}, 0
		}
		fold := 0.8 + 0.4*noise(p.salt+43, x*5+y*3, y*2)
		c := p.lit(p.cloth, u*0.7, -0.25, 0.8, 0).times(fold)
		return c.mix(collar.times(p.ambient), 0.5*smooth(0.05, 0, y-open)*smooth(neck+p.collar, neck*0.5, abs(x))), a
	})
}

type beardStyle int

const (
	shaven beardStyle = iota
	stubble
	fullBeard
	goatee
	moustache
)

func (t *traits) shave(d dice) {
	style, on := beardStyle(d.IntN(5)), d.in(0.6, 0.95)
	if t.feminine > 0.45 || d.chance(0.4) {
		return
	}
	t.beardOf, t.beardOn = style, on
	if style == stubble {
		t.beardOn = d.in(0.15, 0.4)
	}
}

func (p *painter) beard() {
	if p.beardOf == shaven {
		return
	}
	mx, my := p.place(0, p.mouthY, 0.03)
	c := p.hair.base.mix(srgb(40, 30, 26), 0.3)
	p.canvas.paint(p.head, box{0, 0.45, p.width + 0.05, 0.42}, func(x, y float32) (colour, float32) {
		u, v := (x-mx)/p.mouthW, y-my
		lip := max(0, 1-u*u/1.1) * p.edge(abs(v+0.085)-0.035-0.01*(1-abs(u)))     // moustache
		chin := smooth(1.25, 0.95, sqrt(u*u+(v-0.16)*(v-0.16)/0.03))              // goatee
		cheek := p.mouthY - 0.02 - 0.5*abs(x-mx) + 0.08*noise(p.salt+47, x*10, 0) // lower edge of the bare cheek
		edge := lerp(cheek, -0.05, smooth(0.7, 0.95, abs(x)/p.width))             // sideburns
		jaw := smooth(edge-0.03, edge+0.12, y) * (1 - 0.75*smooth(1.3, 0.85, sqrt(u*u+v*v/0.004)))
		inside := p.edge(p.headDistance(x, y) - 0.01)
		if inside == 0 {
			return colour{}, 0
		}
		var a float32
		switch p.beardOf {
		case moustache:
			a = lip
		case goatee:
			a = max(chin*smooth(0.05, 0.09, v), lip*0.9, chin*smooth(0.8, 1, abs(u))*0.8)
		default:
			a = max(jaw, lip*0.9)
		}
		grain := 0.7 + 0.5*noise(p.salt+53, x*34, y*24)
		a *= p.beardOn * min(1, grain) * inside
		return p.lit(c, x/p.width*0.8, y*0.7, 0.6, 0).times(grain), a
	})
}
