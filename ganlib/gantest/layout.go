package gantest

import "github.com/gomlx/gomlx/core/graph"

// Golden files keep images as [N,C,H,W], kernels as [out,in,kh,kw] and kernels of transposed convolutions as
// [in,out,kh,kw]. This module has channels last, and W[n,kh,kw,c] for both kernels, n being the first axis of either.

// ToChannelsLast turns [N,C,H,W] into [N,H,W,C], and either kernel into W[n,kh,kw,c]. Other ranks are left alone.
func ToChannelsLast(x *graph.Node) *graph.Node {
	if x.Rank() != 4 {
		return x
	}
	return graph.TransposeAllAxes(x, 0, 2, 3, 1)
}

// ToChannelsFirst is the way back.
func ToChannelsFirst(x *graph.Node) *graph.Node {
	if x.Rank() != 4 {
		return x
	}
	return graph.TransposeAllAxes(x, 0, 3, 1, 2)
}
