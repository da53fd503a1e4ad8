package nn

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// phase is one residue class of output positions of a transposed convolution along one axis. Position m·s + p, with
// the phase p in [0, s), gets the taps first, first+s, …; its tap number t meets row m + shift − t of v.
type phase struct{ first, taps, shift int }

// phasesOf lists the s phases of an axis with kernel k, stride s and padding before.
func phasesOf(k, s, before int) []phase {
	phases := make([]phase, s)
	for p := range phases {
		shift := floorDiv(p+before, s)
		first := p + before - shift*s
		phases[p] = phase{first: first, taps: max(0, (k-first+s-1)/s), shift: shift}
	}
	return phases
}

// reach is the range of rows of v that the phases look at for m positions each.
func reach(phases []phase, m int) (lo, hi int) {
	lo, hi = 0, 0
	for _, ph := range phases {
		lo = min(lo, ph.shift-max(ph.taps-1, 0))
		hi = max(hi, m-1+ph.shift)
	}
	return lo, hi
}

// adjointPhases computes T for any shape: each phase is a stride-1 correlation of v with every s-th tap; the phases
// are then interleaved.
func adjointPhases(v, w *graph.Node, p problem) *graph.Node {
	mh, mw := SameSize(p.H, p.StrideH), SameSize(p.W, p.StrideW)
	down, across := phasesOf(p.KH, p.StrideH, p.Pad[0][0]), phasesOf(p.KW, p.StrideW, p.Pad[1][0])
	loH, hiH := reach(down, mh)
	loW, hiW := reach(across, mw)
	v = padImage(v, -loH, hiH+1-p.OH, -loW, hiW+1-p.OW)

	rows := make([]*graph.Node, len(down))
	for i, a := range down {
		cols := make([]*graph.Node, len(across))
		for j, b := range across {
			if a.taps == 0 || b.taps == 0 { // k < s: no tap falls here
				cols[j] = graph.Zeros(v.Graph(), shapeOf(v, p.B, mh, mw, 1, p.C))
				continue
			}
			seen := turnedWindows(v, grid{h: mh, w: mw, kh: a.taps, kw: b.taps, top: a.shift - loH, left: b.shift - loW})
			z := graph.Dot(seen, phaseKernel(w, p, a, b)).Product()
			cols[j] = graph.Reshape(z, p.B, mh, mw, 1, p.C)
		}
		rows[i] = graph.Reshape(join(cols, 3), p.B, mh, 1, mw*p.StrideW*p.C)
	}
	z := graph.Reshape(join(rows, 2), p.B, mh*p.StrideH, mw*p.StrideW, p.C)
	return padImage(z, 0, p.H-mh*p.StrideH, 0, p.W-mw*p.StrideW)
}

// phaseKernel is the matrix [taps·N, C] of the taps that two phases see, gathered from the kernel in one go: slicing
// it with a stride copies value by value.
func phaseKernel(w *graph.Node, p problem, a, b phase) *graph.Node {
	rows := a.taps * b.taps * p.N
	return kernelRows(w, "phase", [3]int{a.first<<16 | b.first, p.StrideH<<16 | p.StrideW, b.taps}, rows, func(i int) (n, u, t int) {
		return i % p.N, a.first + i/(b.taps*p.N)*p.StrideH, b.first + i/p.N%b.taps*p.StrideW
	})
}

// join concatenates, or returns the only part.
func join(parts []*graph.Node, axis int) *graph.Node {
	if len(parts) == 1 {
		return parts[0]
	}
	return graph.Concatenate(parts, axis)
}

func shapeOf(like *graph.Node, dims ...int) shapes.Shape { return shapes.Make(like.DType(), dims...) }
