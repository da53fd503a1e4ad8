package nn

import (
	"math"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// awayFromKinks moves values off zero, where ReLU and its kin have no second derivative to compare with.
func awayFromKinks(t *testing.T, x *tensors.Tensor) *tensors.Tensor {
	values := gantest.Flat(t, x)
	for i, v := range values {
		values[i] = v + math.Copysign(0.1, v)
	}
	return gantest.Tensor(dtypes.Float64, values, x.Shape().Dimensions...)
}

func TestActivationGradients(t *testing.T) {
	x := awayFromKinks(t, gantest.Random(1, 1.5, 3, 4))
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"relu": ReLU, "elu": ELU, "tanh": Tanh, "sigmoid": Sigmoid,
		"leaky relu": func(x *graph.Node) *graph.Node { return LeakyReLU(x, 0.2) },
	} {
		t.Run(name, func(t *testing.T) {
			gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return f(in[0]) }, x)
		})
	}
}

// Far from zero an activation must neither overflow nor poison its gradient.
func TestActivationsStayFinite(t *testing.T) {
	for name, f := range map[string]func(x *graph.Node) *graph.Node{"relu": ReLU, "elu": ELU, "tanh": Tanh, "sigmoid": Sigmoid} {
		t.Run(name, func(t *testing.T) {
			out, err := graph.CallOnceN(gantest.Backend(t), func(x *graph.Node) []*graph.Node {
				y := f(x)
				return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), x)[0]}
			}, []float32{-1000, -100, 0, 100, 1000})
			if err != nil {
				t.Fatal(err)
			}
			for _, tensor := range out {
				for i, v := range gantest.Flat(t, tensor) {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("value %d is %v", i, v)
					}
				}
			}
		})
	}
}

func TestBatchNormGradients(t *testing.T) {
	gamma, beta := gantest.Random(2, 1, 2), gantest.Random(3, 1, 2)
	for name, dims := range map[string][]int{"image": {3, 2, 3, 2}, "dense": {5, 2}} {
		t.Run(name+"/batch", func(t *testing.T) {
			gantest.Gradients(t, func(in []*graph.Node) *graph.Node {
				y, _, _ := normalizeBatch(in[0], in[1], in[2], 1e-2)
				return y
			}, gantest.Random(1, 1, dims...), gamma, beta)
		})
		t.Run(name+"/fixed", func(t *testing.T) {
			gantest.Gradients(t, func(in []*graph.Node) *graph.Node {
				mean, variance := graph.Const(in[0].Graph(), []float64{0.1, -0.2}), graph.Const(in[0].Graph(), []float64{0.5, 2})
				return normalizeFixed(in[0], in[1], in[2], mean, variance, 1e-2)
			}, gantest.Random(1, 1, dims...), gamma, beta)
		})
	}
}

// Both ways to get the weight gradient: the smaller of x and v is the one transposed.
func TestDenseGradients(t *testing.T) {
	for _, out := range []int{2, 7} {
		gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return multiply(in[0], in[1]) },
			gantest.Random(1, 0.5, 3, 5), gantest.Random(2, 0.5, 5, out))
		if !gantest.OnGo(t) {
			continue
		}
		for _, f := range []func(x, w, b *graph.Node) *graph.Node{affine, affineReLU} { // the backend's own operations
			gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return f(in[0], in[1], in[2]) },
				gantest.Random(1, 0.5, 3, 5), gantest.Random(2, 0.5, 5, out), gantest.Random(3, 0.5, out))
		}
	}
}

