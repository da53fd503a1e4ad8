package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// indexKey identifies an index constant within a graph: who builds it, and from which numbers.
type indexKey struct {
	kind string
	dims [12]int
}

// indexConstant returns an int32 constant [rows, cols], built once per graph and key from a flat list; lists of
// lists would take seconds at batch 128.
func indexConstant(g *graph.Graph, key indexKey, rows, cols int, fill func(flat []int32)) *graph.Node {
	cached := stateOf(g).indices
	if node := cached[key]; node != nil {
		return node
	}
	flat := make([]int32, rows*cols)
	fill(flat)
	node := graph.ConstTensor(g, tensors.FromFlatDataAndDimensions(flat, rows, cols))
	cached[key] = node
	return node
}

// zeroConstant returns a constant of zeros [rows, cols] of the type of like, built once per graph.
func zeroConstant(like *graph.Node, rows, cols int) *graph.Node {
	cached, key := stateOf(like.Graph()).indices, indexKey{"zeros", [12]int{rows, cols, int(like.DType())}}
	if cached[key] == nil {
		cached[key] = graph.ConstTensor(like.Graph(), tensors.FromShape(shapeOf(like, rows, cols)))
	}
	return cached[key]
}

// padImage pads x [b,h,w,c] with zeros; negative amounts crop. Not differentiable: for use inside composites.
func padImage(x *graph.Node, top, bottom, left, right int) *graph.Node {
	if top == 0 && bottom == 0 && left == 0 && right == 0 {
		return x
	}
	zero := graph.ScalarZero(x.Graph(), x.DType())
	return graph.Pad(x, zero, graph.PadAxis{}, graph.PadAxis{Start: top, End: bottom}, graph.PadAxis{Start: left, End: right}, graph.PadAxis{})
}

// windows lays out the windows of x [B,H,W,C]: [B·OH·OW, KH, KW, C] ("im2col").
func windows(x *graph.Node, p problem) *graph.Node {
	rows := p.B * p.OH * p.OW
	// The rows and columns actually covered: an unused tail is cut, not padded.
	usedH, usedW := (p.OH-1)*p.StrideH+p.KH, (p.OW-1)*p.StrideW+p.KW
	top, left := p.Pad[0][0], p.Pad[1][0]
	unit := p.KH == 1 && p.KW == 1 && p.StrideH == 1 && p.StrideW == 1
	if onePixel(p) || unit {
		return graph.Reshape(padImage(x, top, usedH-p.H-top, left, usedW-p.W-left), rows, p.KH, p.KW, p.C)
	}
	height, width := max(usedH, p.H+top), max(usedW, p.W+left)
	x = padImage(x, top, height-p.H-top, left, width-p.W-left)
	index := indexConstant(x.Graph(), indexKey{"windows", [12]int{p.B, height, width, p.C, p.OH, p.OW, p.StrideH, p.StrideW}}, rows, 2,
		func(flat []int32) {
			for i := range rows {
				b, oi, oj := i/(p.OH*p.OW), i/p.OW%p.OH, i%p.OW
				flat[2*i], flat[2*i+1] = int32(b*height+oi*p.StrideH), int32(oj*p.StrideW*p.C)
			}
		})
	// One slice of KH image rows, KW·C long, per window.
	flat := graph.Reshape(x, p.B*height, width*p.C)
	slices := graph.BackendGather(flat, index, 1, []int{1, 2}, nil, []int{0, 1}, []int{p.KH, p.KW * p.C}, false)
	return graph.Reshape(slices, rows, p.KH, p.KW, p.C)
}

// grid says which pixels turnedWindows takes: for the output pixel (i, j) of h×w and tap (t, u) of kh×kw the pixel
// (i+top−t, j+left−u).
type grid struct{ h, w, kh, kw, top, left int }

// turnedWindows is windows with the taps in reversed order, as the adjoint needs them; it reverses indices instead
// of the kernel. v [b,H,W,n] must contain all pixels; the result is [b·h·w, kh·kw·n].
func turnedWindows(v *graph.Node, q grid) *graph.Node {
	d := v.Shape().Dimensions
	b, height, width, n := d[0], d[1], d[2], d[3]
	rows, taps := b*q.h*q.w, q.kh*q.kw
	pixels := graph.Reshape(v, b*height*width, n)
	if taps == 1 && q.h == height && q.w == width {
		return pixels
	}
	key := indexKey{"turned", [12]int{b, height, width, q.h, q.w, q.kh<<16 | q.kw, q.top, q.left}}
	index := indexConstant(v.Graph(), key, rows*taps, 1, func(flat []int32) {
		for i := range flat {
			row, t, u := i/taps, i/q.kw%q.kh, i%q.kw
			img, y, x := row/(q.h*q.w), row/q.w%q.h, row%q.w
			flat[i] = int32((img*height+y+q.top-t)*width + x + q.left - u)
		}
	})
	return graph.Reshape(graph.Gather(pixels, index), rows, taps*n)
}

// kernelRows takes the taps at(0), at(1), … of a kernel W[n, kh, kw, c]: [rows, c]. One Gather does what a reshape, which
// copies, and a transposition would. kind and numbers tell the lists of taps apart.
func kernelRows(w *graph.Node, kind string, numbers [3]int, rows int, at func(i int) (n, u, t int)) *graph.Node {
	d := w.Shape().Dimensions
	key := indexKey{kind, [12]int{d[0], d[1], d[2], rows, numbers[0], numbers[1], numbers[2]}}
	index := indexConstant(w.Graph(), key, rows, 3, func(flat []int32) {
		for i := range rows {
			n, u, t := at(i)
			flat[3*i], flat[3*i+1], flat[3*i+2] = int32(n), int32(u), int32(t)
		}
	})
	return graph.BackendGather(w, index, 1, []int{1}, []int{0, 1, 2}, []int{0, 1, 2}, []int{1, 1, 1, d[3]}, false)
}
