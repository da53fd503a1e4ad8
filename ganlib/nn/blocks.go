package nn

import "github.com/gomlx/gomlx/core/graph"

// The three primitives for few channels, where laying out windows and multiplying thin matrices costs more than the
// products themselves. Some neighbouring columns of a row, a block, are computed together: the piece of the image that
// they see is a few long reads, and is multiplied with the kernel written out as the matrix from its pixels to the
// block's, zero where a pixel is out of a window's reach. All blocks have the same matrix, so that a primitive is one
// Gather and one product.

// span is the range [lo, hi).
type span struct{ lo, hi int }

func (s span) size() int        { return s.hi - s.lo }
func (s span) with(o span) span { return span{min(s.lo, o.lo), max(s.hi, o.hi)} }

// block is the part of a convolution between some pixels of its output and of its image, relative to each other.
type block struct{ vRows, vCols, xRows, xCols span }

// blockWidth is how many of n columns make a block whose products have so many columns for each: enough to fill the
// vectors. One channel is best taken in whole rows, unless they are long.
func (p problem) blockWidth(n, columns int) int {
	width := max(1, fullVectors/columns)
	if p.C == 1 {
		width = fullVectors
	}
	width = min(width, n)
	for n%width != 0 {
		width--
	}
	return width
}

// seenBy is the range of image rows (or columns) that the outputs v see.
func seenBy(v span, k, s, before int) span {
	return span{v.lo*s - before, (v.hi-1)*s - before + k}
}

// seeing is the range of outputs that see the image rows (or columns) x.
func seeing(x span, k, s, before int) span {
	return span{-floorDiv(-(x.lo + before - k + 1), s), floorDiv(x.hi-1+before, s) + 1}
}

// outputBlock is the block of the first columns of an output row.
func (p problem) outputBlock(width int) block {
	row, cols := span{0, 1}, span{0, width}
	return block{row, cols, seenBy(row, p.KH, p.StrideH, p.Pad[0][0]), seenBy(cols, p.KW, p.StrideW, p.Pad[1][0])}
}

// imageBlock is the block of the first columns of one of the first image rows.
func (p problem) imageBlock(row, width int) block {
	rows, cols := span{row, row + 1}, span{0, width}
	return block{seeing(rows, p.KH, p.StrideH, p.Pad[0][0]), seeing(cols, p.KW, p.StrideW, p.Pad[1][0]), rows, cols}
}

// convolveBlocks computes C.
func convolveBlocks(x, w *graph.Node, p problem) *graph.Node {
	width := p.blockWidth(p.OW, p.N)
	b := p.outputBlock(width)
	seen := p.seenInImage(x, b, width)
	y := graph.DotGeneral(seen, []int{1}, nil, p.writtenOut(w, b), []int{1}, nil)
	return reshaped(y, p.B, p.OH, p.OW, p.N)
}

// gradientBlocks computes G.
func gradientBlocks(x, v *graph.Node, p problem) *graph.Node {
	width := p.blockWidth(p.OW, p.N)
	b := p.outputBlock(width)
	seen := p.seenInImage(x, b, width)
	out := reshaped(v, p.B*p.OH*p.OW/width, width*p.N)
	var m *graph.Node
	if lastOf(seen.Shape().Dimensions) < width*p.N { // the smaller one is transposed
		m = graph.Transpose(graph.Dot(transposed2D(seen), out).Product(), 0, 1)
	} else {
		m = graph.Dot(transposed2D(out), seen).Product()
	}
	return p.folded(m, b)
}

// adjointBlocks computes T, one product for every row of a stride.
func adjointBlocks(v, w *graph.Node, p problem) *graph.Node {
	width := p.blockWidth(p.W/p.StrideW, p.StrideW*p.C)
	blocks, seen := make([]block, p.StrideH), span{}
	for row := range blocks {
		blocks[row] = p.imageBlock(row, width*p.StrideW)
		seen = seen.with(blocks[row].vRows)
	}
	from := newReader(v, seen, p.H/p.StrideH, 1, blocks[0].vCols, p.W/p.StrideW/width, width)
	var rows []*graph.Node
	for _, b := range blocks {
		z := graph.Dot(from.pieces(b.vRows), p.writtenOut(w, b)).Product()
		rows = append(rows, reshaped(z, p.B*p.H/p.StrideH, p.W*p.C))
	}
	return reshaped(join(rows, 1), p.B, p.H, p.W, p.C)
}

