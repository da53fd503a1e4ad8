package nn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// visit calls f with the flat positions in x, w and y of every product of a convolution.
func (p problem) visit(f func(x, w, y int)) {
	for b := range p.B {
		for i := range p.OH {
			for j := range p.OW {
				for n := range p.N {
					y := ((b*p.OH+i)*p.OW+j)*p.N + n
					for u := range p.KH {
						for t := range p.KW {
							row, col := i*p.StrideH+u-p.Pad[0][0], j*p.StrideW+t-p.Pad[1][0]
							if row < 0 || row >= p.H || col < 0 || col >= p.W {
								continue
							}
							for c := range p.C {
								f(((b*p.H+row)*p.W+col)*p.C+c, ((n*p.KH+u)*p.KW+t)*p.C+c, y)
							}
						}
					}
				}
			}
		}
	}
}

// member is one of the three primitives with its definition as a loop.
type member struct {
	primitive *primitive
	apply     func(a, b *graph.Node, p problem) *graph.Node
	arguments func(p problem) [2][]int
	result    func(p problem) []int
	add       func(out, a, b []float64, x, w, y int)
}

func (p problem) xDims() []int { return []int{p.B, p.H, p.W, p.C} }
func (p problem) wDims() []int { return []int{p.N, p.KH, p.KW, p.C} }
func (p problem) yDims() []int { return []int{p.B, p.OH, p.OW, p.N} }

var members = []member{
	{&convolution, func(x, w *graph.Node, p problem) *graph.Node { return Convolve(x, w, p.Window) },
		func(p problem) [2][]int { return [2][]int{p.xDims(), p.wDims()} }, problem.yDims,
		func(out, a, b []float64, x, w, y int) { out[y] += a[x] * b[w] }},
	{&adjoint, func(v, w *graph.Node, p problem) *graph.Node { return ConvolveAdjoint(v, w, p.Window, p.H, p.W) },
		func(p problem) [2][]int { return [2][]int{p.yDims(), p.wDims()} }, problem.xDims,
		func(out, a, b []float64, x, w, y int) { out[x] += a[y] * b[w] }},
	{&kernelGradient, func(x, v *graph.Node, p problem) *graph.Node { return KernelGradient(x, v, p.Window) },
		func(p problem) [2][]int { return [2][]int{p.xDims(), p.yDims()} }, problem.wDims,
		func(out, a, b []float64, x, w, y int) { out[w] += a[x] * b[y] }},
}

// expected evaluates the definition.
func (m member) expected(t testing.TB, p problem, a, b *tensors.Tensor) []float64 {
	out := make([]float64, size(m.result(p)))
	fa, fb := gantest.Flat(t, a), gantest.Flat(t, b)
	p.visit(func(x, w, y int) { m.add(out, fa, fb, x, w, y) })
	return out
}

// names of the lowerings of a primitive that admit a shape; on XLA only the native one is ever used.
func (m member) names(t testing.TB, p problem) []string {
	names := []string{nativeName}
	if !gantest.OnGo(t) {
		return names
	}
	for _, l := range m.primitive.lowerings {
		if l.admits(p) {
			names = append(names, l.name)
		}
	}
	return names
}

// force makes a graph use one lowering of a primitive wherever it admits the shape.
func force(g *graph.Graph, primitive, lowering string) { stateOf(g).forced[primitive] = lowering }

func (p problem) String() string {
	return fmt.Sprintf("%dx%dx%dx%d_n%d_k%dx%d_s%dx%d_p%v", p.B, p.H, p.W, p.C, p.N, p.KH, p.KW, p.StrideH, p.StrideW, p.Pad)
}

