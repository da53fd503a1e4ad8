package nn

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// The three primitives with fewer multiplications, for kernels of r taps per stride along both axes: 3×3 at stride 1
// (r = 3) and 4×4 at stride 2 (r = 2). An image is seen as cells of s×s pixels, in which the strided kernel is an
// r×r one at stride 1 on s²·C channels; the products of F(m, r) are one batched matrix product.

// tiling is how one primitive cuts its image into tiles of m×m.
type tiling struct {
	filter
	stride int
	th, tw int // tiles along the two axes
}

func tilesOf(size, m int) int { return (size + m - 1) / m }

// tapsPerStride is r, or 0 for a window that is no case for winograd.
func (win Window) tapsPerStride() int {
	if win.KH != win.KW || win.StrideH != win.StrideW {
		return 0
	}
	switch [2]int{win.KH, win.StrideH} {
	case [2]int{3, 1}:
		return 3
	case [2]int{4, 2}:
		return 2
	}
	return 0
}

// tilable: a window with so many taps per stride, and padding that the kernel reaches over. Its adjoint must fill
// whole cells.
func tilable(p problem) bool {
	within := func(pad [2]int) bool { return pad[0] >= 0 && pad[0] < p.KH && pad[1] >= 0 && pad[1] < p.KH }
	return p.tapsPerStride() > 0 && within(p.Pad[0]) && within(p.Pad[1]) && p.H%p.StrideH == 0 && p.W%p.StrideW == 0
}

// winograd is the three primitives by F(m, r).
func winograd(m int) (convolve, adjoint, gradient func(a, b *graph.Node, p problem) *graph.Node) {
	over := func(p problem, h, w int) tiling {
		return tiling{newFilter(m, p.tapsPerStride()), p.StrideH, tilesOf(h, m), tilesOf(w, m)}
	}
	convolve = func(x, w *graph.Node, p problem) *graph.Node {
		t := over(p, p.OH, p.OW)
		products := batched(t.image(x, p), 2, t.kernel(t.late(w, "C", x, p), p), 2)
		return padImage(t.outputs(products, p.B), 0, p.OH-t.th*m, 0, p.OW-t.tw*m)
	}
	adjoint = func(v, w *graph.Node, p problem) *graph.Node {
		t := over(p, p.H/p.StrideH, p.W/p.StrideW)
		return padImage(t.adjoint(v, t.late(w, "T", v, p), p), 0, p.H-t.th*m*p.StrideH, 0, p.W-t.tw*m*p.StrideW)
	}
	gradient = func(x, v *graph.Node, p problem) *graph.Node {
		t := over(p, p.OH, p.OW)
		v = padImage(v, 0, t.th*m-p.OH, 0, t.tw*m-p.OW)
		return t.fromKernel(batched(t.cotangent(v, p), 2, t.image(x, p), 1), p)
	}
	return convolve, adjoint, gradient
}

// late is a kernel that waits for x when its transform is large.
func (t tiling) late(w *graph.Node, purpose string, x *graph.Node, p problem) *graph.Node {
	if n := t.size(); n*n*t.stride*t.stride*p.N*p.C*w.DType().Size() < largestLayout/4 {
		return w
	}
	return awaited(w, fmt.Sprint(purpose, t.m), seen(x))
}

// image is (Bᵀ x B) of every tile of the padded image, in cells: [n², tiles, s²·C].
func (t tiling) image(x *graph.Node, p problem) *graph.Node {
	s, top, left := t.stride, p.Pad[0][0], p.Pad[1][0]
	height, width := s*(t.th*t.m+t.r-1), s*(t.tw*t.m+t.r-1)
	x = padImage(x, top, height-p.H-top, left, width-p.W-left)
	return byTaps(t.bt, t.windows(x, s, [][2]int{{0, 0}}))
}

