package frozen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawn fills a layer's weights at random.
func drawn(rng *rand.Rand, l Layer, norm bool) Layer {
	numbers := func(n int, low, high float32) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = low + (high-low)*rng.Float32()
		}
		return list
	}
	weights, biases := l.Kernel*l.Kernel*l.In.Maps*l.Out.Maps, l.Out.Maps
	if l.Op == Dense {
		weights, biases = l.In.size()*l.Out.size(), l.Out.size()
	}
	l.Weights, l.Bias = numbers(weights, -0.5, 0.5), numbers(biases, -0.5, 0.5)
	if norm {
		n := l.Out.Maps
		l.Norm = &Norm{Gamma: numbers(n, 0.5, 1.5), Beta: numbers(n, -0.5, 0.5), Mean: numbers(n, -0.5, 0.5), Variance: numbers(n, 0.1, 2), Epsilon: 1e-3}
	}
	return l
}

// reference computes a layer by its definition, in float64: every pair of an input and an output pixel that a place of
// the kernel joins.
func (l Layer) reference(x []float64) []float64 {
	y := make([]float64, l.Out.size())
	for o := range y {
		y[o] = float64(l.Bias[o%len(l.Bias)])
	}
	join := func(in, out Shape, kernel, stride, before int, visit func(i, o, ky, kx int)) {
		for oy := range out.Height {
			for ox := range out.Width {
				for ky := range kernel {
					for kx := range kernel {
						iy, ix := oy*stride+ky-before, ox*stride+kx-before
						if iy >= 0 && iy < in.Height && ix >= 0 && ix < in.Width {
							visit(iy*in.Width+ix, oy*out.Width+ox, ky, kx)
						}
					}
				}
			}
		}
	}
	ci, co := l.In.Maps, l.Out.Maps
	switch l.Op {
	case Convolution:
		join(l.In, l.Out, l.Kernel, l.Stride, l.Before, func(i, o, ky, kx int) {
			for a := range ci {
				for b := range co {
					y[o*co+b] += x[i*ci+a] * float64(l.Weights[((b*l.Kernel+ky)*l.Kernel+kx)*ci+a])
				}
			}
		})
	case Transposed:
		join(l.Out, l.In, l.Kernel, l.Stride, l.Before, func(o, i, ky, kx int) {
			for a := range ci {
				for b := range co {
					y[o*co+b] += x[i*ci+a] * float64(l.Weights[((a*l.Kernel+ky)*l.Kernel+kx)*co+b])
				}
			}
		})
	case Dense:
		for i := range x {
			for o := range y {
				y[o] += x[i] * float64(l.Weights[i*len(y)+o])
			}
		}
	}
	for o := range y {
		if n, m := l.Norm, o%co; n != nil {
			y[o] = float64(n.Gamma[m])*(y[o]-float64(n.Mean[m]))/math.Sqrt(float64(n.Variance[m])+n.Epsilon) + float64(n.Beta[m])
		}
		if l.Activation == Tanh {
			y[o] = math.Tanh(y[o])
		} else {
			y[o] = max(y[o], float64(l.Slope)*y[o])
		}
	}
	return y
}

func conv(in, out Shape, k, s, before int, slope float32) Layer {
	return Layer{Op: Convolution, In: in, Out: out, Kernel: k, Stride: s, Before: before, Slope: slope}
}

func transposed(in, out Shape, k, s, before int, slope float32) Layer {
	l := conv(in, out, k, s, before, slope)
	l.Op = Transposed
	return l
}

func dense(in, out Shape, slope float32) Layer {
	return Layer{Op: Dense, In: in, Out: out, Slope: slope}
}

// chains are networks with every kind of layer, even and odd kernels, widths below and above every tile's.
func chains() map[string][]Layer {
	image := transposed(Shape{14, 14, 8}, Shape{14, 14, 1}, 3, 1, 1, 1)
	image.Activation = Tanh
	return map[string][]Layer{
		"conv 3×3":             {conv(Shape{9, 8, 3}, Shape{9, 8, 6}, 3, 1, 1, 0.2)},
		"conv 3×3, stride 2":   {conv(Shape{14, 14, 1}, Shape{7, 7, 16}, 3, 2, 0, 0.2)},
		"conv 5×5, stride 2":   {conv(Shape{12, 12, 2}, Shape{6, 6, 5}, 5, 2, 1, 0)},
		"conv 4×4, stride 2":   {conv(Shape{8, 8, 3}, Shape{4, 4, 9}, 4, 2, 1, 0.2)},
		"conv to a pixel":      {conv(Shape{4, 4, 7}, Shape{1, 1, 11}, 4, 1, 0, 1)},
		"conv, no padding":     {conv(Shape{7, 5, 2}, Shape{3, 2, 4}, 3, 2, 0, 1)},
		"transposed 3×3":       {transposed(Shape{7, 7, 6}, Shape{14, 14, 8}, 3, 2, 0, 0.2)},
		"transposed 4×4":       {transposed(Shape{4, 4, 5}, Shape{8, 8, 3}, 4, 2, 1, 0)},
		"transposed 5×5":       {transposed(Shape{4, 4, 3}, Shape{8, 8, 2}, 5, 2, 1, 0)},
		"transposed, stride 3": {transposed(Shape{3, 3, 2}, Shape{9, 9, 5}, 2, 3, 0, 1)}, // pixels that no input reaches
		"vector to image":      {dense(Shape{1, 1, 10}, Shape{7, 7, 12}, 0.2)},
		"image to vector":      {dense(Shape{7, 7, 3}, Shape{1, 1, 9}, 1)},
		"generator and discriminator": {
			dense(Shape{1, 1, 10}, Shape{7, 7, 12}, 0.2), transposed(Shape{7, 7, 12}, Shape{14, 14, 8}, 3, 2, 0, 0.2), image,
			conv(Shape{14, 14, 1}, Shape{7, 7, 4}, 3, 2, 0, 0.2), dense(Shape{7, 7, 4}, Shape{1, 1, 1}, 1),
		},
	}
}

