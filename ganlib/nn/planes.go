package nn

import "github.com/gomlx/gomlx/core/graph"

// adjointTaps computes T for images of very few channels: one product gives, for every tap and channel, the image
// W[·,u,t,c]·v, with the pixels in its long axis. An output pixel is the sum of those of the taps of its phase, each moved
// to where the tap puts it; the phases are then interleaved.
func adjointTaps(v, w *graph.Node, p problem) *graph.Node {
	taps := p.KH * p.KW
	kernel := graph.Transpose(reshaped(w, p.N, taps*p.C), 0, 1)
	if more := p.emptyTaps(); more > 0 && !isXLA(v.Graph()) {
		kernel = graph.Concatenate([]*graph.Node{kernel, zeroConstant(kernel, more*p.C, p.N)}, 0)
	}
	planes := graph.DotGeneral(kernel, []int{1}, nil, reshaped(v, p.B*p.OH*p.OW, p.N), []int{1}, nil)
	planes = graph.Reshape(planes, -1, p.C, p.B, p.OH, p.OW)

	mh, mw := SameSize(p.H, p.StrideH), SameSize(p.W, p.StrideW)
	var phases []*graph.Node
	for _, down := range phasesOf(p.KH, p.StrideH, p.Pad[0][0]) {
		for _, across := range phasesOf(p.KW, p.StrideW, p.Pad[1][0]) {
			phases = append(phases, p.sumOfPlanes(planes, down, across, mh, mw))
		}
	}
	x := graph.Reshape(join(phases, 0), p.StrideH*p.StrideW*p.C, p.B*mh*mw)
	if p.C > 1 || len(phases) > 1 {
		x = graph.Transpose(x, 0, 1) // [B·mh·mw, sh·sw·C]
		x = graph.TransposeAllAxes(graph.Reshape(x, p.B*mh, mw, p.StrideH, p.StrideW*p.C), 0, 2, 1, 3)
	}
	x = graph.Reshape(x, p.B, mh*p.StrideH, mw*p.StrideW, p.C)
	return padImage(x, 0, p.H-mh*p.StrideH, 0, p.W-mw*p.StrideW)
}

// The backend has another product for less than smallProduct multiplications, which goes by 16 maps at a time and takes
// those left over singly: of 9 taps, 50,176 pixels and 8 maps it takes 2.6 ms, and 0.5 ms are enough for 16 taps, with which
// it is the other product (one core, AVX-512).
const (
	smallProduct = 1 << 22
	mapsAtOnce   = 16
	tapsAtOnce   = 8
)

// emptyTaps is how many taps of nothing bring the planes over to the faster product: 0 where they lie there already, where
// the other is as good, and where it would take more than twice as many again.
func (p problem) emptyTaps() int {
	taps, each := p.KH*p.KW, p.B*p.OH*p.OW*p.N*p.C
	if p.N%mapsAtOnce == 0 || taps*each >= smallProduct {
		return 0
	}
	enough := tapsAtOnce * SameSize(SameSize(smallProduct, each), tapsAtOnce)
	if enough > 3*taps {
		return 0
	}
	return enough - taps
}

// sumOfPlanes is one phase of the image, [1, C, B, mh, mw].
func (p problem) sumOfPlanes(planes *graph.Node, down, across phase, mh, mw int) *graph.Node {
	zero := graph.ScalarZero(planes.Graph(), planes.DType())
	last := planes.Shape().Dimensions[0] - 1
	var sum *graph.Node
	for t := range down.taps {
		for u := range across.taps {
			tap := (down.first+t*p.StrideH)*p.KW + across.first + u*p.StrideW
			above, left := t-down.shift, u-across.shift // position m gets row m − above
			moved := graph.Pad(planes, zero,
				graph.PadAxis{Start: -tap, End: tap - last}, graph.PadAxis{}, graph.PadAxis{},
				graph.PadAxis{Start: above, End: mh - p.OH - above},
				graph.PadAxis{Start: left, End: mw - p.OW - left})
			if sum == nil {
				sum = moved
			} else {
				sum = graph.Add(sum, moved)
			}
		}
	}
	if sum == nil { // a stride beyond the kernel: no tap falls here
		return graph.Zeros(planes.Graph(), shapeOf(planes, 1, p.C, p.B, mh, mw))
	}
	return sum
}

// gradientTaps computes G for images of very few channels: the pixels that each tap and channel meets, in the order of
// the outputs, are the rows of a matrix that is multiplied with v as it is. Of a strided image every s-th pixel makes a
// plane, out of which a tap's pixels are cropped.
func gradientTaps(x, v *graph.Node, p problem) *graph.Node {
	sh, sw := p.StrideH, p.StrideW
	ph, pw := p.OH+(p.KH-1)/sh, p.OW+(p.KW-1)/sw // of a plane
	top, left := p.Pad[0][0], p.Pad[1][0]
	x = padImage(x, top, ph*sh-p.H-top, left, pw*sw-p.W-left)
	if sh*sw > 1 {
		x = graph.TransposeAllAxes(graph.Reshape(x, p.B*ph, sh, pw, sw*p.C), 0, 2, 1, 3)
	}
	planes := graph.Reshape(x, p.B*ph*pw, sh*sw*p.C)
	if sh*sw*p.C > 1 {
		planes = transposed2D(planes)
	}
	planes = graph.Reshape(planes, sh*sw, p.C, p.B, ph, pw)

	zero := graph.ScalarZero(x.Graph(), x.DType())
	crop := func(at, size, of int) graph.PadAxis { return graph.PadAxis{Start: -at, End: at + size - of} }
	var seen []*graph.Node
	for u := range p.KH {
		for t := range p.KW {
			seen = append(seen, graph.Pad(planes, zero, crop(u%sh*sw+t%sw, 1, sh*sw), graph.PadAxis{}, graph.PadAxis{},
				crop(u/sh, p.OH, ph), crop(t/sw, p.OW, pw)))
		}
	}
	rows := p.B * p.OH * p.OW
	pixels := graph.Reshape(join(seen, 0), p.KH*p.KW*p.C, rows)
	m := graph.Dot(pixels, reshaped(v, rows, p.N)).Product()
	return graph.Reshape(graph.Transpose(m, 0, 1), p.N, p.KH, p.KW, p.C)
}