// windows lays out the cells that each tile depends on: [n², len(offsets)·tiles, s²·c], with a copy for every offset,
// in cells, that tiles begin at.
func (t tiling) windows(x *graph.Node, s int, offsets [][2]int) *graph.Node {
	d := x.Shape().Dimensions
	b, height, width, c := d[0], d[1], d[2], d[3]
	n := t.size()
	rows := n * n * len(offsets) * b * t.th * t.tw
	first := offsets[0]
	key := indexKey{"tiles", [12]int{b, height, width, c, n<<16 | t.m, t.th<<16 | t.tw, s<<16 | len(offsets), first[0]<<16 | first[1]}}
	index := indexConstant(x.Graph(), key, rows, 2, func(flat []int32) {
		at := 0
		for tap := range n * n {
			for _, o := range offsets {
				for tile := range b * t.th * t.tw {
					img, ti, tj := tile/(t.th*t.tw), tile/t.tw%t.th, tile%t.tw
					flat[at] = int32(img*height + s*(t.m*ti+tap/n+o[0]))
					flat[at+1] = int32(s * (t.m*tj + tap%n + o[1]) * c)
					at += 2
				}
			}
		}
	})
	cells := graph.BackendGather(graph.Reshape(x, b*height, width*c), index, 1, []int{1, 2}, nil, []int{0, 1}, []int{s, s * c}, false)
	return graph.Reshape(cells, n*n, rows/(n*n), s*s*c)
}

// kernel is G w Gᵀ of every pair of channels: [n², N, s²·C].
func (t tiling) kernel(w *graph.Node, p problem) *graph.Node {
	s := t.stride
	taps := kernelRows(w, "cells", [3]int{t.r, s}, t.r*t.r*p.N*s*s, func(i int) (n, u, v int) { // [t, u, n, i, j]
		return i / (s * s) % p.N, i/(s*s*p.N*t.r)*s + i/s%s, i/(s*s*p.N)%t.r*s + i%s
	})
	return byTaps(t.g, graph.Reshape(taps, t.r*t.r, p.N, s*s*p.C))
}

// fromKernel is the adjoint of kernel: Gᵀ M G, laid out as W[n, kh, kw, c].
func (t tiling) fromKernel(m *graph.Node, p problem) *graph.Node {
	taps := graph.Reshape(byTaps(transposed(t.g), m), t.r, t.r, p.N, t.stride, t.stride, p.C)
	return graph.Reshape(graph.TransposeAllAxes(taps, 2, 0, 3, 1, 4, 5), p.N, p.KH, p.KW, p.C)
}

// outputs is Aᵀ M A of every tile, put in place: [B, th·m, tw·m, c] from [n², tiles, c].
func (t tiling) outputs(products *graph.Node, b int) *graph.Node {
	c := products.Shape().Dimensions[2]
	y := graph.Reshape(byTaps(t.at, products), t.m, t.m, b, t.th, t.tw, c)
	return graph.Reshape(graph.TransposeAllAxes(y, 2, 3, 0, 4, 1, 5), b, t.th*t.m, t.tw*t.m, c)
}

// cotangent is the adjoint of outputs, A v Aᵀ of every tile, with the tiles last, so that the product over them needs
// no transposition: [n², N, tiles].
func (t tiling) cotangent(v *graph.Node, p problem) *graph.Node {
	outputs, tiles := t.m*t.m, p.B*t.th*t.tw
	columns := graph.Transpose(t.pixels(v, p), 0, 1) // [N, (output, tile)]: transposed while it is smallest
	return byTaps(transposed(t.at), graph.Reshape(stretches(columns, outputs, tiles), outputs, p.N, tiles))
}

// pixels are those of v by their place in a tile, [(output, tile), N], and a few rows more where the number of rows is
// one that is slow to transpose.
func (t tiling) pixels(v *graph.Node, p problem) *graph.Node {
	outputs, tiles := t.m*t.m, p.B*t.th*t.tw
	rows := outputs * tiles
	if crowded(rows) {
		rows += evenOut
	}
	key := indexKey{"pixels", [12]int{p.B, t.th, t.tw, t.m, rows}}
	index := indexConstant(v.Graph(), key, rows, 1, func(flat []int32) {
		for i := range outputs * tiles {
			o, tile := i/tiles, i%tiles
			img, ti, tj := tile/(t.th*t.tw), tile/t.tw%t.th, tile%t.tw
			flat[i] = int32(((img*t.th+ti)*t.m+o/t.m)*t.tw*t.m + tj*t.m + o%t.m)
		}
	})
	return graph.Gather(graph.Reshape(v, p.B*t.th*t.m*t.tw*t.m, p.N), index)
}

