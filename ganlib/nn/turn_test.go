package nn

import (
	"fmt"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/gomlx/core/graph"
)

// Matrices that are transposed by way of more rows come out as others do, to the bit, and so do their gradients.
func TestTransposed(t *testing.T) {
	for _, d := range [][2]int{{256, 9}, {512, 64}, {1024, 33}, {255, 40}, {512, 8}, {40, 256}} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			x, v := gantest.Random(1, 1, d[0], d[1]), gantest.Random(2, 1, d[1], d[0])
			got, err := graph.CallOnceN(gantest.Backend(t), func(x, v *graph.Node) []*graph.Node {
				y, want := transposed2D(x), graph.Transpose(x, 0, 1)
				loss := func(y *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Mul(graph.Square(y), v)) }
				return []*graph.Node{y, want, graph.Gradient(loss(y), x)[0], graph.Gradient(loss(want), x)[0]}
			}, x, v)
			if err != nil {
				t.Fatal(err)
			}
			gantest.Close(t, "transposed", gantest.Flat(t, got[0]), gantest.Flat(t, got[1]), 0)
			gantest.Close(t, "gradient", gantest.Flat(t, got[2]), gantest.Flat(t, got[3]), 0)
		})
	}
}

// The three products of a fully connected layer are closed under differentiation: gradients and gradients of gradients are
// those of the plain product, for a batch that is transposed by way of more rows and for one that is not.
func TestDenseProducts(t *testing.T) {
	for _, batch := range []int{256, 6} {
		x, w, v := gantest.Random(1, 1, batch, 12), gantest.Random(2, 1, 12, 10), gantest.Random(3, 1, batch, 10)
		got, err := graph.CallOnceN(gantest.Backend(t), func(x, w, v *graph.Node) (all []*graph.Node) {
			plain := func(x, w *graph.Node) *graph.Node { return graph.Dot(x, w).Product() }
			for _, product := range []func(x, w *graph.Node) *graph.Node{multiply, plain} {
				first := graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.Square(product(x, w)), v)), x, w)
				penalty := graph.Add(graph.ReduceAllSum(graph.Square(first[0])), graph.ReduceAllSum(graph.Square(first[1])))
				all = append(all, append(first, graph.Gradient(penalty, x, w, v)...)...)
			}
			return all
		}, x, w, v)
		if err != nil {
			t.Fatal(err)
		}
		for i, what := range []string{"by x", "by w", "penalty by x", "penalty by w", "penalty by v"} {
			want := gantest.Flat(t, got[5+i])
			gantest.Close(t, fmt.Sprintf("batch %d, %s", batch, what), gantest.Flat(t, got[i]), want, 1e-12)
		}
	}
}
