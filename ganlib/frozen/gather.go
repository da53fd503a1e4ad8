package frozen

// grid is how an activation lies in memory: pixel by pixel, map by map, a vector of lanes for each, with a margin of
// zeros, so that a kernel may reach over the edge.
type grid struct {
	Shape
	margin int
}

// at is the place of a pixel's first map, in elements.
func (g grid) at(y, x int) int { return ((y+g.margin)*g.row() + x + g.margin) * g.Maps }

func (g grid) row() int      { return g.Width + 2*g.margin }
func (g grid) elements() int { return (g.Height + 2*g.margin) * g.row() * g.Maps }

// tap is a pixel that an output pixel reads, relative to its own, at a place of the kernel.
type tap struct{ dy, dx, ky, kx int }

// phase is the outputs that read with the same weights: every so many of a row, and every so many rows.
type phase struct {
	y, x, height, width int // its first output, and how many it has
	taps                []tap
	runs                []run
	blocks              []block
}

// block is the weights of some maps, in the order in which a tile reads them.
type block struct {
	map0, maps int
	w          []float32
}

// gather computes an activation from another, out = bias + Σ weight · in: a convolution with inStride > 1, a transposed one
// with outStride > 1, and the gradient of each, which is one of the other kind.
type gather struct {
	in, out             grid
	inStride, outStride int
	bias                []float32
	phases              []phase
	by                  tiles
}

// convolve reads input y·stride + k − before for output y.
func convolve(in, out Shape, kernel, stride, before int) *gather {
	p := phase{height: out.Height, width: out.Width}
	for ky := range kernel {
		for kx := range kernel {
			p.taps = append(p.taps, tap{ky - before, kx - before, ky, kx})
		}
	}
	return &gather{in: grid{Shape: in}, out: grid{Shape: out}, inStride: stride, outStride: 1, phases: []phase{p}}
}

// transpose reads input (y + before − k)/stride for output y, where that is whole: other places of the kernel for every
// phase of stride × stride outputs.
func transpose(in, out Shape, kernel, stride, before int) *gather {
	g := &gather{in: grid{Shape: in}, out: grid{Shape: out}, inStride: 1, outStride: stride}
	for y := range min(stride, out.Height) {
		for x := range min(stride, out.Width) {
			p := phase{y: y, x: x, height: ceil(out.Height-y, stride), width: ceil(out.Width-x, stride)}
			for _, ky := range places(y+before, kernel, stride) {
				for _, kx := range places(x+before, kernel, stride) {
					p.taps = append(p.taps, tap{(y + before - ky) / stride, (x + before - kx) / stride, ky, kx})
				}
			}
			g.phases = append(g.phases, p)
		}
	}
	return g
}

// places are those of a kernel that fall on inputs, the input before the others first.
func places(at, kernel, stride int) []int {
	var list []int
	for k := kernel - 1; k >= 0; k-- {
		if (at-k)%stride == 0 {
			list = append(list, k)
		}
	}
	return list
}

func ceil(a, b int) int { return (a + b - 1) / b }

// reach is the margin that the input needs.
func (g *gather) reach() int {
	margin := 0
	for _, p := range g.phases {
		for _, t := range p.taps {
			margin = max(margin, -t.dy, -t.dx,
				(p.height-1)*g.inStride+t.dy-(g.in.Height-1), (p.width-1)*g.inStride+t.dx-(g.in.Width-1))
		}
	}
	return margin
}

// prepare lays runs and weights out for inputs and outputs of these margins.
func (g *gather) prepare(in, out int, bias []float32, weight func(ky, kx, in, out int) float32) {
	g.in.margin, g.out.margin, g.bias, g.by = in, out, bias, fastest()
	for i := range g.phases {
		p := &g.phases[i]
		p.runs = g.runsOf(p.taps)
		for m := 0; m < g.out.Maps; {
			b := block{map0: m, maps: p.tileMaps(g.out.Maps - m)}
			for _, t := range p.taps {
				for k := range g.in.Maps {
					for j := range b.maps {
						b.w = append(b.w, weight(t.ky, t.kx, k, m+j))
					}
				}
			}
			p.blocks = append(p.blocks, b)
			m += b.maps
		}
	}
}

// runsOf joins taps that lie side by side.
func (g *gather) runsOf(taps []tap) []run {
	var runs []run
	for _, t := range taps {
		at := (t.dy*g.in.row() + t.dx) * g.in.Maps
		if n := len(runs); n > 0 && runs[n-1].at+runs[n-1].n == at {
			runs[n-1].n += g.in.Maps
		} else {
			runs = append(runs, run{at, g.in.Maps})
		}
	}
	return runs
}

// tileMaps is how many maps the next tile takes: what is fastest for rows of so many pixels.
func (p *phase) tileMaps(left int) int {
	switch {
	case p.width >= 3 && left >= 4:
		return 4
	case p.width < 3 && left >= 8:
		return 8
	}
	return 1
}

// compute fills the outputs, but not their margin.
func (g *gather) compute(in, out []float32) {
	for i := range g.phases {
		p := &g.phases[i]
		t := tile{by: g.by, in: in, out: out, runs: p.runs, step: g.inStride * g.in.Maps, outStep: g.outStride * g.out.Maps}
		for y := range p.height {
			at, to := g.in.at(y*g.inStride, 0), g.out.at(p.y+y*g.outStride, p.x)
			for _, b := range p.blocks {
				t.w, t.bias = b.w, g.bias[b.map0:]
				t.row(at, to+b.map0, p.width, b.maps)
			}
		}
	}
}

// row computes some maps of a row of outputs. The last tile begins early enough to be whole, and computes some again.
func (t *tile) row(at, to, width, maps int) {
	pixels, compute := 1, t.by.gather1x1
	switch {
	case maps == 4:
		pixels, compute = 3, t.by.gather3x4
	case maps == 8:
		compute = t.by.gather1x8
	case width >= 7:
		pixels, compute = 7, t.by.gather7x1
	}
	for x := 0; x < width; x += pixels {
		first := min(x, width-pixels)
		t.at, t.to = at+first*t.step, to+first*t.outStep
		compute(t)
	}
}
