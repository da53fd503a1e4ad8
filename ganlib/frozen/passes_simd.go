//go:build goexperiment.simd

package frozen

import (
	"math"
	"simd"
)

// leaky is LeakyReLU in place, max(x, slope·x).
func leaky(x []float32, slope float32) {
	lanes, c := Lanes(), simd.BroadcastFloat32s(slope)
	for ; len(x) >= lanes; x = x[lanes:] {
		v := simd.LoadFloat32s(x)
		v.Max(v.Mul(c)).Store(x)
	}
}

// leakyBack turns the gradient by LeakyReLU's output y into that by its input, in place.
func leakyBack(v, y []float32, slope float32) {
	lanes, c, zero := Lanes(), simd.BroadcastFloat32s(slope), simd.BroadcastFloat32s(0)
	for y = y[:len(v)]; len(v) >= lanes; v, y = v[lanes:], y[lanes:] {
		u := simd.LoadFloat32s(v)
		u.IfElse(simd.LoadFloat32s(y).Greater(zero), u.Mul(c)).Store(v)
	}
}

// tanh is the hyperbolic tangent in place: (1−e)/(1+e) with e = exp(−2x). With −2x = n·ln 2 + r, e = 2ⁿ·eʳ, and eʳ is the
// first terms of its series. Beyond ±20 it is ±1.
func tanh(x []float32) {
	const shift = 1.5 * (1 << 23) // adding it rounds to a whole number
	lanes, far, round := Lanes(), simd.BroadcastFloat32s(20), simd.BroadcastFloat32s(shift)
	perLn2, ln2, rest := simd.BroadcastFloat32s(-2/math.Ln2), simd.BroadcastFloat32s(-high), simd.BroadcastFloat32s(high-math.Ln2)
	one, two, bias := simd.BroadcastFloat32s(1), simd.BroadcastFloat32s(-2), simd.BroadcastInt32s(127)
	c2, c3, c4 := simd.BroadcastFloat32s(1.0/2), simd.BroadcastFloat32s(1.0/6), simd.BroadcastFloat32s(1.0/24)
	c5, c6, c7 := simd.BroadcastFloat32s(1.0/120), simd.BroadcastFloat32s(1.0/720), simd.BroadcastFloat32s(1.0/5040)
	for ; len(x) >= lanes; x = x[lanes:] {
		u := simd.LoadFloat32s(x)
		v := u.Min(far).Max(far.Neg())
		n := v.MulAdd(perLn2, round).Sub(round)
		r := n.MulAdd(rest, n.MulAdd(ln2, v.Mul(two)))
		e := c7.MulAdd(r, c6).MulAdd(r, c5).MulAdd(r, c4).MulAdd(r, c3).MulAdd(r, c2).MulAdd(r, one).MulAdd(r, one)
		e = e.Mul(n.ConvertToInt32().Add(bias).ShiftAllLeft(23).ToBits().BitsToFloat32())
		one.Sub(e).Div(one.Add(e)).IfElse(u.Equal(u), u).Store(x) // no number stays none
	}
}

// high is ln 2 in so few digits that a small whole number of times it is exact.
const high = 0.693359375

// tanhBack turns the gradient by y = tanh x into that by x, in place: v·(1−y²).
func tanhBack(v, y []float32) {
	lanes, one := Lanes(), simd.BroadcastFloat32s(1)
	for y = y[:len(v)]; len(v) >= lanes; v, y = v[lanes:], y[lanes:] {
		t := simd.LoadFloat32s(y)
		simd.LoadFloat32s(v).Mul(one.Sub(t.Mul(t))).Store(v)
	}
}

func absoluteDistance(sums, y, x, gradient []float32, weight float32) {
	lanes, sum, zero, up, down := Lanes(), simd.BroadcastFloat32s(0), simd.BroadcastFloat32s(0), simd.BroadcastFloat32s(weight), simd.BroadcastFloat32s(-weight)
	for x = x[:len(y)]; len(y) >= lanes; x, y = x[lanes:], y[lanes:] {
		d := simd.LoadFloat32s(y).Sub(simd.LoadFloat32s(x))
		sum = sum.Add(d.Abs())
		if gradient != nil {
			simd.LoadFloat32s(gradient).Add(up.IfElse(d.Greater(zero), down.IfElse(d.Less(zero), zero))).Store(gradient)
			gradient = gradient[lanes:]
		}
	}
	sum.Store(sums)
}

func squaredDistance(sums, y, x, gradient []float32, weight float32) {
	lanes, sum, c := Lanes(), simd.BroadcastFloat32s(0), simd.BroadcastFloat32s(weight)
	for x = x[:len(y)]; len(y) >= lanes; x, y = x[lanes:], y[lanes:] {
		d := simd.LoadFloat32s(y).Sub(simd.LoadFloat32s(x))
		sum = d.MulAdd(d, sum)
		if gradient != nil {
			d.MulAdd(c, simd.LoadFloat32s(gradient)).Store(gradient)
			gradient = gradient[lanes:]
		}
	}
	sum.Store(sums)
}

// add adds b to x in place.
func add(x, b []float32) {
	lanes := Lanes()
	for b = b[:len(x)]; len(x) >= lanes; x, b = x[lanes:], b[lanes:] {
		simd.LoadFloat32s(x).Add(simd.LoadFloat32s(b)).Store(x)
	}
}
