package nn

import "github.com/gomlx/gomlx/core/graph"

// The three primitives for few channels, where laying out windows and multiplying thin matrices costs more than the
// products themselves. An output row, cut into parts of some columns, depends on a few image rows; the piece of them
// that a part sees is contiguous, so it is fetched in few long reads, and is multiplied with the kernel written out as
// the matrix from those pixels to the part's: zero where a pixel is out of a window's reach.

// span is the range [lo, hi).
type span struct{ lo, hi int }

func (s span) size() int             { return s.hi - s.lo }
func (s span) within(n int) span     { return span{max(s.lo, 0), min(s.hi, n)} }
func (s span) times(stride int) span { return span{s.lo * stride, s.hi * stride} }

// block is the part of a convolution between some pixels of its output and of its image.
type block struct{ vRows, vCols, xRows, xCols span }

// partsOf cuts n columns into parts. One channel is best taken in whole rows, unless they are long; with more, wide
// parts are mostly zeros.
func (p problem) partsOf(n int) []span {
	width := 1
	switch {
	case p.C == 1:
		width = min(n, 32)
	case n >= 14:
		width = 2
	}
	var parts []span
	for at := 0; at < n; at += width {
		parts = append(parts, span{at, min(at+width, n)})
	}
	return parts
}

// seenBy is the range of image rows (or columns) that the outputs v see.
func seenBy(v span, k, s, before int) span {
	return span{v.lo*s - before, (v.hi-1)*s - before + k}
}

// seeing is the range of outputs that see the image rows (or columns) x.
func seeing(x span, k, s, before int) span {
	return span{-floorDiv(-(x.lo + before - k + 1), s), floorDiv(x.hi-1+before, s) + 1}
}

// convolveBlocks computes C.
func convolveBlocks(x, w *graph.Node, p problem) *graph.Node {
	var parts []*graph.Node
	for _, cols := range p.partsOf(p.OW) {
		b := p.outputBlock(cols)
		seen := rowsOf(x, p.OH, p.StrideH, b.xRows, b.xCols)
		parts = append(parts, graph.DotGeneral(seen, []int{1}, nil, p.writtenOut(w, b), []int{1}, nil))
	}
	return graph.Reshape(join(parts, 1), p.B, p.OH, p.OW, p.N)
}

// gradientBlocks computes G.
func gradientBlocks(x, v *graph.Node, p problem) *graph.Node {
	var sum *graph.Node
	for _, cols := range p.partsOf(p.OW) {
		b := p.outputBlock(cols)
		seen, out := rowsOf(x, p.OH, p.StrideH, b.xRows, b.xCols), rowsOf(v, p.OH, 1, b.vRows, b.vCols)
		var m *graph.Node
		if seen.Shape().Dimensions[1] < out.Shape().Dimensions[1] { // the smaller one is transposed
			m = graph.Transpose(graph.Dot(graph.Transpose(seen, 0, 1), out).Product(), 0, 1)
		} else {
			m = graph.Dot(graph.Transpose(out, 0, 1), seen).Product()
		}
		if part := p.folded(m, b); sum == nil {
			sum = part
		} else {
			sum = graph.Add(sum, part)
		}
	}
	return sum
}

// adjointBlocks computes T, one product for every row of a stride and part of its columns.
func adjointBlocks(v, w *graph.Node, p problem) *graph.Node {
	var parts []*graph.Node
	for row := range p.StrideH {
		for _, cols := range p.partsOf(p.W / p.StrideW) {
			b := block{xRows: span{row, row + 1}, xCols: cols.times(p.StrideW)}
			b.vRows = seeing(b.xRows, p.KH, p.StrideH, p.Pad[0][0])
			b.vCols = seeing(b.xCols, p.KW, p.StrideW, p.Pad[1][0]).within(p.OW)
			z := graph.Dot(rowsOf(v, p.H/p.StrideH, 1, b.vRows, b.vCols), p.writtenOut(w, b)).Product()
			parts = append(parts, z)
		}
	}
	return graph.Reshape(join(parts, 1), p.B, p.H, p.W, p.C)
}

// outputBlock is the block of some columns of an output row.
func (p problem) outputBlock(cols span) block {
	row := span{0, 1}
	return block{
		vRows: row, vCols: cols,
		xRows: seenBy(row, p.KH, p.StrideH, p.Pad[0][0]),
		xCols: seenBy(cols, p.KW, p.StrideW, p.Pad[1][0]).within(p.W),
	}
}

// blockable: every part sees something, and the adjoint fills whole strides.
func blockable(p problem) bool {
	if p.H%p.StrideH != 0 || p.W%p.StrideW != 0 {
		return false
	}
	for _, cols := range p.partsOf(p.OW) {
		if p.outputBlock(cols).xCols.size() < 1 {
			return false
		}
	}
	for _, cols := range p.partsOf(p.W / p.StrideW) {
		if seeing(cols.times(p.StrideW), p.KW, p.StrideW, p.Pad[1][0]).within(p.OW).size() < 1 {
			return false
		}
	}
	for row := range p.StrideH {
		if seeing(span{row, row + 1}, p.KH, p.StrideH, p.Pad[0][0]).size() < 1 {
			return false
		}
	}
	return true
}