// seenInImage is what the blocks of all output rows see.
func (p problem) seenInImage(x *graph.Node, b block, width int) *graph.Node {
	return newReader(x, b.xRows, p.OH, p.StrideH, b.xCols, p.OW/width, p.StrideW*width).pieces(b.xRows)
}

// blockable: every block sees something, and the adjoint fills whole strides.
func blockable(p problem) bool {
	if p.H%p.StrideH != 0 || p.W%p.StrideW != 0 {
		return false
	}
	for row := range p.StrideH {
		if b := p.imageBlock(row, p.StrideW); b.vRows.size() < 1 || b.vCols.size() < 1 {
			return false
		}
	}
	return true
}

// reader takes pieces of an image, zero outside, of the columns across·j + cols, for j in [0, parts), in the rows
// down·i + rows, for i in [0, count).
type reader struct {
	lines                      *graph.Node // the image's rows, with zeros at their ends, and a row of zeros if any row is outside
	b, h, w, c                 int         // of the image
	count, down, parts, across int
	cols                       span
	left                       int // zeros in front of a row
	border                     bool
}

// newReader prepares an image for reading no other rows than those.
func newReader(x *graph.Node, rows span, count, down int, cols span, parts, across int) reader {
	d := x.Shape().Dimensions
	r := reader{b: d[0], h: d[1], w: d[2], c: d[3], count: count, down: down, cols: cols, parts: parts, across: across}
	r.border = rows.lo < 0 || (count-1)*down+rows.hi > r.h
	r.left = max(0, -cols.lo)
	right := max(0, (parts-1)*across+cols.hi-r.w)
	r.lines = reshaped(x, r.b*r.h, r.w*r.c)
	// Padding would fill all of its output with zeros before it copies.
	zeros := func(rows, cols int) *graph.Node { return zeroConstant(x, rows, cols) }
	var wide []*graph.Node
	if r.left > 0 {
		wide = append(wide, zeros(r.b*r.h, r.left*r.c))
	}
	wide = append(wide, r.lines)
	if right > 0 {
		wide = append(wide, zeros(r.b*r.h, right*r.c))
	}
	r.lines = join(wide, 1)
	if r.border {
		r.lines = graph.Concatenate([]*graph.Node{r.lines, zeros(1, lastOf(r.lines.Shape().Dimensions))}, 0)
	}
	return r
}

// pieces is a matrix [B·count·parts, rows·cols·c].
func (r reader) pieces(rows span) *graph.Node {
	n, length := r.b*r.count*r.parts, rows.size()*r.cols.size()*r.c
	if rows == (span{0, r.down}) && r.count*r.down == r.h && r.cols == (span{0, r.w}) && r.parts == 1 && !r.border {
		return reshaped(r.lines, n, length)
	}
	tall := rows.size() // of a read
	if r.border {
		tall = 1
	}
	reads := rows.size() / tall
	key := indexKey{"pieces", [12]int{r.b, r.h, lastOf(r.lines.Shape().Dimensions), r.c, rows.lo, reads, r.count, r.down, r.cols.lo + r.left, r.parts, r.across, tall}}
	index := indexConstant(r.lines.Graph(), key, n*reads, 2, func(flat []int32) {
		for i := range n * reads {
			image, at, part := i/(reads*r.parts*r.count), i/(reads*r.parts)%r.count, i/reads%r.parts
			row := at*r.down + rows.lo + i%reads
			line := image*r.h + row
			if row < 0 || row >= r.h {
				line = r.b * r.h
			}
			flat[2*i], flat[2*i+1] = int32(line), int32((part*r.across+r.cols.lo+r.left)*r.c)
		}
	})
	taken := graph.BackendGather(r.lines, index, 1, []int{1, 2}, nil, []int{0, 1}, []int{tall, r.cols.size() * r.c}, false)
	return graph.Reshape(taken, n, length)
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
	return graph.Reshape(graph.Gather(withZeroRow(reshaped(w, none, p.C)), index), outputs, pixels*p.C)
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
