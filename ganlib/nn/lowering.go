package nn

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// This file alone decides how a convolution is computed. On XLA each primitive is one native operation. On the Go
// backend, whose own convolution is some hundred times slower than its matrix product, it becomes matrix products:
// the first lowering of the primitive's list that the policy allows, that can compute the shape and is wanted for it.

// lowering is one way to compute a primitive from its two arguments.
type lowering struct {
	name   string
	admits func(p problem) bool // the shapes it is right for
	wanted func(p problem) bool // the shapes it is fast for
	build  func(a, b *graph.Node, p problem) *graph.Node
	policy Policy // the first that allows it

	laysOut func(p problem) int // values for an image, at most; nil: hardly more than the image has
}

// primitive is one of the three members of a convolution.
type primitive struct {
	name      string
	lowerings []lowering // the last one admits and wants everything, under every policy
	native    func(a, b *graph.Node, p problem, grad gradient) *graph.Node
}

var convolve4, adjoint4, gradient4 = winograd(4)
var convolve2, adjoint2, gradient2 = winograd(2)

var convolution = primitive{
	name: "convolution",
	lowerings: []lowering{
		{"winograd 4", tilable, tilesPay(4), convolve4, Fast, tileValues(4)},
		{"winograd 2", tilable, tilesPay(2), convolve2, Exact, tileValues(2)},
		{"blocks", blockable, narrowRows, convolveBlocks, Exact, outputBlockValues},
		{"windows", always, always, convolveWindows, Direct, windowValues},
	},
	native: nativeConvolve,
}

var adjoint = primitive{
	name: "adjoint",
	lowerings: []lowering{
		{"winograd 4", tilable, tilesPay(4), adjoint4, Fast, placeValues(4)},
		{"winograd 2", tilable, tilesPay(2), adjoint2, Exact, placeValues(2)},
		// One input pixel: the outer product is the image.
		{"pixel", onePixel, always, adjointPixel, Direct, nil},
		// A product with a few columns wastes the matrix unit: multiply by all taps, then shift and add.
		{"taps", always, fewChannels, adjointTaps, Direct, tapValues},
		{"blocks", blockable, thinRows, adjointBlocks, Exact, imageBlockValues},
		// One product for the four phases. It computes a border that is cut off, so the image must not be tiny.
		{"pairs", upToFourByTwo, pairsPay, adjointPairs, Direct, pairValues},
		// One product per phase, without waste, for everything.
		{"phases", always, always, adjointPhases, Direct, phaseValues},
	},
	native: nativeAdjoint,
}

var kernelGradient = primitive{
	name: "kernel gradient",
	lowerings: []lowering{
		{"winograd 4", tilable, tilesPay(4), gradient4, Fast, tileValues(4)},
		{"winograd 2", tilable, tilesPay(2), gradient2, Exact, tileValues(2)},
		// For colour images; one channel is better taken in whole rows.
		{"taps", always, func(p problem) bool { return p.C > 1 && fewChannels(p) }, gradientTaps, Direct, tapValues},
		{"blocks", blockable, thinRows, gradientBlocks, Exact, outputBlockValues},
		{"windows", always, always, gradientWindows, Direct, windowValues},
	},
	native: nativeKernelGradient,
}

func always(problem) bool     { return true }
func onePixel(p problem) bool { return p.OH == 1 && p.OW == 1 }

// fewChannels: so few columns in the product, and fewer than the rows it sums over.
func fewChannels(p problem) bool { return p.C <= 4 && p.N >= 2*p.C }

// upToFourByTwo: stride 2 and a kernel that fits in 4×4.
func upToFourByTwo(p problem) bool {
	return p.StrideH == 2 && p.StrideW == 2 && p.KH <= 4 && p.KW <= 4
}

// pairsPay: the border costs (OH+1)(OW+1)/(OH·OW), 1.44 at 5×5. A 3×3 kernel is filled up to 4×4, which costs 16/9
// more; that pays only where the phases' products would be narrow.
func pairsPay(p problem) bool {
	switch {
	case p.KH == 4 && p.KW == 4:
		return p.OH*p.OW > 16
	case p.KH == 3 && p.KW == 3:
		return p.C <= 32
	default:
		return false
	}
}

// The three rules below were read off BenchmarkLowerings, on two cores with AVX-512.

// tilesPay: Winograd's transformations are worth their time when there are many tiles to multiply with each
// transformed kernel, when each transformed value is multiplied with many channels, and when the image fills its
// tiles. A strided kernel saves less, 16 products becoming 9 or 25/4 instead of 9 becoming 4 or 9/4.
func tilesPay(m int) func(p problem) bool {
	return func(p problem) bool {
		tiles, channels := p.B*tilesOf(p.OH, m)*tilesOf(p.OW, m), min(p.N, p.C)
		filled := 8*p.B*p.OH*p.OW >= 7*tiles*m*m
		return filled && channels >= 32*p.StrideH && tiles >= 256/m && tiles*channels >= 1<<14
	}
}

// thinRows: row blocks for the adjoint and the kernel's gradient, which read and write the image.
func thinRows(p problem) bool {
	return p.C == 1 || p.KH == 3 && p.KW == 3 && max(p.C, p.N) <= 32
}

// narrowRows: row blocks for the convolution, whose windows are cheaper to lay out.
func narrowRows(p problem) bool {
	return p.KH == 3 && p.KW == 3 && p.C <= 8 && p.N <= 16
}

// choose returns the lowering of a shape: the one forced, for tests, where it admits the shape.
func (pr *primitive) choose(p problem, policy Policy, forced string) lowering {
	i := slices.IndexFunc(pr.lowerings, func(l lowering) bool { return l.name == forced && l.admits(p) })
	if i < 0 {
		i = slices.IndexFunc(pr.lowerings, func(l lowering) bool { return l.policy <= policy && l.admits(p) && l.wanted(p) })
	}
	return pr.lowerings[i]
}

// apply computes the primitive, with the gradient given.
func (pr *primitive) apply(a, b *graph.Node, p problem, grad gradient) *graph.Node {
	if a.DType() != b.DType() {
		exceptions.Panicf("nn: %s: arguments differ in type: %s and %s", pr.name, a.Shape(), b.Shape())
	}
	if usesNative(a.Graph(), pr) {
		return pr.native(a, b, p, grad)
	}
	chosen := pr.choose(p, CurrentPolicy(), stateOf(a.Graph()).forced[pr.name])
	return composite(pr.inChunks(chosen, a, b, p), grad, a, b)
}

const nativeName = "native"

// usesNative tells whether a primitive is the backend's own operation in this graph.
func usesNative(g *graph.Graph, pr *primitive) bool {
	forced := stateOf(g).forced[pr.name]
	return forced == nativeName || forced == "" && isXLA(g)
}

// isXLA tells whether a graph is compiled by XLA.
func isXLA(g *graph.Graph) bool { return OnXLA(g.Backend()) }

// OnXLA tells the backend whose memory is not the host's and whose operations fill a device by themselves.
func OnXLA(b compute.Backend) bool { return b != nil && b.Name() == "xla" }
