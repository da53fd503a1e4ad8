//go:build goexperiment.simd

package frozen

import "simd"

//go:generate go run generate.go

var portable = tiles{gather3x4, gather1x8, gather7x1, gather1x1}

func gather3x4(t *tile) {
	lanes := Lanes()
	b0, b1, b2, b3 := simd.BroadcastFloat32s(t.bias[0]), simd.BroadcastFloat32s(t.bias[1]), simd.BroadcastFloat32s(t.bias[2]), simd.BroadcastFloat32s(t.bias[3])
	a00, a01, a02, a03 := b0, b1, b2, b3
	a10, a11, a12, a13 := b0, b1, b2, b3
	a20, a21, a22, a23 := b0, b1, b2, b3
	w := t.w
	for _, r := range t.runs {
		at, n := (t.at+r.at)*lanes, r.n*lanes
		x0, x1, x2 := t.in[at:at+n:at+n], t.in[at+t.step*lanes:][:n:n], t.in[at+2*t.step*lanes:][:n:n]
		for i := 0; i+lanes <= len(x0) && i+lanes <= len(x1) && i+lanes <= len(x2) && len(w) >= 4; i += lanes {
			u0, u1, u2 := simd.LoadFloat32s(x0[i:i+lanes]), simd.LoadFloat32s(x1[i:i+lanes]), simd.LoadFloat32s(x2[i:i+lanes])
			c0, c1, c2, c3 := simd.BroadcastFloat32s(w[0]), simd.BroadcastFloat32s(w[1]), simd.BroadcastFloat32s(w[2]), simd.BroadcastFloat32s(w[3])
			a00, a10, a20 = u0.MulAdd(c0, a00), u1.MulAdd(c0, a10), u2.MulAdd(c0, a20)
			a01, a11, a21 = u0.MulAdd(c1, a01), u1.MulAdd(c1, a11), u2.MulAdd(c1, a21)
			a02, a12, a22 = u0.MulAdd(c2, a02), u1.MulAdd(c2, a12), u2.MulAdd(c2, a22)
			a03, a13, a23 = u0.MulAdd(c3, a03), u1.MulAdd(c3, a13), u2.MulAdd(c3, a23)
			w = w[4:]
		}
	}
	out := t.out[t.to*lanes:]
	a00.Store(out)
	a01.Store(out[lanes:])
	a02.Store(out[2*lanes:])
	a03.Store(out[3*lanes:])
	out = out[t.outStep*lanes:]
	a10.Store(out)
	a11.Store(out[lanes:])
	a12.Store(out[2*lanes:])
	a13.Store(out[3*lanes:])
	out = out[t.outStep*lanes:]
	a20.Store(out)
	a21.Store(out[lanes:])
	a22.Store(out[2*lanes:])
	a23.Store(out[3*lanes:])
}

func gather1x8(t *tile) {
	lanes := Lanes()
	b := t.bias[:8]
	a0, a1, a2, a3 := simd.BroadcastFloat32s(b[0]), simd.BroadcastFloat32s(b[1]), simd.BroadcastFloat32s(b[2]), simd.BroadcastFloat32s(b[3])
	a4, a5, a6, a7 := simd.BroadcastFloat32s(b[4]), simd.BroadcastFloat32s(b[5]), simd.BroadcastFloat32s(b[6]), simd.BroadcastFloat32s(b[7])
	w := t.w
	for _, r := range t.runs {
		n := r.n * lanes
		x := t.in[(t.at+r.at)*lanes:][:n:n]
		for i := 0; i+lanes <= len(x) && len(w) >= 8; i += lanes {
			u, c := simd.LoadFloat32s(x[i:i+lanes]), w[:8]
			a0, a1 = simd.BroadcastFloat32s(c[0]).MulAdd(u, a0), simd.BroadcastFloat32s(c[1]).MulAdd(u, a1)
			a2, a3 = simd.BroadcastFloat32s(c[2]).MulAdd(u, a2), simd.BroadcastFloat32s(c[3]).MulAdd(u, a3)
			a4, a5 = simd.BroadcastFloat32s(c[4]).MulAdd(u, a4), simd.BroadcastFloat32s(c[5]).MulAdd(u, a5)
			a6, a7 = simd.BroadcastFloat32s(c[6]).MulAdd(u, a6), simd.BroadcastFloat32s(c[7]).MulAdd(u, a7)
			w = w[8:]
		}
	}
	out := t.out[t.to*lanes:]
	a0.Store(out)
	a1.Store(out[lanes:])
	a2.Store(out[2*lanes:])
	a3.Store(out[3*lanes:])
	a4.Store(out[4*lanes:])
	a5.Store(out[5*lanes:])
	a6.Store(out[6*lanes:])
	a7.Store(out[7*lanes:])
}

func gather7x1(t *tile) {
	lanes := Lanes()
	b := simd.BroadcastFloat32s(t.bias[0])
	a0, a1, a2, a3, a4, a5, a6 := b, b, b, b, b, b, b
	w, step := t.w, t.step*lanes
	for _, r := range t.runs {
		at, n := (t.at+r.at)*lanes, r.n*lanes
		x0, x1, x2, x3 := t.in[at:][:n:n], t.in[at+step:][:n:n], t.in[at+2*step:][:n:n], t.in[at+3*step:][:n:n]
		x4, x5, x6 := t.in[at+4*step:][:n:n], t.in[at+5*step:][:n:n], t.in[at+6*step:][:n:n]
		for i := 0; i+lanes <= n && len(w) >= 1; i += lanes {
			c := simd.BroadcastFloat32s(w[0])
			a0, a1, a2, a3 = simd.LoadFloat32s(x0[i:i+lanes]).MulAdd(c, a0), simd.LoadFloat32s(x1[i:i+lanes]).MulAdd(c, a1), simd.LoadFloat32s(x2[i:i+lanes]).MulAdd(c, a2), simd.LoadFloat32s(x3[i:i+lanes]).MulAdd(c, a3)
			a4, a5, a6 = simd.LoadFloat32s(x4[i:i+lanes]).MulAdd(c, a4), simd.LoadFloat32s(x5[i:i+lanes]).MulAdd(c, a5), simd.LoadFloat32s(x6[i:i+lanes]).MulAdd(c, a6)
			w = w[1:]
		}
	}
	out, step := t.out[t.to*lanes:], t.outStep*lanes
	a0.Store(out)
	a1.Store(out[step:])
	a2.Store(out[2*step:])
	a3.Store(out[3*step:])
	a4.Store(out[4*step:])
	a5.Store(out[5*step:])
	a6.Store(out[6*step:])
}

func gather1x1(t *tile) {
	lanes := Lanes()
	a, w := simd.BroadcastFloat32s(t.bias[0]), t.w
	for _, r := range t.runs {
		n := r.n * lanes
		x := t.in[(t.at+r.at)*lanes:][:n:n]
		for i := 0; i+lanes <= len(x) && len(w) >= 1; i += lanes {
			a = simd.LoadFloat32s(x[i:i+lanes]).MulAdd(simd.BroadcastFloat32s(w[0]), a)
			w = w[1:]
		}
	}
	a.Store(t.out[t.to*lanes:])
}
