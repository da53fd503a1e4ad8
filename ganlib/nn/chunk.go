package nn

import "github.com/gomlx/gomlx/core/graph"

// The lowerings lay an image out several times over: the windows of a 4×4 kernel with stride 2 are four times the image,
// its Winograd tiles one and a half times. The backend keeps what it has allocated in one pool for each size, so that
// one large layer costs the peak twice, once for each core, and for good. A batch whose layout would be large is
// therefore computed in chunks of images; they are of few sizes, and each reuses the memory of the one before the last.
// Convolving chunks is no other sum than convolving the batch; the kernel's gradient is the sum over the chunks.

// largestLayout is how many bytes a lowering may lay out at once. Batches of 16 of a DCGAN stay whole; at batch 128 the
// chunks fit the processor's cache better than the batch does.
var largestLayout = 16 << 20

// chunksInFlight is how many chunks may be alive: while one is multiplied, the next is laid out.
const chunksInFlight = 2

// inChunks computes a primitive by a lowering, in as many chunks as it takes.
func (pr *primitive) inChunks(l lowering, a, b *graph.Node, p problem) *graph.Node {
	count := l.chunks(p, a.DType().Size())
	if count == 1 {
		return l.build(a, b, p)
	}
	ofKernel := pr == &kernelGradient
	parts := make([]*graph.Node, count)
	for i := range parts {
		from, to := i*p.B/count, (i+1)*p.B/count
		var after *graph.Node
		switch {
		case i >= chunksInFlight:
			after = parts[i-chunksInFlight]
		case ofKernel:
			after = seen(b) // or the forward pass would share its layout and keep it until now
		}
		q := p
		q.B = to - from
		if ofKernel {
			parts[i] = l.build(images(a, p.B, from, to, after), images(b, p.B, from, to, after), q)
		} else {
			parts[i] = seen(l.build(images(a, p.B, from, to, after), b, q))
		}
	}
	if ofKernel {
		return total(parts)
	}
	if pr == &adjoint {
		return reshaped(graph.Concatenate(parts, 0), p.B, p.H, p.W, p.C)
	}
	return reshaped(graph.Concatenate(parts, 0), p.B, p.OH, p.OW, p.N)
}

// chunks is into how many chunks a lowering cuts a batch of values of some bytes.
func (l lowering) chunks(p problem, bytes int) int {
	if l.laysOut == nil {
		return 1
	}
	count := 1
	for each := l.laysOut(p) * bytes; count < p.B && (p.B+count-1)/count*each > largestLayout; {
		count *= 2
	}
	return min(count, p.B)
}

// images takes the images [from, to) of a stack of b, not before after is known.
func images(x *graph.Node, b, from, to int, after *graph.Node) *graph.Node {
	d, stack := x.Shape().Dimensions, seen(x)
	dims := stack.Shape().Dimensions
	rows := dims[0] / b // of an image
	first := indexConstant(x.Graph(), indexKey{"first", [12]int{from * rows}}, 1, 1, func(flat []int32) { flat[0] = int32(from * rows) })
	if after != nil {
		first = graph.SchedulingBarrier(first, after)
	}
	sizes := append([]int{(to - from) * rows}, dims[1:]...)
	axes := make([]int, len(dims))
	for i := range axes {
		axes[i] = i + 1
	}
	taken := graph.BackendGather(stack, first, 1, axes, nil, []int{0}, sizes, false)
	return graph.Reshape(taken, append([]int{to - from}, d[1:]...)...)
}

// awaited is a kernel that exists only once x does. Whatever depends on weights alone the backend computes first thing
// in a step: the transformed kernels of all layers, for the passes forward and backward, would lie there until they are
// needed. Everybody who transforms w for a purpose shares what the first one waited for.
func awaited(w *graph.Node, purpose string, x *graph.Node) *graph.Node {
	g := w.Graph()
	waiting, ok := g.State(awaitedKey{}).(map[awaitedKernel]*graph.Node)
	if !ok {
		waiting = map[awaitedKernel]*graph.Node{}
		g.AttachState(awaitedKey{}, waiting)
	}
	key := awaitedKernel{w, purpose}
	if waiting[key] == nil {
		waiting[key] = graph.SchedulingBarrier(w, x)
	}
	return waiting[key]
}

type awaitedKey struct{}

type awaitedKernel struct {
	w       *graph.Node
	purpose string
}

// total is the sum of some values.
func total(parts []*graph.Node) *graph.Node {
	sum := parts[0]
	for _, part := range parts[1:] {
		sum = graph.Add(sum, part)
	}
	return sum
}

// How many values the lowerings lay out for an image, at most.

func windowValues(p problem) int {
	if onePixel(p) || p.KH*p.KW == 1 && p.StrideH*p.StrideW == 1 {
		return 0 // the image is its windows
	}
	return p.OH * p.OW * p.KH * p.KW * p.C
}

func tapValues(p problem) int { return p.OH * p.OW * p.KH * p.KW * p.C }

func pairValues(p problem) int { return (p.OH + 1) * (p.OW + 1) * 4 * max(p.N, p.C) }

// phaseValues: those of one phase.
func phaseValues(p problem) int {
	taps := SameSize(p.KH, p.StrideH) * SameSize(p.KW, p.StrideW)
	return SameSize(p.H, p.StrideH) * SameSize(p.W, p.StrideW) * taps * p.N
}

func outputBlockValues(p problem) int {
	width := p.blockWidth(p.OW, p.N)
	b := p.outputBlock(width)
	return p.OH * p.OW / width * b.xRows.size() * b.xCols.size() * p.C
}

func imageBlockValues(p problem) int {
	width := p.blockWidth(p.W/p.StrideW, p.StrideW*p.C)
	b := p.imageBlock(0, width*p.StrideW)
	return p.H * p.W / (p.StrideW * width) * b.vRows.size() * b.vCols.size() * p.N
}

// tileValues: the transformed cells, and the products.
func tileValues(m int) func(p problem) int {
	return func(p problem) int {
		n := m + p.tapsPerStride() - 1
		return n * n * tilesOf(p.OH, m) * tilesOf(p.OW, m) * max(p.StrideH*p.StrideW*p.C, p.N)
	}
}

// placeValues: what each place in a cell sees, and the products.
func placeValues(m int) func(p problem) int {
	return func(p problem) int {
		n, s := m+p.tapsPerStride()-1, p.StrideH
		return n * n * s * s * tilesOf(p.H/s, m) * tilesOf(p.W/s, m) * max(p.N, p.C)
	}
}
