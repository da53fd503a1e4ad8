package nn

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// layingOut sets how much a lowering may lay out at once, for the rest of a test.
func layingOut(t *testing.T, bytes int) {
	if !gantest.OnGo(t) {
		t.Skip("XLA lays out by itself")
	}
	before := largestLayout
	largestLayout = bytes
	t.Cleanup(func() { largestLayout = before })
}

// A batch computed image by image equals the definition, by every lowering of every primitive: five chunks, so that
// some wait for those before them. Transformed kernels wait for their data, too.
func TestChunksEqualDefinition(t *testing.T) {
	layingOut(t, 1)
	chunked := map[string]bool{}
	for i, p := range problems(t, 0) {
		p.B = 5
		for _, m := range members {
			dims := m.arguments(p)
			a, b := gantest.Random(uint64(2*i), 1, dims[0]...), gantest.Random(uint64(2*i+1), 1, dims[1]...)
			want := m.expected(t, p, a, b)
			for _, l := range m.primitive.lowerings {
				if !l.admits(p) {
					continue
				}
				got, err := graph.CallOnce(gantest.Backend(t), func(a, b *graph.Node) *graph.Node {
					force(a.Graph(), m.primitive.name, l.name)
					return m.apply(a, b, p)
				}, a, b)
				what := fmt.Sprintf("%s of %s by %s", m.primitive.name, p, l.name)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				gantest.Close(t, what, gantest.Flat(t, got), want, 1e-12)
				if l.chunks(p, 8) == p.B {
					chunked[m.primitive.name+" by "+l.name] = true
				}
			}
		}
	}
	for _, m := range members {
		for _, l := range m.primitive.lowerings {
			if !chunked[m.primitive.name+" by "+l.name] && l.laysOut != nil {
				t.Errorf("%s by %s was never computed in chunks", m.primitive.name, l.name)
			}
		}
	}
}

// Chunks change memory only, to second order.
func TestChunkGradients(t *testing.T) {
	layingOut(t, 1)
	for i, win := range []Window{SquareWindow(4, 2, Pad(1)), SquareWindow(3, 1, Pad(1))} {
		p := newProblem("test", win, 3, 8, 4, 2, 3)
		for _, m := range members {
			dims := m.arguments(p)
			a, b := gantest.Random(uint64(2*i), 0.4, dims[0]...), gantest.Random(uint64(2*i+1), 0.4, dims[1]...)
			for _, name := range members[1].names(t, p) {
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
	}
}

// A lowering says of the layers of the practice at batch 64 how much it lays out: never less than two thirds of the
// largest value in its graph, and never twice as much.
func TestLayoutsAreAsLargeAsSaid(t *testing.T) {
	layingOut(t, 1<<40)
	win := SquareWindow(4, 2, Pad(1))
	for _, p := range []problem{
		newProblem("test", win, 64, 32, 32, 32, 64), newProblem("test", win, 64, 16, 16, 64, 128),
		newProblem("test", win, 64, 64, 64, 3, 32), newProblem("test", SquareWindow(3, 1, Pad(1)), 64, 16, 16, 32, 32),
	} {
		for _, m := range members {
			for _, l := range m.primitive.lowerings {
				if !l.admits(p) || l.laysOut == nil {
					continue
				}
				said, largest := l.laysOut(p)*p.B, m.largestValue(t, p, l)
				if 3*said < 2*largest || said > 2*largest {
					t.Errorf("%s of %s by %s: lays out %d values, says %d", m.primitive.name, p, l.name, largest, said)
				}
			}
		}
	}
}

// largestValue is the size of the largest float value on the way to a primitive.
func (m member) largestValue(t *testing.T, p problem, l lowering) int {
	t.Helper()
	g := graph.NewGraph(gantest.Backend(t), "layout")
	defer g.Finalize()
	dims := m.arguments(p)
	a := graph.Parameter(g, "a", shapes.Make(dtypes.Float32, dims[0]...))
	b := graph.Parameter(g, "b", shapes.Make(dtypes.Float32, dims[1]...))
	l.build(a, b, p)
	largest := 0
	for _, n := range g.Nodes() {
		if n.Type() != graph.NodeTypeParameter && n.DType() == dtypes.Float32 {
			largest = max(largest, n.Shape().Size())
		}
	}
	return largest
}

// Small batches stay whole, large ones are cut until each chunk fits, and one image is never cut.
func TestChunkCounts(t *testing.T) {
	windows := convolution.lowerings[len(convolution.lowerings)-1]
	of := func(batch int) problem { return newProblem("test", SquareWindow(4, 2, Pad(1)), batch, 32, 32, 64, 128) }
	for batch, want := range map[int]int{1: 1, 16: 1, 17: 2, 32: 2, 33: 4, 128: 8} { // 1 MB an image
		if got := windows.chunks(of(batch), 4); got != want {
			t.Errorf("a batch of %d is cut into %d, want %d", batch, got, want)
		}
	}
	if got := windows.chunks(newProblem("test", SquareWindow(4, 2, Pad(1)), 3, 512, 512, 64, 128), 4); got != 3 {
		t.Errorf("three huge images are cut into %d", got)
	}
}
