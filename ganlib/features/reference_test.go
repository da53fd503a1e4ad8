package features

import "math"

// maps are [h, w, c] numbers in float64.
type maps struct {
	h, w, c int
	v       []float64
}

// layer is what a file has of a convolution: its kernel [out, in, kh, kw] and γ, β, mean, variance.
type layer struct {
	kernel []float32
	norm   [4][]float32
}

// reference computes pieces by their definitions, one number at a time.
type reference map[string]layer

func (r reference) of(p piece, x maps) maps {
	switch p := p.(type) {
	case chain:
		for _, part := range p {
			x = r.of(part, x)
		}
		return x
	case fork:
		var parts []maps
		for _, part := range p {
			parts = append(parts, r.of(part, x))
		}
		return joined(parts)
	case convolution:
		return r[p.name].apply(p, x)
	case pool:
		return pooled(p, x)
	}
	panic("unknown piece")
}

func joined(parts []maps) maps {
	y := maps{h: parts[0].h, w: parts[0].w}
	for i := range y.h * y.w {
		for _, p := range parts {
			y.v = append(y.v, p.v[i*p.c:(i+1)*p.c]...)
		}
	}
	y.c = len(y.v) / (y.h * y.w)
	return y
}

func (l layer) apply(c convolution, x maps) maps {
	y := maps{h: (x.h+2*c.padH-c.kh)/c.stride + 1, w: (x.w+2*c.padW-c.kw)/c.stride + 1, c: c.out}
	for i := range y.h {
		for j := range y.w {
			for o := range c.out {
				sum := 0.0
				for u := range c.kh {
					for v := range c.kw {
						row, col := i*c.stride+u-c.padH, j*c.stride+v-c.padW
						if row < 0 || row >= x.h || col < 0 || col >= x.w {
							continue
						}
						for k := range x.c {
							sum += x.v[(row*x.w+col)*x.c+k] * float64(l.kernel[((o*x.c+k)*c.kh+u)*c.kw+v])
						}
					}
				}
				normal := (sum - float64(l.norm[2][o])) / math.Sqrt(float64(l.norm[3][o])+0.001)
				y.v = append(y.v, max(0, float64(l.norm[0][o])*normal+float64(l.norm[1][o])))
			}
		}
	}
	return y
}

func pooled(p pool, x maps) maps {
	stride, pad := 1, 1
	if p == "max, half" {
		stride, pad = 2, 0
	}
	y := maps{h: (x.h+2*pad-3)/stride + 1, w: (x.w+2*pad-3)/stride + 1, c: x.c}
	for i := range y.h {
		for j := range y.w {
			for k := range x.c {
				sum, largest, n := 0.0, math.Inf(-1), 0.0
				for u := range 3 {
					for v := range 3 {
						if row, col := i*stride+u-pad, j*stride+v-pad; row >= 0 && row < x.h && col >= 0 && col < x.w {
							value := x.v[(row*x.w+col)*x.c+k]
							sum, largest, n = sum+value, max(largest, value), n+1
						}
					}
				}
				if p == "mean" {
					largest = sum / n
				}
				y.v = append(y.v, largest)
			}
		}
	}
	return y
}