func build(t testing.TB, seed uint64, layers []Layer) (*Net, []Layer) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	all := make([]Layer, len(layers))
	for i, l := range layers {
		all[i] = drawn(rng, l, i%2 == 0)
	}
	n, err := New(all)
	if err != nil {
		t.Fatal(err)
	}
	return n, all
}

func noise(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*rng.Float32() - 1
	}
	return x
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// Values are those of the definition, within 1e-5, with every lane on its own.
func TestForward(t *testing.T) {
	for name, layers := range chains() {
		t.Run(name, func(t *testing.T) {
			n, all := build(t, 1, layers)
			rng := rand.New(rand.NewPCG(3, 4))
			x := noise(rng, n.Size(0)*Lanes())
			m := n.NewMemory()
			copy(m.Values(0), n.Pack(0, x))
			m.Forward(0, len(all))
			for lane := range Lanes() {
				want := widen(x[lane*n.Size(0):][:n.Size(0)])
				for i, l := range all {
					want = l.reference(want)
					got := make([]float32, n.Size(i+1))
					n.Take(i+1, m.Values(i+1), lane, got)
					for k, w := range want {
						if !(math.Abs(float64(got[k])-w) <= 1e-5*max(1, math.Abs(w))) {
							t.Fatalf("lane %d, layer %d, number %d: %v, want %v", lane, i+1, k, got[k], w)
						}
					}
				}
			}
		})
	}
}

// The gradient is that of finite differences of the definition in float64.
func TestBackward(t *testing.T) {
	for name, layers := range chains() {
		t.Run(name, func(t *testing.T) {
			n, all := build(t, 1, layers)
			rng := rand.New(rand.NewPCG(5, 6))
			x, up := noise(rng, n.Size(0)*Lanes()), noise(rng, n.Size(len(all))*Lanes())
			m := n.NewMemory()
			copy(m.Values(0), n.Pack(0, x))
			m.Forward(0, len(all))
			copy(m.Gradient(len(all)), n.Pack(len(all), up))
			m.Backward(len(all), 0)
			for _, lane := range []int{0, Lanes() - 1} {
				sum := func(x []float64) float64 {
					for _, l := range all {
						x = l.reference(x)
					}
					s := 0.0
					for k, v := range x {
						s += v * float64(up[lane*len(x)+k])
					}
					return s
				}
				got := make([]float32, n.Size(0))
				n.Take(0, m.Gradient(0), lane, got)
				for range 20 {
					i := rng.IntN(len(got))
					at := func(d float64) float64 {
						moved := widen(x[lane*len(got):][:len(got)])
						moved[i] += d
						return sum(moved)
					}
					const h = 1e-6
					if want := (at(h) - at(-h)) / (2 * h); !(math.Abs(float64(got[i])-want) <= 2e-5*max(1, math.Abs(want))) {
						t.Errorf("lane %d, input %d: %v, want %v", lane, i, got[i], want)
					}
				}
			}
		})
	}
}

// Beginning and ending in the middle of a chain is the same as going all the way.
func TestParts(t *testing.T) {
	n, all := build(t, 7, chains()["generator and discriminator"])
	rng := rand.New(rand.NewPCG(8, 9))
	x, up := n.Pack(0, noise(rng, n.Size(0))), n.Pack(5, noise(rng, 1))
	whole, parts := n.NewMemory(), n.NewMemory()
	for _, m := range []*Memory{whole, parts} {
		copy(m.Values(0), x)
		copy(m.Gradient(len(all)), up)
	}
	whole.Forward(0, 5)
	whole.Backward(5, 0)
	parts.Forward(0, 3)
	parts.Forward(3, 5)
	parts.Backward(5, 3)
	parts.Backward(3, 0)
	if fmt.Sprint(whole.Gradient(0)) != fmt.Sprint(parts.Gradient(0)) || fmt.Sprint(whole.Values(5)) != fmt.Sprint(parts.Values(5)) {
		t.Error("a chain in two parts is another one")
	}
}

