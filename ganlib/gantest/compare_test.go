package gantest

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// recorder stands in for a test and notes whether it would have failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// A comparison that accepts anything would make every golden test worthless.
func TestCloseRejects(t *testing.T) {
	fingerprint := Numbers{Shape: []int{2, 2}, Sum: 10, L2: math.Sqrt(30), MaxAbs: 4, Head: []float64{1, 2}}
	exact := Numbers{Shape: []int{2, 2}, Scale: 0.5, Q: []float64{2, 4, 6, 8}}
	for _, c := range []struct {
		name    string
		got     []float64
		exact   bool // passes as the exact numbers
		summary bool // passes as the fingerprint
	}{
		{"equal", []float64{1, 2, 3, 4}, true, true},
		{"within", []float64{1, 2, 3, 4 + 7e-5}, true, true}, // allowed: 2e-5·4
		{"off", []float64{1, 2, 3, 4.001}, false, false},
		{"swapped in the tail", []float64{1, 2, 4, 3}, false, true},
		{"swapped in the head", []float64{2, 1, 3, 4}, false, false},
		{"short", []float64{1, 2, 3}, false, false},
		{"not a number", []float64{1, 2, 3, math.NaN()}, false, false},
		{"sign", []float64{1, 2, -3, 4}, false, false},
	} {
		r := &recorder{TB: t}
		if exact.Close(r, c.name, c.got, Tolerance); r.failed == c.exact {
			t.Errorf("%s: compared with exact numbers: failed = %v", c.name, r.failed)
		}
		r = &recorder{TB: t}
		if fingerprint.Close(r, c.name, c.got, Tolerance); r.failed == c.summary {
			t.Errorf("%s: compared with a fingerprint: failed = %v", c.name, r.failed)
		}
	}
}

// A function whose gradient is off by a thousandth is caught, in either order.
func TestGradientsReject(t *testing.T) {
	wrong := func(x *graph.Node) *graph.Node {
		return graph.IdentityWithCustomGradient(x, func(_, v *graph.Node) *graph.Node { return graph.MulScalar(v, 1.001) })
	}
	secondWrong := func(x *graph.Node) *graph.Node { // first order is right, its gradient is missing
		y := graph.IdentityWithCustomGradient(x, func(x, v *graph.Node) *graph.Node {
			return graph.Mul(v, graph.StopGradient(graph.MulScalar(x, 2)))
		})
		return graph.Add(y, graph.StopGradient(graph.Sub(graph.Square(x), x)))
	}
	for name, c := range map[string]struct {
		f      func(x *graph.Node) *graph.Node
		failed bool
	}{"right": {graph.Square, false}, "first order": {wrong, true}, "second order": {secondWrong, true}} {
		r := &recorder{TB: t}
		Gradients(r, func(in []*graph.Node) *graph.Node { return c.f(in[0]) }, Random(1, 1, 5))
		if r.failed != c.failed {
			t.Errorf("%s: failed = %v, want %v", name, r.failed, c.failed)
		}
	}
}