// adjoint is T before cropping. Row s·i + a of the image is row (a+top) mod s of cell i + ⌊(a+top)/s⌋, and a cell gets
// from v the r cells that end at it, through the turned taps: s² filters, one for each place in a cell.
func (t tiling) adjoint(v, w *graph.Node, p problem) *graph.Node {
	s, n := t.stride, t.size()
	top, left := p.Pad[0][0], p.Pad[1][0]
	firstRow, firstCol := top/s, left/s
	offsets := make([][2]int, 0, s*s)
	for a := range s {
		for b := range s {
			offsets = append(offsets, [2]int{(a+top)/s - firstRow, (b+left)/s - firstCol})
		}
	}
	last := offsets[len(offsets)-1]
	before, beforeCol := t.r-1-firstRow, t.r-1-firstCol
	v = padImage(v, before, t.th*t.m+t.r-1+last[0]-before-p.OH, beforeCol, t.tw*t.m+t.r-1+last[1]-beforeCol-p.OW)
	tiles := p.B * t.th * t.tw
	seen := byTaps(t.bt, t.windows(v, 1, offsets)) // [n², s²·tiles, N]

	// The first row of the image is row top mod s of its cell.
	taps := kernelRows(w, "places", [3]int{t.r, s, top%s*s + left%s}, t.r*t.r*s*s*p.N, func(i int) (n, u, v int) { // [t, u, i, j, n]
		place := i / p.N % (s * s)
		return i % p.N, i/(p.N*s*s*t.r)*s + (place/s+top)%s, i/(p.N*s*s)%t.r*s + (place%s+left)%s
	})
	kernel := byTaps(turned(t.g), graph.Reshape(taps, t.r*t.r, s*s*p.N, p.C)) // [n², s²·N, C]

	products := batched(graph.Reshape(seen, n*n*s*s, tiles, p.N), 2, graph.Reshape(kernel, n*n*s*s, p.N, p.C), 1)
	x := byTaps(t.at, graph.Reshape(products, n*n, s*s*tiles, p.C))
	x = graph.TransposeAllAxes(graph.Reshape(x, t.m, t.m, s, s, p.B, t.th, t.tw, p.C), 4, 5, 0, 2, 6, 1, 3, 7)
	return graph.Reshape(x, p.B, t.th*t.m*s, t.tw*t.m*s, p.C)
}

// byTaps multiplies M ⊗ M with x [cols(M)², d1, d2]: the matrix acts on rows and columns of each tile.
func byTaps(m [][]float64, x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	rows, cols := len(m), len(m[0])
	both := make([]float64, 0, rows*rows*cols*cols)
	for i := range rows * rows {
		for j := range cols * cols {
			both = append(both, m[i/rows][j/cols]*m[i%rows][j%cols])
		}
	}
	y := graph.Dot(constantMatrix(x, both, rows*rows, cols*cols), graph.Reshape(x, d[0], d[1]*d[2])).Product()
	return graph.Reshape(y, rows*rows, d[1], d[2])
}

// constantMatrix is a matrix of the type of like.
func constantMatrix(like *graph.Node, values []float64, rows, cols int) *graph.Node {
	g := like.Graph()
	if like.DType() == dtypes.Float64 {
		return graph.ConstTensor(g, tensors.FromFlatDataAndDimensions(values, rows, cols))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return graph.ConvertDType(graph.ConstTensor(g, tensors.FromFlatDataAndDimensions(narrow, rows, cols)), like.DType())
}

// batched multiplies two stacks of matrices, contracting the given axes.
func batched(a *graph.Node, axisA int, b *graph.Node, axisB int) *graph.Node {
	return graph.DotGeneral(a, []int{axisA}, []int{0}, b, []int{axisB}, []int{0})
}
