package nn

import "github.com/gomlx/gomlx/core/graph"

// Convolve is the convolution y = C(x, W):
//
//	y[b,i,j,n] = Σ x[b, i·s+u−top, j·s+t−left, c] · W[n,u,t,c]   over u, t, c
//
// with x [B,H,W,C] zero outside the image, w [N,KH,KW,C] and y [B,OH,OW,N].
//
// It is bilinear, and with its two adjoints it forms a set closed under differentiation:
// ∂C = (T(v,W), G(x,v)), ∂T = (C(u,W), G(u,v)), ∂G = (T(v,U), C(x,U)). Gradients of any order are therefore
// exact and as fast as the convolution itself.
func Convolve(x, w *graph.Node, win Window) *graph.Node {
	b, h, wd, c := image("Convolve", x)
	n, _, _, _ := image("kernel of Convolve", w)
	p := newProblem("Convolve", win, b, h, wd, c, n)
	p.checkKernel("Convolve", w)
	return convolution.apply(x, w, p, func(in []*graph.Node, v *graph.Node) []*graph.Node {
		x, w := in[0], in[1]
		return []*graph.Node{ConvolveAdjoint(v, w, win, h, wd), KernelGradient(x, v, win)}
	})
}

// ConvolveAdjoint is the transposed convolution x = T(v, W): the adjoint of Convolve with respect to the image.
// Every value of v [B,OH,OW,N] multiplies the kernel w [N,KH,KW,C] and is added into the h×wd image [B,h,wd,C].
// The window must be one that turns h×wd into OH×OW.
func ConvolveAdjoint(v, w *graph.Node, win Window, h, wd int) *graph.Node {
	b, _, _, n := image("ConvolveAdjoint", v)
	_, _, _, c := image("kernel of ConvolveAdjoint", w)
	p := newProblem("ConvolveAdjoint", win, b, h, wd, c, n)
	p.checkOutput("ConvolveAdjoint", v)
	p.checkKernel("ConvolveAdjoint", w)
	if wider := xlaSafe(win); wider != win && usesNative(v.Graph(), &adjoint) {
		top, left := win.Pad[0][0]-wider.Pad[0][0], win.Pad[1][0]-wider.Pad[1][0]
		x := ConvolveAdjoint(v, w, wider, h+2*top, wd+2*left)
		return graph.Slice(x, graph.AxisRange(), graph.AxisRange(top, top+h), graph.AxisRange(left, left+wd), graph.AxisRange())
	}
	return adjoint.apply(v, w, p, func(in []*graph.Node, u *graph.Node) []*graph.Node {
		v, w := in[0], in[1]
		return []*graph.Node{Convolve(u, w, win), KernelGradient(u, v, win)}
	})
}

// KernelGradient is G(x, v), the adjoint of Convolve with respect to the kernel:
// [N,KH,KW,C] from the image x [B,H,W,C] and the cotangent v [B,OH,OW,N] of its convolution.
func KernelGradient(x, v *graph.Node, win Window) *graph.Node {
	b, h, wd, c := image("KernelGradient", x)
	_, _, _, n := image("cotangent of KernelGradient", v)
	p := newProblem("KernelGradient", win, b, h, wd, c, n)
	p.checkOutput("KernelGradient", v)
	return kernelGradient.apply(x, v, p, func(in []*graph.Node, u *graph.Node) []*graph.Node {
		x, v := in[0], in[1]
		return []*graph.Node{ConvolveAdjoint(v, u, win, h, wd), Convolve(x, u, win)}
	})
}
