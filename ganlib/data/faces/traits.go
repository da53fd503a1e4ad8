package faces

import (
	"math"
	"math/rand/v2"
)

// traits is everything that makes one picture. Lengths are in units of half a canvas at scale 1; the origin of the
// head is between the eyes and the tip of the nose, y down.
type traits struct {
	head, torso frame
	yaw, pitch  float32 // sine of the turn to the side and up/down

	// Head.
	width, top, bottom float32 // half width, skull above and chin below the origin
	jaw, square        float32 // how much the jaw narrows, how square it is
	feminine, age      float32 // 0 … 1
	skinTone, lipTone  colour
	blush, freckles    float32

	// Light.
	light        [3]float32
	ambient, key float32
	lamp         colour

	// Features.
	eyeGap, eyeY, eyeW, eyeH, eyeSlant   float32
	gazeX, gazeY                         float32
	iris                                 colour
	browY, browThick, browArch, browTilt float32
	noseLong, noseWide, noseHigh         float32
	mouthY, mouthW, lips, smile, open    float32
	mouthSkew                            float32

	hair    hairTraits
	beardOf beardStyle
	beardOn float32

	glassesOf          glassesStyle
	frameColour        colour
	glassesW, glassesH float32

	// Scene.
	back             [2]colour
	backAngle        float32
	lights           []spot
	cloth            colour
	collar, neckline float32
	exposure         colour
	vignette         float32
	salt             uint32
}

type spot struct {
	x, y, r, alpha float32
	c              colour
}

type dice struct{ *rand.Rand }

func (d dice) in(lo, hi float32) float32 { return lo + (hi-lo)*d.Float32() }
func (d dice) chance(p float32) bool     { return d.Float32() < p }
func (d dice) sign() float32             { return float32(1 - 2*d.IntN(2)) }
func (d dice) normal(mean, std, limit float32) float32 {
	return mean + clamp(std*float32(d.NormFloat64()), -limit, limit)
}

// skinTones runs from light to dark.
var skinTones = []colour{
	srgb(252, 222, 200), srgb(245, 205, 175), srgb(234, 188, 152), srgb(215, 162, 122),
	srgb(190, 132, 92), srgb(152, 99, 66), srgb(112, 72, 50), srgb(82, 54, 40),
}

var irises = []colour{
	srgb(70, 44, 26), srgb(92, 60, 34), srgb(50, 34, 24), srgb(96, 120, 80), srgb(86, 122, 150), srgb(120, 140, 150),
}

func newTraits(r *rand.Rand) *traits {
	d := dice{r}
	t := &traits{salt: d.Uint32()}
	t.pose(d)
	t.build(d)
	t.illuminate(d)
	t.express(d)
	t.hair = newHair(d, t)
	t.shave(d)
	t.dress(d)
	return t
}

func (t *traits) pose(d dice) {
	roll := d.normal(0, 0.09, 0.22)
	x, y, scale := d.normal(0, 0.05, 0.12), d.normal(0.04, 0.035, 0.09), d.normal(1.0, 0.06, 0.13)
	t.head = newFrame(x, y, scale, roll)
	t.torso = newFrame(x+d.normal(0, 0.03, 0.06), y, scale, roll*0.25)
	t.yaw = float32(math.Sin(float64(d.normal(0, 0.17, 0.36))))
	t.pitch = float32(math.Sin(float64(d.normal(0, 0.09, 0.2))))
}

func (t *traits) build(d dice) {
	t.feminine = smooth(0, 1, d.Float32())
	t.age = d.Float32() * d.Float32()
	t.width = d.normal(0.515, 0.025, 0.05) - 0.02*t.feminine
	t.top = d.normal(0.78, 0.025, 0.05)
	t.bottom = d.normal(0.715, 0.03, 0.06) - 0.02*t.feminine
	t.jaw = d.in(0.12, 0.30) + 0.10*t.feminine
	t.square = clamp(d.in(0.15, 0.75)-0.35*t.feminine, 0, 1)
	tone := d.Float32() * float32(len(skinTones)-1) * 0.999
	k := int(tone)
	t.skinTone = skinTones[k].mix(skinTones[k+1], tone-float32(k))
	t.skinTone = t.skinTone.by(colour{d.in(0.95, 1.05), d.in(0.95, 1.03), d.in(0.92, 1.06)})
	t.lipTone = t.skinTone.by(colour{0.82, 0.46, 0.46})
	if t.feminine > 0.5 && d.chance(0.6) {
		t.lipTone = t.lipTone.mix([]colour{srgb(190, 40, 60), srgb(200, 84, 96), srgb(150, 36, 60)}[d.IntN(3)], d.in(0.2, 0.75))
	}
	t.blush = d.in(0.05, 0.2) + 0.15*t.feminine*d.Float32()
	if d.chance(0.08) {
		t.freckles = d.in(0.15, 0.35)
	}
}

