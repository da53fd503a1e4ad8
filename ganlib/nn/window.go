package nn

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Padding is {{top, bottom}, {left, right}}: rows and columns of zeros around a convolution's input, or cut off a
// transposed convolution's full output. A negative amount crops (adds), which is how output padding is written.
type Padding [2][2]int

// Pad pads p on every side.
func Pad(p int) Padding { return Padding{{p, p}, {p, p}} }

// WithOutput adds a rows and columns at the end of a transposed convolution's output ("output padding").
func (p Padding) WithOutput(a int) Padding {
	p[0][1] -= a
	p[1][1] -= a
	return p
}

// SamePadding is TensorFlow's "same" for an input of a convolution of h×w: output ⌈in/stride⌉, the odd zero at the
// end. For a transposed convolution, h and w are those of its output, in·stride.
func SamePadding(h, w, kernel, stride int) Padding {
	top, bottom := SamePad(h, kernel, stride)
	left, right := SamePad(w, kernel, stride)
	return Padding{{top, bottom}, {left, right}}
}

// Window is the geometry of a convolution: kernel, stride and padding, each per axis.
type Window struct {
	KH, KW           int
	StrideH, StrideW int
	Pad              Padding
}

// SquareWindow has the same kernel size and stride on both axes.
func SquareWindow(kernel, stride int, pad Padding) Window {
	return Window{KH: kernel, KW: kernel, StrideH: stride, StrideW: stride, Pad: pad}
}

// OutputSize of a convolution of h×w images; not positive when the kernel does not fit.
func (win Window) OutputSize(h, w int) (int, int) {
	return ConvSize(h, win.KH, win.StrideH, win.Pad[0][0], win.Pad[0][1], 1),
		ConvSize(w, win.KW, win.StrideW, win.Pad[1][0], win.Pad[1][1], 1)
}

// problem is one convolution y[B,OH,OW,N] = C(x[B,H,W,C], W[N,KH,KW,C]), of which each primitive computes one
// member from the other two. Lowerings are chosen from it.
type problem struct {
	Window
	B, H, W, C int
	OH, OW, N  int
}

// newProblem checks a window against the shapes it is used with.
func newProblem(what string, win Window, b, h, w, c, n int) problem {
	if win.KH < 1 || win.KW < 1 || win.StrideH < 1 || win.StrideW < 1 {
		exceptions.Panicf("nn: %s: kernel %d×%d and stride %d×%d must be at least 1", what, win.KH, win.KW, win.StrideH, win.StrideW)
	}
	oh, ow := win.OutputSize(h, w)
	if oh < 1 || ow < 1 {
		exceptions.Panicf("nn: %s: a %d×%d kernel with padding %v does not fit on a %d×%d image", what, win.KH, win.KW, win.Pad, h, w)
	}
	return problem{Window: win, B: b, H: h, W: w, C: c, OH: oh, OW: ow, N: n}
}

// image returns the four dimensions of a node that must be [batch, height, width, channels].
func image(what string, x *graph.Node) (b, h, w, c int) {
	if x.Rank() != 4 {
		exceptions.Panicf("nn: %s: want [batch, height, width, channels], got %s", what, x.Shape())
	}
	d := x.Shape().Dimensions
	return d[0], d[1], d[2], d[3]
}

// checkKernel panics unless w is the kernel W[n, kh, kw, c] of the problem.
func (p problem) checkKernel(what string, w *graph.Node) {
	if w.Rank() != 4 || !slices.Equal(w.Shape().Dimensions, []int{p.N, p.KH, p.KW, p.C}) {
		exceptions.Panicf("nn: %s: want a kernel [%d %d %d %d] (n, kh, kw, c), got %s", what, p.N, p.KH, p.KW, p.C, w.Shape())
	}
}

// checkOutput panics unless v has the shape of the problem's output.
func (p problem) checkOutput(what string, v *graph.Node) {
	if !slices.Equal(v.Shape().Dimensions, []int{p.B, p.OH, p.OW, p.N}) {
		exceptions.Panicf("nn: %s: a convolution of [%d %d %d %d] has shape [%d %d %d %d], got %s",
			what, p.B, p.H, p.W, p.C, p.B, p.OH, p.OW, p.N, v.Shape())
	}
}
