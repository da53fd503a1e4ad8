package nn

import "github.com/gomlx/gomlx/core/graph"

// convolveWindows computes C: windows of x times the kernel.
func convolveWindows(x, w *graph.Node, p problem) *graph.Node {
	y := graph.DotGeneral(windows(x, p), []int{1, 2, 3}, nil, w, []int{1, 2, 3}, nil)
	return graph.Reshape(y, p.B, p.OH, p.OW, p.N)
}

// gradientWindows computes G: vᵀ times the windows of x. Of the two, v is the small one, so it is transposed: the
// product that contracts the first axis of both is three times slower.
func gradientWindows(x, v *graph.Node, p problem) *graph.Node {
	vt := transposed2D(graph.Reshape(v, p.B*p.OH*p.OW, p.N))
	return graph.DotGeneral(vt, []int{1}, nil, windows(x, p), []int{0}, nil)
}

// crop cuts the image of the problem out of a larger (or smaller) one whose pixel (0, 0) is the tap 0 of the first
// window, that is, which still has the padding.
func (p problem) crop(z *graph.Node) *graph.Node {
	d := z.Shape().Dimensions
	top, left := p.Pad[0][0], p.Pad[1][0]
	return padImage(z, -top, p.H+top-d[1], -left, p.W+left-d[2])
}

// adjointPixel computes T for v of one pixel: the kernels, weighted by v, are the image.
func adjointPixel(v, w *graph.Node, p problem) *graph.Node {
	return p.crop(graph.DotGeneral(graph.Reshape(v, p.B, p.N), []int{1}, nil, w, []int{0}, nil))
}

// adjointPairs computes T at stride 2 for kernels up to 4×4. An output pixel of each of the four phases (row and
// column even or odd) sees 2×2 pixels of v through its own 2×2 taps, so one product gives all four, and a
// transposition puts them in place.
func adjointPairs(v, w *graph.Node, p problem) *graph.Node {
	if p.KH < 4 || p.KW < 4 {
		zero := graph.ScalarZero(w.Graph(), w.DType())
		w = graph.Pad(w, zero, graph.PadAxis{}, graph.PadAxis{End: 4 - p.KH}, graph.PadAxis{End: 4 - p.KW}, graph.PadAxis{})
	}
	kernel := kernelRows(w, "pairs", [3]int{}, 16*p.N, func(i int) (n, u, t int) { // [t, u, n, s, r]
		return i / 4 % p.N, i/(8*p.N)*2 + i/2%2, i/(4*p.N)%2*2 + i%2
	})
	h, wd := p.OH+1, p.OW+1
	pairs := turnedWindows(padImage(v, 1, 1, 1, 1), grid{h: h, w: wd, kh: 2, kw: 2, top: 1, left: 1})
	z := graph.Dot(pairs, graph.Reshape(kernel, 4*p.N, 4*p.C)).Product()
	z = graph.TransposeAllAxes(graph.Reshape(z, p.B*h, wd, 2, 2*p.C), 0, 2, 1, 3)
	return p.crop(graph.Reshape(z, p.B, 2*h, 2*wd, p.C))
}
