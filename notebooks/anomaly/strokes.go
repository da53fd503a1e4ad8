package anomaly

import (
	"math"
	"math/rand/v2"
)

// point lies in a box of 1 × 1; y grows downwards.
type point struct{ x, y float64 }

// stroke is a line through points.
type stroke []point

// glyphs are the strokes of the ten digits.
var glyphs = [10][]stroke{
	{arc(0.5, 0.5, 0.38, 0.5, 0, 360)},
	{{{0.5, 0}, {0.5, 1}}},
	{append(arc(0.5, 0.28, 0.36, 0.28, 190, 400), point{0.12, 1}, point{0.9, 1})},
	{arc(0.45, 0.26, 0.34, 0.26, 200, 450), arc(0.45, 0.75, 0.38, 0.25, 270, 520)},
	{{{0.68, 1}, {0.68, 0}, {0.1, 0.65}, {0.95, 0.65}}},
	{{{0.85, 0}, {0.25, 0}, {0.2, 0.45}}, arc(0.45, 0.68, 0.38, 0.32, 230, 510)},
	{append(stroke{{0.72, 0}, {0.3, 0.3}}, arc(0.5, 0.72, 0.34, 0.28, 200, 560)...)},
	{{{0.1, 0}, {0.9, 0}, {0.4, 1}}},
	{arc(0.5, 0.25, 0.3, 0.25, 0, 360), arc(0.5, 0.75, 0.36, 0.25, 0, 360)},
	{arc(0.5, 0.28, 0.33, 0.28, 0, 360), {{0.83, 0.28}, {0.8, 0.6}, {0.6, 1}}},
}

// arc is a piece of an ellipse between two angles in degrees; 0 is to the right, 90 downwards.
func arc(x, y, rx, ry, from, to float64) (s stroke) {
	const pieces = 14
	for i := range pieces + 1 {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/pieces) * math.Pi / 180)
		s = append(s, point{x + rx*cos, y + ry*sin})
	}
	return s
}

// side of a drawn digit in pixels, as MNIST has it.
const side = 28

// drawn is a digit in a hand of its own: size, slant, turn, place, the stroke's width and every point vary.
func drawn(digit int, rng *rand.Rand) []byte {
	vary := func(by float64) float64 { return by * (2*rng.Float64() - 1) }
	height, width := 19+vary(2), 13+vary(2.5)
	slant, turn := 0.15+vary(0.3), vary(0.12)
	dx, dy, half := side/2+vary(1.2), side/2+vary(1.2), 1.15+vary(0.4)
	sin, cos := math.Sincos(turn)
	var lines []stroke
	for _, s := range glyphs[digit] {
		var line stroke
		for _, p := range s {
			y := (p.y - 0.5 + vary(0.012)) * height
			x := (p.x-0.5+vary(0.015))*width - slant*y
			line = append(line, point{dx + x*cos - y*sin, dy + x*sin + y*cos})
		}
		lines = append(lines, line)
	}
	pixels := make([]byte, side*side)
	for i := range pixels {
		at := point{float64(i%side) + 0.5, float64(i/side) + 0.5}
		pixels[i] = byte(255 * max(0, min(1, half+0.5-distance(at, lines))))
	}
	return pixels
}

// distance of a point from the nearest line.
func distance(p point, lines []stroke) float64 {
	nearest := math.Inf(1)
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			nearest = min(nearest, squareFromSegment(p, line[i-1], line[i]))
		}
	}
	return math.Sqrt(nearest)
}

func squareFromSegment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		t = max(0, min(1, ((p.x-a.x)*dx+(p.y-a.y)*dy)/length))
	}
	x, y := p.x-a.x-t*dx, p.y-a.y-t*dy
	return x*x + y*y
}