// A layer, its ReLU and the gradients are those of the operations written out, whether or not they were computed as one.
func TestDenseWithReLU(t *testing.T) {
	x, v := gantest.Random(1, 1, 6, 3), gantest.Random(2, 1, 6, 4)
	results := func(layer func(s *model.Scope, x *graph.Node) *graph.Node) [][]float64 {
		store := model.NewStore()
		create(t, store, "/l/w", gantest.Random(3, 1, 3, 4))
		create(t, store, "/l/b", gantest.Random(4, 1, 4))
		out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, x, v *graph.Node) []*graph.Node {
			y := layer(s.At("l"), x)
			by := []*graph.Node{x, store.GetVariable("/l/w").NodeValue(x.Graph()), store.GetVariable("/l/b").NodeValue(x.Graph())}
			return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), by...)...)
		}, x, v)
		if err != nil {
			t.Fatal(err)
		}
		flat := make([][]float64, len(out))
		for i, o := range out {
			flat[i] = gantest.Flat(t, o)
		}
		return flat
	}
	got := results(func(s *model.Scope, x *graph.Node) *graph.Node {
		return ReLU(Dense(s, x, DenseOptions{Out: 4, Bias: true}))
	})
	want := results(func(s *model.Scope, x *graph.Node) *graph.Node {
		w, b := Variable(s, x.Graph(), "w", x.DType(), nil, 3, 4), Variable(s, x.Graph(), "b", x.DType(), nil, 4)
		return graph.Max(graph.Add(graph.Dot(x, w).Product(), graph.Reshape(b, 1, 4)), graph.ScalarZero(x.Graph(), x.DType()))
	})
	for i, what := range []string{"output", "by x", "by w", "by b"} {
		gantest.Close(t, what, got[i], want[i], 1e-12)
	}
}

func TestResampleGradients(t *testing.T) {
	x := gantest.Random(1, 1, 2, 4, 6, 3)
	for name, f := range map[string]func(x *graph.Node, k int) *graph.Node{
		"nearest": Upsample2D, "mean": Downsample2D, "bilinear": BilinearUpsample2D,
	} {
		t.Run(name, func(t *testing.T) {
			gantest.Gradients(t, func(in []*graph.Node) *graph.Node { return f(in[0], 2) }, x)
		})
	}
}