func (t *traits) illuminate(d dice) {
	azimuth, elevation := float64(d.normal(0, 0.6, 1.15)), float64(d.in(0.05, 0.85))
	t.light = [3]float32{
		float32(math.Sin(azimuth) * math.Cos(elevation)), -float32(math.Sin(elevation)),
		float32(math.Cos(azimuth) * math.Cos(elevation)),
	}
	t.ambient = d.in(0.22, 0.5)
	t.key = d.in(0.9, 1.15) - 0.75*t.ambient
	warm := d.normal(0, 0.06, 0.12)
	t.lamp = colour{1 + warm, 1, 1 - warm}
	t.exposure = colour{1, 1, 1}.times(d.in(0.85, 1.15))
	t.vignette = d.in(0, 0.3)
}

func (t *traits) express(d dice) {
	t.eyeGap = d.normal(0.222, 0.01, 0.02)
	t.eyeY = d.normal(-0.085, 0.012, 0.025)
	t.eyeW = d.normal(0.112, 0.008, 0.016) + 0.005*t.feminine
	t.eyeH = d.normal(0.048, 0.01, 0.022) + 0.006*t.feminine
	t.eyeSlant = d.normal(0.06, 0.08, 0.16)
	t.gazeX, t.gazeY = d.normal(0, 0.012, 0.03), d.normal(0, 0.006, 0.012)
	t.iris = irises[d.IntN(3)]
	if t.skinTone.r > srgb(215, 0, 0).r && d.chance(0.55) {
		t.iris = irises[3+d.IntN(3)]
	}
	t.browY = d.normal(-0.215, 0.014, 0.03)
	t.browThick = d.in(0.02, 0.034) - 0.008*t.feminine
	t.browArch = d.in(0.015, 0.05)
	t.browTilt = d.normal(0, 0.06, 0.12)
	t.noseLong = d.normal(0.2, 0.018, 0.04)
	t.noseWide = d.normal(0.085, 0.013, 0.026)
	t.noseHigh = d.in(0.75, 1.3)
	t.mouthY = d.normal(0.43, 0.014, 0.03)
	t.mouthW = d.normal(0.165, 0.015, 0.03)
	t.lips = d.in(0.7, 1.3) + 0.15*t.feminine
	t.smile = d.normal(0.45, 0.45, 0.8)
	t.mouthSkew = d.normal(0, 0.05, 0.12)
	switch {
	case t.smile > 0.35 && d.chance(0.75): // a broad smile shows teeth
		t.open = d.in(0.25, 0.9) * min(1, t.smile+0.2)
		t.mouthW += 0.035 * t.smile
	case d.chance(0.12):
		t.open = d.in(0.3, 0.8)
	}
	t.eyeH -= 0.012 * clamp(t.smile, 0, 1)
}

// dress chooses what is around the face.
func (t *traits) dress(d dice) {
	t.cloth = hue(d.Float32(), d.in(0, 0.75), d.in(0.06, 0.75))
	t.collar, t.neckline = d.in(0.05, 0.3), d.in(0.05, 0.45)*lerp(0.5, 1.2, t.feminine)
	base := hue(d.Float32(), d.in(0, 0.45), d.in(0.05, 0.85))
	t.back = [2]colour{base, base.mix(hue(d.Float32(), d.in(0, 0.45), d.in(0.05, 0.9)), d.in(0.2, 0.9))}
	t.backAngle = d.in(-math.Pi, math.Pi)
	for range d.IntN(4) * d.IntN(3) {
		t.lights = append(t.lights, spot{
			d.in(-1.1, 1.1), d.in(-1.1, 0.6), d.in(0.1, 0.5), d.in(0.05, 0.35),
			hue(d.Float32(), d.in(0, 0.5), d.in(0.1, 1)),
		})
	}
	if d.chance(0.14 + 0.12*t.age) {
		t.glassesOf = glassesStyle(1 + d.IntN(2))
		if d.chance(0.15) {
			t.glassesOf = sunglasses
		}
	}
	t.frameColour = []colour{srgb(20, 18, 18), srgb(60, 36, 24), srgb(120, 112, 100), srgb(40, 44, 60)}[d.IntN(4)]
	t.glassesW, t.glassesH = d.in(0.15, 0.175), d.in(0.095, 0.135)
}

// hue is a colour of hue h (0 … 1), saturation and lightness as they look on a screen.
func hue(h, saturation, value float32) colour {
	channel := func(shift float32) float32 {
		_, f := math.Modf(float64(h + shift))
		w := clamp(abs(float32(f)*6-3)-1, 0, 1)
		v := value * lerp(1, w, saturation)
		return v * v
	}
	return colour{channel(1), channel(1 + 2.0/3), channel(1 + 1.0/3)}
}