// problems are the special ones, then for every kernel height and stride some at random: non-square kernels, strides
// and images, asymmetric and negative padding, unused tails, strides beyond the kernel, images of one pixel.
func problems(t testing.TB, random int) []problem {
	if !gantest.OnGo(t) {
		random = 1 // XLA compiles each for a good part of a second
	}
	special := []struct{ h, w, c, n, k, s, before, after int }{
		{8, 6, 3, 4, 4, 2, 1, 1}, {10, 12, 2, 3, 4, 2, 1, 1}, {4, 4, 3, 1, 4, 1, 0, 0}, {1, 1, 3, 2, 4, 1, 3, 3},
		{8, 6, 2, 3, 3, 2, 0, 1}, {7, 5, 1, 3, 3, 1, 1, 1}, {6, 6, 2, 4, 3, 1, 1, 1}, {8, 8, 2, 3, 5, 2, 2, 1},
		{5, 5, 1, 1, 3, 2, 1, 1}, {7, 9, 2, 2, 2, 3, 0, 0}, {1, 1, 1, 1, 1, 1, 0, 0}, {5, 4, 2, 3, 1, 2, 0, 0},
		{2, 3, 1, 4, 5, 1, 4, 4}, {7, 7, 2, 2, 2, 2, 0, -1}, {4, 4, 2, 2, 3, 2, 0, -1}, {1, 1, 2, 2, 1, 1, 2, 2},
		{8, 6, 2, 3, 2, 2, 1, 1},
		{28, 28, 1, 16, 3, 2, 0, 1}, {14, 14, 8, 16, 3, 2, 0, 1}, {16, 8, 3, 40, 4, 2, 1, 1}, {5, 66, 1, 2, 3, 1, 1, 1}, {8, 6, 33, 40, 4, 2, 1, 1}, {5, 4, 40, 32, 3, 1, 1, 1}, // blocks of several columns
	}
	var list []problem
	for _, s := range special {
		pad := Padding{{s.before, s.after}, {s.before, s.after}}
		list = append(list, newProblem("test", SquareWindow(s.k, s.s, pad), 2, s.h, s.w, s.c, s.n))
	}
	rng := rand.New(rand.NewPCG(20231109, 0))
	for k := 1; k <= 5; k++ {
		for s := 1; s <= 3; s++ {
			for found := 0; found < random; {
				win := Window{KH: k, KW: 1 + rng.IntN(5), StrideH: s, StrideW: 1 + rng.IntN(3)}
				for axis, kernel := range []int{win.KH, win.KW} {
					win.Pad[axis] = [2]int{rng.IntN(kernel+2) - 1, rng.IntN(kernel+2) - 1}
				}
				h, w := 1+rng.IntN(8), 1+rng.IntN(8)
				if oh, ow := win.OutputSize(h, w); oh < 1 || ow < 1 {
					continue
				}
				list = append(list, newProblem("test", win, 1+rng.IntN(2), h, w, 1+rng.IntN(3), 1+rng.IntN(6)))
				found++
			}
		}
	}
	return list
}

// Every lowering of every primitive equals the definition on every shape it admits, not only where it is chosen.
func TestLoweringsEqualDefinition(t *testing.T) {
	used := map[string]int{}
	for i, p := range problems(t, 8) {
		t.Run(p.String(), func(t *testing.T) {
			for _, m := range members {
				dims := m.arguments(p)
				a, b := gantest.Random(uint64(2*i), 1, dims[0]...), gantest.Random(uint64(2*i+1), 1, dims[1]...)
				want := m.expected(t, p, a, b)
				for _, name := range m.names(t, p) {
					got, err := graph.CallOnce(gantest.Backend(t), func(a, b *graph.Node) *graph.Node {
						force(a.Graph(), m.primitive.name, name)
						return m.apply(a, b, p)
					}, a, b)
					if err != nil {
						t.Fatalf("%s by %s: %v", m.primitive.name, name, err)
					}
					gantest.Close(t, m.primitive.name+" by "+name, gantest.Flat(t, got), want, 1e-12)
					used[m.primitive.name+" by "+name]++
				}
			}
		})
	}
	for _, m := range members {
		for _, l := range m.primitive.lowerings {
			if n := used[m.primitive.name+" by "+l.name]; n < 5 && gantest.OnGo(t) {
				t.Errorf("%s by %s ran on %d shapes only", m.primitive.name, l.name, n)
			}
		}
	}
}