// Small pictures worked out by hand.
func TestResampleValues(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6} // 2×3
	for _, c := range []struct {
		name string
		f    func(x *graph.Node) *graph.Node
		want []float64
	}{
		{"nearest", func(x *graph.Node) *graph.Node { return Upsample2D(x, 2) },
			[]float64{1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6}},
		{"nearest, then mean", func(x *graph.Node) *graph.Node { return Downsample2D(Upsample2D(x, 3), 3) }, x},
		{"bilinear", func(x *graph.Node) *graph.Node { return BilinearUpsample2D(x, 2) },
			[]float64{
				1, 1.25, 1.75, 2.25, 2.75, 3,
				1.75, 2, 2.5, 3, 3.5, 3.75,
				3.25, 3.5, 4, 4.5, 5, 5.25,
				4, 4.25, 4.75, 5.25, 5.75, 6,
			}},
	} {
		out, err := graph.CallOnce(gantest.Backend(t), c.f, gantest.Tensor(dtypes.Float64, x, 1, 2, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		gantest.Close(t, c.name, gantest.Flat(t, out), c.want, 1e-12)
	}
}

// A block recomputed in the backward pass (Checkpoint) has the same gradients: composites survive being cloned. Native
// convolutions do not, and say so rather than fall back on GoMLX's gradient.
func TestGradientsThroughCheckpoint(t *testing.T) {
	block := func(x, w *graph.Node) *graph.Node {
		y := Convolve(x, w, SquareWindow(4, 2, Pad(1)))
		y, _, _ = normalizeBatch(y, graph.Ones(y.Graph(), shapeOf(y, 2)), graph.Zeros(y.Graph(), shapeOf(y, 2)), 1e-2)
		return LeakyReLU(y, 0.2)
	}
	gradients := func(lowering string, recompute bool) ([]*tensors.Tensor, error) {
		return graph.CallOnceN(gantest.Backend(t), func(x, w *graph.Node) []*graph.Node {
			force(x.Graph(), convolution.name, lowering)
			var y *graph.Node
			if recompute {
				y = block(x.Checkpoint(), w).StopCheckpoint()
			} else {
				y = block(x, w)
			}
			return graph.Gradient(graph.ReduceAllSum(graph.Square(graph.AddScalar(y, 1))), x, w)
		}, gantest.Random(1, 1, 2, 6, 6, 3), gantest.Random(2, 1, 2, 4, 4, 3))
	}
	want, err := gradients("windows", false)
	if err != nil {
		t.Fatal(err)
	}
	got, err := gradients("windows", true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		gantest.Close(t, []string{"dx", "dw"}[i], gantest.Flat(t, got[i]), gantest.Flat(t, want[i]), 1e-12)
	}
	if _, err := gradients(nativeName, true); err == nil || !strings.Contains(err.Error(), "Checkpoint") {
		t.Errorf("a native convolution was recomputed: error %v", err)
	}
}

// What this package remembers of a graph goes when the graph goes.
func TestGraphsAreCollected(t *testing.T) {
	build := func() weak.Pointer[graph.Graph] {
		exec, err := graph.NewExec(gantest.Backend(t), func(x, w *graph.Node) *graph.Node {
			y := LeakyReLU(Convolve(x, w, SquareWindow(3, 1, Pad(1))), 0.2)
			return graph.Gradient(graph.ReduceAllSum(y), w)[0]
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		_, g, err := exec.CallWithGraph(gantest.Random(1, 1, 1, 4, 4, 2), gantest.Random(2, 1, 2, 3, 3, 2))
		if err != nil {
			t.Fatal(err)
		}
		return weak.Make(g)
	}
	g := build()
	for range 10 {
		if runtime.GC(); g.Value() == nil {
			return
		}
	}
	t.Error("a finished graph is still in memory after ten collections")
}

// Equal shapes share their index constants within a graph.
func TestIndicesAreShared(t *testing.T) {
	exec, err := graph.NewExec(gantest.Backend(t), func(x, w *graph.Node) *graph.Node {
		force(x.Graph(), convolution.name, "windows")
		win := SquareWindow(3, 1, Pad(1))
		return Convolve(Convolve(x, w, win), w, win)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	_, g, err := exec.CallWithGraph(gantest.Random(1, 1, 1, 4, 4, 2), gantest.Random(2, 1, 2, 3, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	indices := 0
	for _, node := range g.Nodes() {
		if node.Type() == graph.NodeTypeConstant && node.DType() == dtypes.Int32 && node.Rank() == 2 {
			indices++
		}
	}
	if indices != 1 {
		t.Errorf("%d index constants for two equal convolutions, want 1", indices)
	}
}

// The input of a layer may be a reshape, of a layer's result or of anything else, and be what is differentiated by: a
// gradient penalty does.
func TestGradientByReshape(t *testing.T) {
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"convolution": func(x *graph.Node) *graph.Node {
			return Convolve(x, graph.Ones(x.Graph(), shapeOf(x, 2, 3, 3, 2)), SquareWindow(3, 1, Pad(1)))
		},
		"batch norm": func(x *graph.Node) *graph.Node {
			y, _, _ := normalizeBatch(x, graph.Ones(x.Graph(), shapeOf(x, 2)), graph.Ones(x.Graph(), shapeOf(x, 2)), 1e-2)
			return y
		},
		"leaky relu": func(x *graph.Node) *graph.Node { return LeakyReLU(x, 0.2) }, "relu": ReLU, "tanh": Tanh,
		"upsampling": func(x *graph.Node) *graph.Node { return Upsample2D(x, 2) },
	} {
		by := func(inner func(x *graph.Node) *graph.Node) []float64 {
			out, err := graph.CallOnce(gantest.Backend(t), func(x *graph.Node) *graph.Node {
				at := inner(x)
				first := graph.Gradient(graph.ReduceAllSum(graph.Square(f(at))), at)[0]
				return graph.Gradient(graph.ReduceAllSum(graph.Square(first)), at)[0]
			}, gantest.Random(1, 1, 2, 4, 4, 2))
			if err != nil {
				t.Fatal(err)
			}
			return gantest.Flat(t, out)
		}
		want := by(func(x *graph.Node) *graph.Node { return x })
		got := by(func(x *graph.Node) *graph.Node { return graph.Reshape(graph.Reshape(x, 8, 8), 2, 4, 4, 2) })
		gantest.Close(t, name, got, want, 1e-12)
	}
}
