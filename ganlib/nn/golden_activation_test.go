package nn

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// activationNamed returns the function that a golden file calls by that name, with its slope behind the last "_".
func activationNamed(t *testing.T, name string) func(x *graph.Node) *graph.Node {
	if slope, ok := strings.CutPrefix(name, "leaky_relu_"); ok {
		value, err := strconv.ParseFloat(slope, 64)
		if err != nil {
			t.Fatal(err)
		}
		return func(x *graph.Node) *graph.Node { return LeakyReLU(x, value) }
	}
	f := map[string]func(x *graph.Node) *graph.Node{"relu": ReLU, "elu": ELU, "tanh": Tanh, "sigmoid": Sigmoid}[name]
	if f == nil {
		t.Fatalf("no activation %q", name)
	}
	return f
}

func TestGoldenActivations(t *testing.T) {
	var file struct {
		X         gantest.Numbers
		Functions map[string]struct {
			Y          gantest.Numbers
			Derivative gantest.Numbers `json:"dy_dx"`
		}
	}
	gantest.Golden(t, "activations", &file)
	for name, want := range file.Functions {
		t.Run(name, func(t *testing.T) {
			f := activationNamed(t, name)
			out, err := graph.CallOnceN(gantest.Backend(t), func(x *graph.Node) []*graph.Node {
				y := f(x)
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(y), x)...)
			}, file.X.Tensor(dtypes.Float32))
			if err != nil {
				t.Fatal(err)
			}
			want.Y.Close(t, "y", gantest.Flat(t, out[0]), gantest.Tolerance)
			want.Derivative.Close(t, "dy/dx", gantest.Flat(t, out[1]), gantest.Tolerance)
		})
	}
}