// Planes are filled up to the faster product where that pays, as in the search of 32 and 64 queries by the blog's nets, and
// come out as defined.
func TestEmptyTaps(t *testing.T) {
	for batch, want := range map[int]int{16: 0, 32: 15, 64: 7, 128: 0} {
		p := newProblem("test", SquareWindow(3, 1, Pad(1)), batch, 28, 28, 1, 8)
		if got := p.emptyTaps(); got != want {
			t.Errorf("batch %d: %d taps of nothing, want %d", batch, got, want)
		}
	}
	m := members[slices.IndexFunc(members, func(m member) bool { return m.primitive == &adjoint })]
	for _, p := range []problem{
		newProblem("test", SquareWindow(3, 1, Pad(1)), 32, 28, 28, 1, 8),
		newProblem("test", SquareWindow(3, 2, SamePadding(32, 32, 3, 2)), 32, 32, 32, 3, 10),
	} {
		if p.emptyTaps() == 0 {
			t.Errorf("%s: no taps of nothing", p)
		}
		dims := m.arguments(p)
		a, b := gantest.Random(1, 1, dims[0]...), gantest.Random(2, 1, dims[1]...)
		got, err := graph.CallOnce(gantest.Backend(t), func(a, b *graph.Node) *graph.Node {
			force(a.Graph(), adjoint.name, "taps")
			return m.apply(a, b, p)
		}, a, b)
		if err != nil {
			t.Fatal(err)
		}
		gantest.Close(t, p.String()+" by taps", gantest.Flat(t, got), m.expected(t, p, a, b), 1e-12)
	}
}

// The gradients of the three primitives, of first and second order, with every lowering.
func TestConvolutionGradients(t *testing.T) {
	for i, p := range problems(t, 4) {
		t.Run(p.String(), func(t *testing.T) {
			for _, m := range members {
				dims := m.arguments(p)
				a, b := gantest.Random(uint64(2*i), 0.4, dims[0]...), gantest.Random(uint64(2*i+1), 0.4, dims[1]...)
				for _, name := range members[1].names(t, p) { // the adjoint's: the others have but one and the native one
					gantest.Gradients(t, func(in []*graph.Node) *graph.Node {
						for _, each := range members {
							force(in[0].Graph(), each.primitive.name, name)
						}
						return m.apply(in[0], in[1], p)
					}, a, b)
					if t.Failed() {
						t.Fatalf("%s by %s", m.primitive.name, name)
					}
				}
			}
		})
	}
}

// Shapes that do not belong together are named in the message.
func TestWrongShapesPanic(t *testing.T) {
	x, w := gantest.Random(1, 1, 1, 4, 4, 2), gantest.Random(2, 1, 3, 3, 3, 5)
	_, err := graph.CallOnce(gantest.Backend(t), func(x, w *graph.Node) *graph.Node {
		return Convolve(x, w, SquareWindow(3, 1, Pad(0)))
	}, x, w)
	if err == nil || !strings.Contains(err.Error(), "[3 3 3 2]") {
		t.Fatalf("a kernel for 5 channels on an image with 2: error %v does not say what is wanted", err)
	}
	narrow := gantest.Tensor(dtypes.Float32, []float64{1}, 1, 1, 1, 1)
	_, err = graph.CallOnce(gantest.Backend(t), func(x, w *graph.Node) *graph.Node {
		return Convolve(x, w, SquareWindow(1, 1, Pad(0)))
	}, gantest.Random(1, 1, 1, 1, 1, 1), narrow)
	if err == nil || !strings.Contains(err.Error(), "differ in type") {
		t.Fatalf("a Float32 kernel on a Float64 image: error %v does not say so", err)
	}
}