// An example is the same to the bit in every lane and company, and memory that was used before is as good as new.
func TestLanesDoNotMeet(t *testing.T) {
	n, all := build(t, 1, chains()["generator and discriminator"])
	rng := rand.New(rand.NewPCG(3, 4))
	x := noise(rng, n.Size(0))
	var want []float32
	m := n.NewMemory()
	for lane := range Lanes() {
		others := n.Pack(0, noise(rng, n.Size(0)*Lanes()))
		n.Put(0, others, lane, x)
		copy(m.Values(0), others)
		m.Forward(0, len(all))
		copy(m.Gradient(5), n.Pack(5, noise(rng, Lanes())))
		m.Gradient(5)[lane] = 1
		m.Backward(5, 0)
		got := make([]float32, n.Size(0))
		n.Take(0, m.Gradient(0), lane, got)
		if want == nil {
			want = got
		}
		for k := range got {
			if got[k] != want[k] {
				t.Fatalf("lane %d: gradient %v, in the first lane %v", lane, got[k], want[k])
			}
		}
	}
}

// Distances and their gradients, in closed form; equal numbers have no gradient.
func TestDistance(t *testing.T) {
	spread := func(numbers ...float32) []float32 {
		var all []float32
		for _, v := range numbers {
			for range Lanes() {
				all = append(all, v)
			}
		}
		return all
	}
	y, x := spread(1, -2, 0.5), spread(0.5, 1, 0.5)
	for squares, want := range map[bool]struct {
		sum      float32
		gradient []float32
	}{false: {3.5, []float32{13, 7, 10}}, true: {9.25, []float32{13, -8, 10}}} {
		sums, gradient := make([]float32, Lanes()), spread(10, 10, 10)
		Distance(sums, y, x, gradient, 3, squares)
		if sums[0] != want.sum || sums[Lanes()-1] != want.sum || fmt.Sprint(gradient) != fmt.Sprint(spread(want.gradient...)) {
			t.Errorf("squares %v: %v and %v, want %v and %v", squares, sums, gradient, want.sum, want.gradient)
		}
		Distance(sums, y, x, nil, 3, squares)
		if sums[0] != want.sum {
			t.Errorf("without a gradient %v", sums)
		}
	}
}

// tanh is within 3e-7 everywhere, ±1 far out, and no number of no number.
func TestTanh(t *testing.T) {
	worst := 0.0
	for x := -20.0; x <= 20; x += 1e-3 {
		v := make([]float32, Lanes())
		v[0] = float32(x)
		tanh(v)
		worst = max(worst, math.Abs(float64(v[0])-math.Tanh(float64(float32(x)))))
	}
	if !(worst <= 3e-7) {
		t.Errorf("off by %v", worst)
	}
	for _, x := range []float32{0, 1e9, float32(math.Inf(1))} {
		for _, x := range []float32{x, -x} {
			v := append([]float32{x}, make([]float32, Lanes()-1)...)
			if tanh(v); float64(v[0]) != math.Tanh(float64(x)) {
				t.Errorf("tanh %v = %v", x, v[0])
			}
		}
	}
	v := append([]float32{float32(math.NaN())}, make([]float32, Lanes()-1)...)
	if tanh(v); v[0] == v[0] {
		t.Errorf("tanh NaN = %v", v[0])
	}
	v[0] = float32(math.NaN())
	if leaky(v, 0.2); v[0] == v[0] {
		t.Errorf("LeakyReLU of NaN = %v", v[0])
	}
}

func TestRefuses(t *testing.T) {
	good := drawn(rand.New(rand.NewPCG(1, 1)), conv(Shape{4, 4, 1}, Shape{4, 4, 2}, 3, 1, 1, 0), true)
	for want, change := range map[string]func(l *Layer){
		"17 weights":                 func(l *Layer) { l.Weights = l.Weights[1:] },
		"slope":                      func(l *Layer) { l.Slope = 2 },
		"stride 0":                   func(l *Layer) { l.Stride = 0 },
		"nothing can be computed":    func(l *Layer) { l.Out.Maps = 0 },
		"another number of maps":     func(l *Layer) { l.Norm = &Norm{} },
		"no such":                    func(l *Layer) { l.Op = 9 },
		"variance of -1":             func(l *Layer) { n := *l.Norm; n.Variance = []float32{1, -1}; l.Norm = &n },
		"from a vector or to one":    func(l *Layer) { l.Op = Dense },
		"images must be square":      func(l *Layer) { l.Op, l.In, l.Out = Dense, Shape{2, 3, 1}, Shape{1, 1, 1} },
		"the one before makes 4×4×2": func(l *Layer) { l.In = Shape{4, 4, 1} },
	} {
		l := good
		change(&l)
		chain := []Layer{l}
		if strings.Contains(want, "the one before") {
			chain = []Layer{good, l}
		}
		if _, err := New(chain); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := New(nil); err == nil {
		t.Error("no layers are a network")
	}
	defer func() {
		if recover() == nil {
			t.Error("more examples than lanes were packed")
		}
	}()
	n, err := New([]Layer{good})
	if err != nil {
		t.Fatal(err)
	}
	n.Pack(0, make([]float32, (Lanes()+1)*n.Size(0)))
}
