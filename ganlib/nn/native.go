package nn

import "github.com/gomlx/gomlx/core/graph"

// Each primitive as one convolution of the backend, for XLA. Their stock gradients are wrong for even kernels, so
// each node is entered with its own in the graph's table.

// kernelAxes is [batch, height, width, channels] for images and W[n, kh, kw, c] for kernels, where the input channels
// are the kernel axis in and the output channels the kernel axis out.
func kernelAxes(in, out int) graph.ConvolveAxesConfig {
	return graph.ConvolveAxesConfig{
		InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3,
		KernelInputChannels: in, KernelSpatial: []int{1, 2}, KernelOutputChannels: out,
		OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3,
	}
}

func register(node *graph.Node, grad gradient) *graph.Node {
	stateOf(node.Graph()).native[node] = grad
	return node
}

func (p problem) strides() []int { return []int{p.StrideH, p.StrideW} }

func nativeConvolve(x, w *graph.Node, p problem, grad gradient) *graph.Node {
	y := graph.ConvGeneral(x, w, kernelAxes(3, 0), p.strides(), p.Pad[:], nil, nil, 1, 1)
	return register(y, grad)
}

// nativeAdjoint is a stride-1 convolution of v, with s−1 zeros between its pixels, and the turned kernel. The turned
// kernel is the operation's input, so its gradient is turned too.
func nativeAdjoint(v, w *graph.Node, p problem, grad gradient) *graph.Node {
	pad := func(h, oh, k, s, before int) [2]int {
		start := k - 1 - before
		return [2]int{start, h - ((oh-1)*s + 1) - start + k - 1}
	}
	turn := func(w *graph.Node) *graph.Node { return graph.Reverse(w, 1, 2) }
	padding := [][2]int{pad(p.H, p.OH, p.KH, p.StrideH, p.Pad[0][0]), pad(p.W, p.OW, p.KW, p.StrideW, p.Pad[1][0])}
	x := graph.ConvGeneral(v, turn(w), kernelAxes(0, 3), nil, padding, p.strides(), nil, 1, 1)
	return register(x, func(in []*graph.Node, u *graph.Node) []*graph.Node {
		g := grad([]*graph.Node{in[0], turn(in[1])}, u)
		return []*graph.Node{g[0], turn(g[1])}
	})
}

// xlaSafe is the window, or one with a pixel less of padding whose adjoint must be cropped by as much. XLA takes the
// adjoint along an axis with kernel 2, stride 2 and padding 1 for a grouped convolution and ends the process
// (AlgebraicSimplifier::SwapConvOperands, seen in jaxlib 0.11.2).
func xlaSafe(win Window) Window {
	axes := [2][2]int{{win.KH, win.StrideH}, {win.KW, win.StrideW}}
	for i, axis := range axes {
		if axis == [2]int{2, 2} && win.Pad[i] == [2]int{1, 1} {
			win.Pad[i] = [2]int{}
		}
	}
	return win
}

// nativeKernelGradient convolves x with v as kernel, its pixels s apart; batch and channels change places.
func nativeKernelGradient(x, v *graph.Node, p problem, grad gradient) *graph.Node {
	pad := func(h, oh, k, s, before int) [2]int {
		return [2]int{before, k - 1 - h - before + (oh-1)*s + 1}
	}
	axes := graph.ConvolveAxesConfig{
		InputBatch: 3, InputSpatial: []int{1, 2}, InputChannels: 0,
		KernelInputChannels: 0, KernelSpatial: []int{1, 2}, KernelOutputChannels: 3,
		OutputBatch: 3, OutputSpatial: []int{1, 2}, OutputChannels: 0,
	}
	padding := [][2]int{pad(p.H, p.OH, p.KH, p.StrideH, p.Pad[0][0]), pad(p.W, p.OW, p.KW, p.StrideW, p.Pad[1][0])}
	w := graph.ConvGeneral(x, v, axes, nil, padding, nil, p.strides(), 1, 1)
	return register(w, grad)
}
