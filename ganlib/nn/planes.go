package nn

import "github.com/gomlx/gomlx/core/graph"

// adjointTaps computes T for images of very few channels: one product gives, for every tap and channel, the image
// W[·,u,t,c]·v, with the pixels in its long axis. An output pixel is the sum of those of the taps of its phase, each moved
// to where the tap puts it; the phases are then interleaved.
func adjointTaps(v, w *graph.Node, p problem) *graph.Node {
	taps := p.KH * p.KW
	kernel := graph.Transpose(reshaped(w, p.N, taps*p.C), 0, 1)
	planes := graph.DotGeneral(kernel, []int{1}, nil, reshaped(v, p.B*p.OH*p.OW, p.N), []int{1}, nil)
	planes = graph.Reshape(planes, taps, p.C, p.B, p.OH, p.OW)

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

// sumOfPlanes is one phase of the image, [1, C, B, mh, mw].
func (p problem) sumOfPlanes(planes *graph.Node, down, across phase, mh, mw int) *graph.Node {
	zero := graph.ScalarZero(planes.Graph(), planes.DType())
	last := p.KH*p.KW - 1
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
