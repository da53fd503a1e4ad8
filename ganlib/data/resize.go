package data

import "math"

// fit makes a picture size × size as the practice does (torchvision's Resize and CenterCrop on a Pillow image): the
// shorter side becomes size, the longer one keeps the aspect, rounded down, and the middle is cut out. A picture that
// has the size already is returned as it is.
func (p picture) fit(size int) picture {
	h, w := size, size
	if p.w <= p.h {
		h = size * p.h / p.w
	} else {
		w = size * p.w / p.h
	}
	return p.resize(h, w).crop(size)
}

// crop cuts the middle size × size pixels out. An odd rest is halved to the even side, as Python's round does.
func (p picture) crop(size int) picture {
	top := int(math.RoundToEven(float64(p.h-size) / 2))
	left := int(math.RoundToEven(float64(p.w-size) / 2))
	if p.h == size && p.w == size {
		return p
	}
	q := picture{h: size, w: size, c: p.c, top: p.top, pix: make([]byte, 0, size*size*p.c)}
	for y := range size {
		q.pix = append(q.pix, p.pix[((top+y)*p.w+left)*p.c:][:size*p.c]...)
	}
	return q
}

// resize is Pillow's antialiased bilinear filter: a triangle as wide as one output pixel (never narrower than one
// input pixel), first along the rows, then along the columns, each rounded to 8 bits.
func (p picture) resize(h, w int) picture {
	if w != p.w {
		p = p.resizeRows(w)
	}
	if h != p.h {
		p = p.resizeColumns(h)
	}
	return p
}

// taps are the input pixels of one output pixel and their weights in units of 2⁻²².
type taps struct {
	first   int
	weights []int32
}

const weightBits = 22

func triangle(in, out int) []taps {
	ratio := float64(in) / float64(out)
	reach := max(ratio, 1)
	list := make([]taps, out)
	for i := range list {
		centre := (float64(i) + 0.5) * ratio
		first := max(0, int(centre-reach+0.5))
		end := min(in, int(centre+reach+0.5))
		weights, sum := make([]float64, end-first), 0.0
		for k := range weights {
			weights[k] = max(0, 1-math.Abs(float64(first+k)+0.5-centre)/reach)
			sum += weights[k]
		}
		list[i] = taps{first: first, weights: make([]int32, len(weights))}
		for k, v := range weights {
			list[i].weights[k] = int32(math.Round(v / sum * (1 << weightBits)))
		}
	}
	return list
}

func rounded(sum int32) byte {
	return byte(max(0, min(255, (sum+1<<(weightBits-1))>>weightBits)))
}

func (p picture) resizeRows(w int) picture {
	q := picture{h: p.h, w: w, c: p.c, top: p.top, pix: make([]byte, p.h*w*p.c)}
	filter := triangle(p.w, w)
	for y := range p.h {
		in, out := p.pix[y*p.w*p.c:(y+1)*p.w*p.c], q.pix[y*w*p.c:(y+1)*w*p.c]
		for x, t := range filter {
			for ch := range p.c {
				sum := int32(0)
				for k, weight := range t.weights {
					sum += weight * int32(in[(t.first+k)*p.c+ch])
				}
				out[x*p.c+ch] = rounded(sum)
			}
		}
	}
	return q
}

func (p picture) resizeColumns(h int) picture {
	row := p.w * p.c
	q := picture{h: h, w: p.w, c: p.c, top: p.top, pix: make([]byte, h*row)}
	sums := make([]int32, row)
	for y, t := range triangle(p.h, h) {
		clear(sums)
		for k, weight := range t.weights {
			for x, v := range p.pix[(t.first+k)*row : (t.first+k+1)*row] {
				sums[x] += weight * int32(v)
			}
		}
		for x, sum := range sums {
			q.pix[y*row+x] = rounded(sum)
		}
	}
	return q
}