// rowsOf takes, for each i in [0, count), the rows step·i + rows of an image, zero outside it, and of these the
// columns cols: a matrix [B·count, rows·cols·c].
func rowsOf(x *graph.Node, count, step int, rows, cols span) *graph.Node {
	d := x.Shape().Dimensions
	b, h, w, c := d[0], d[1], d[2], d[3]
	above, below := max(0, -rows.lo), max(0, (count-1)*step+rows.hi-h)
	whole := rows == span{0, step} && count*step == h && cols == span{0, w}
	if whole {
		return graph.Reshape(x, b*count, step*w*c)
	}
	x = graph.Reshape(x, b, h, w*c)
	if above+below > 0 {
		x = graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), graph.PadAxis{}, graph.PadAxis{Start: above, End: below}, graph.PadAxis{})
	}
	height := h + above + below
	key := indexKey{"rows", [12]int{b, height, w, c, count, step, rows.lo + above, cols.lo}}
	index := indexConstant(x.Graph(), key, b*count, 2, func(flat []int32) {
		for i := range b * count {
			flat[2*i] = int32(i/count*height + i%count*step + rows.lo + above)
			flat[2*i+1] = int32(cols.lo * c)
		}
	})
	pieces := graph.BackendGather(graph.Reshape(x, b*height, w*c), index, 1, []int{1, 2}, nil, []int{0, 1}, []int{rows.size(), cols.size() * c}, false)
	return graph.Reshape(pieces, b*count, rows.size()*cols.size()*c)
}

// taps calls f for every pair of an output pixel and channel and an image pixel of a block, in the order of the
// matrix [(v row, v col, n), (x row, x col)], with the tap of the kernel between them: its row in [N·KH·KW, C], or −1.
func (p problem) taps(b block, f func(tap int)) {
	for vr := b.vRows.lo; vr < b.vRows.hi; vr++ {
		for vc := b.vCols.lo; vc < b.vCols.hi; vc++ {
			for n := range p.N {
				for xr := b.xRows.lo; xr < b.xRows.hi; xr++ {
					for xc := b.xCols.lo; xc < b.xCols.hi; xc++ {
						u, t := xr-p.StrideH*vr+p.Pad[0][0], xc-p.StrideW*vc+p.Pad[1][0]
						if u < 0 || u >= p.KH || t < 0 || t >= p.KW {
							f(-1)
						} else {
							f((n*p.KH+u)*p.KW + t)
						}
					}
				}
			}
		}
	}
}

func (p problem) key(kind string, b block) indexKey {
	pack := func(s span) int { return s.lo<<16 + s.hi }
	return indexKey{kind, [12]int{p.N, p.KH<<16 + p.KW, p.StrideH<<16 + p.StrideW, p.Pad[0][0], p.Pad[1][0], pack(b.vRows), pack(b.vCols), pack(b.xRows), pack(b.xCols)}}
}

// shape is that of a block's matrix, without the image's channels.
func (p problem) shape(b block) (outputs, pixels int) {
	return b.vRows.size() * b.vCols.size() * p.N, b.xRows.size() * b.xCols.size()
}

// writtenOut is the kernel as the matrix [(v row, v col, n), (x row, x col, c)] of a block.
func (p problem) writtenOut(w *graph.Node, b block) *graph.Node {
	outputs, pixels := p.shape(b)
	none := p.N * p.KH * p.KW // the row of zeros
	index := indexConstant(w.Graph(), p.key("written out", b), outputs*pixels, 1, func(flat []int32) {
		at := 0
		p.taps(b, func(tap int) {
			if tap < 0 {
				tap = none
			}
			flat[at] = int32(tap)
			at++
		})
	})
	return graph.Reshape(graph.Gather(withZeroRow(graph.Reshape(w, none, p.C)), index), outputs, pixels*p.C)
}

// folded is the adjoint of writtenOut: the sum, for every tap of the kernel, of the matrix's rows that it is in.
func (p problem) folded(m *graph.Node, b block) *graph.Node {
	outputs, pixels := p.shape(b)
	places := make([][]int32, p.N*p.KH*p.KW)
	at, most := int32(0), 0
	p.taps(b, func(tap int) {
		if tap >= 0 {
			places[tap] = append(places[tap], at)
			most = max(most, len(places[tap]))
		}
		at++
	})
	index := indexConstant(m.Graph(), p.key("folded", b), most*len(places), 1, func(flat []int32) {
		for i := range flat {
			flat[i] = int32(outputs * pixels) // the row of zeros
			if of := places[i%len(places)]; i/len(places) < len(of) {
				flat[i] = of[i/len(places)]
			}
		}
	})
	rows := graph.Gather(withZeroRow(graph.Reshape(m, outputs*pixels, p.C)), index)
	sum := graph.ReduceSum(graph.Reshape(rows, most, len(places)*p.C), 0)
	return graph.Reshape(sum, p.N, p.KH, p.KW, p.C)
}

// withZeroRow appends a row of zeros to a matrix.
func withZeroRow(m *graph.Node) *graph.Node {
	return graph.Pad(m, graph.ScalarZero(m.Graph(), m.DType()), graph.PadAxis{End: 1}, graph.PadAxis{})
}
