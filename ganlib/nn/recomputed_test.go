package nn

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// The layout of large windows in the backward pass must change memory only, to second order.
func TestRecomputedWindowsGradients(t *testing.T) {
	defer func(bytes int) { largeWindows = bytes }(largeWindows)
	largeWindows = 0
	win := SquareWindow(4, 2, Pad(1))
	gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return Convolve(in[0], in[1], win) },
		gantest.Random(1, 1, 2, 6, 8, 3), gantest.Random(2, 0.3, 5, 4, 4, 3))
}
