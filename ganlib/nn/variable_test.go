package nn

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// draw creates two variables in the given order and returns their values.
func draw(t *testing.T, master int64, dtype dtypes.DType, names ...string) map[string][]float64 {
	t.Helper()
	store := model.NewStore()
	SetSeed(store, master)
	values := map[string][]float64{}
	for _, name := range names {
		v, err := variable(store.RootScope().At("net"), name, dtype, Normal(0.02), 3, 5).Value()
		if err != nil {
			t.Fatal(err)
		}
		values[name] = gantest.Flat(t, v)
	}
	return values
}

// Weights are a function of seed and path alone.
func TestWeightsDependOnSeedAndPathOnly(t *testing.T) {
	ab, ba := draw(t, 7, dtypes.Float32, "a", "b"), draw(t, 7, dtypes.Float32, "b", "a")
	wide, other := draw(t, 7, dtypes.Float64, "a"), draw(t, 8, dtypes.Float32, "a")
	if !slices.Equal(ab["a"], ba["a"]) || !slices.Equal(ab["b"], ba["b"]) {
		t.Error("values depend on the order of creation")
	}
	if !slices.Equal(ab["a"], wide["a"]) {
		t.Error("values depend on the type")
	}
	if slices.Equal(ab["a"], ab["b"]) || slices.Equal(ab["a"], other["a"]) {
		t.Error("two variables or two seeds have the same values")
	}
}

// A variable is found again, by another application of its layer, and not drawn anew.
func TestVariableIsReused(t *testing.T) {
	store := model.NewStore()
	out, err := model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
		layer := Conv{Out: 2, Kernel: 3, Stride: 1, Pad: Pad(1), Bias: true}
		return graph.Sub(Conv2D(s.At("conv"), x, layer), Conv2D(s.At("conv"), x, layer))
	}, gantest.Random(1, 1, 1, 4, 4, 3))
	if err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "difference of a layer and itself", gantest.Flat(t, out), make([]float64, 32), 0)
	if n := store.NumVariables(); n != 2 {
		t.Errorf("%d variables, want w and b", n)
	}
	_, err = model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
		return Conv2D(s.At("conv"), x, Conv{Out: 5, Kernel: 3, Stride: 1})
	}, gantest.Random(1, 1, 1, 4, 4, 3))
	if err == nil {
		t.Error("a variable was reused with another shape")
	}
}

// "Same" padding of a whole window is that of its axes.
func TestSamePadding(t *testing.T) {
	if got, want := SamePadding(7, 8, 3, 2), (Padding{{1, 1}, {0, 1}}); got != want {
		t.Errorf("SamePadding(7, 8, 3, 2) = %v, want %v", got, want)
	}
}

// Mean and spread of the initialisers, on 60,000 values: 5 standard errors.
func TestInitializers(t *testing.T) {
	dims := []int{100, 5, 4, 30}
	in, out := 30*20.0, 100*20.0
	for name, c := range map[string]struct {
		init      Initializer
		mean, std float64
	}{
		"Normal":        {Normal(0.02), 0, 0.02},
		"NormalAround":  {NormalAround(1, 0.02), 1, 0.02},
		"Uniform":       {Uniform(0.3), 0, 0.3 / math.Sqrt(3)},
		"Constant":      {Constant(2), 2, 0},
		"GlorotUniform": {GlorotUniform, 0, math.Sqrt(2 / (in + out))},
		"HeNormal":      {HeNormal, 0, math.Sqrt(2 / in)},
	} {
		v, err := variable(model.NewStore().RootScope(), name, dtypes.Float32, c.init, dims...).Value()
		if err != nil {
			t.Fatal(err)
		}
		values := gantest.Flat(t, v)
		n := float64(len(values))
		sum, squares := 0.0, 0.0
		for _, v := range values {
			sum += v
			squares += (v - c.mean) * (v - c.mean)
		}
		if mean := sum / n; math.Abs(mean-c.mean) > 5*c.std/math.Sqrt(n)+1e-6 {
			t.Errorf("%s: mean %g, want %g", name, mean, c.mean)
		}
		if std := math.Sqrt(squares / n); math.Abs(std-c.std) > 5*c.std/math.Sqrt(2*n)+1e-6 {
			t.Errorf("%s: standard deviation %g, want %g", name, std, c.std)
		}
	}
}

// Gamma and beta are trained, the running averages are not, and only Training moves them: once per application.
func TestBatchNormVariables(t *testing.T) {
	store := model.NewStore()
	call := func(modes ...Mode) float64 {
		t.Helper()
		_, err := model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
			sum := graph.ScalarZero(x.Graph(), x.DType())
			for _, mode := range modes {
				sum = graph.Add(sum, graph.ReduceAllSum(BatchNorm(s.At("bn"), x, BatchNormOptions{Mode: mode})))
			}
			return sum
		}, [][]float32{{2}, {4}})
		if err != nil {
			t.Fatal(err)
		}
		value, err := store.GetVariable("/bn/moving_mean").Value()
		if err != nil {
			t.Fatal(err)
		}
		return gantest.Flat(t, value)[0]
	}
	// mean ← 0.9·mean + 0.1·3
	for _, c := range []struct {
		modes []Mode
		want  float64
	}{
		{[]Mode{BatchStatistics, Inference}, 0},
		{[]Mode{Training}, 0.3},
		{[]Mode{Training, Training}, 0.813},
		{[]Mode{Inference, BatchStatistics}, 0.813},
	} {
		gantest.Close(t, "moving mean", []float64{call(c.modes...)}, []float64{c.want}, 1e-6)
	}
	trainable := map[string]bool{}
	for v := range store.IterVariables() {
		trainable[v.Name()] = v.Trainable
	}
	want := map[string]bool{"gamma": true, "beta": true, "moving_mean": false, "moving_variance": false}
	for name, w := range want {
		if got, found := trainable[name]; !found || got != w {
			t.Errorf("%s: trainable %v (found %v), want %v", name, got, found, w)
		}
	}
}
