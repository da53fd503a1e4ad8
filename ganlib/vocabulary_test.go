package ganlib_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A prior has the moments it says it has, and a latent depends on the stream alone.
func TestPrior(t *testing.T) {
	const n = 20_000
	for _, tc := range []struct {
		prior          ganlib.Prior
		std, low, high float64
	}{
		{ganlib.Normal(3), 1, -6, 6},
		{ganlib.Uniform(3), 1 / math.Sqrt(3), -1, 1},
	} {
		z := tc.prior.Sample(seed.Rand(5, "z", 7), n)
		if len(z) != 3*n {
			t.Fatalf("%s: %d numbers for %d latents of 3", tc.prior.Name, len(z), n)
		}
		sum, squares := 0.0, 0.0
		for _, v := range z {
			sum += float64(v)
			squares += float64(v) * float64(v)
			if float64(v) < tc.low || float64(v) > tc.high {
				t.Fatalf("%s: %v is outside of [%v, %v]", tc.prior.Name, v, tc.low, tc.high)
			}
		}
		// Five standard errors of 60,000 draws.
		if mean := sum / float64(len(z)); math.Abs(mean) > 5*tc.std/math.Sqrt(3*n) {
			t.Errorf("%s: mean %v", tc.prior.Name, mean)
		}
		if std := math.Sqrt(squares / float64(len(z))); math.Abs(std/tc.std-1) > 0.02 {
			t.Errorf("%s: standard deviation %v, want %v", tc.prior.Name, std, tc.std)
		}
		if again := tc.prior.Sample(seed.Rand(5, "z", 7), 2); !reflect.DeepEqual(again, z[:6]) {
			t.Errorf("%s: the same stream gave other latents", tc.prior.Name)
		}
		if other := tc.prior.Sample(seed.Rand(5, "z", 8), 2); reflect.DeepEqual(other, z[:6]) {
			t.Errorf("%s: another iteration gave the same latents", tc.prior.Name)
		}
	}
}

// twoNetworks is a store with a generator (a dense layer and batch norm) and a discriminator.
func twoNetworks(t *testing.T, master int64) *model.Store {
	t.Helper()
	store := ganlib.NewStore(master)
	call(t, store, func(s *model.Scope, g *Graph) *Node {
		in := ganlib.NewInputs(store, nil)
		x := Ones(g, shapes.Make(dtypes.Float32, 2, 3))
		h := nn.Dense(in.Scope(ganlib.ScopeGenerator).At("dense"), x, nn.DenseOptions{Out: 4, Bias: true})
		h = nn.BatchNorm(in.Scope(ganlib.ScopeGenerator).At("bn"), h, nn.BatchNormOptions{Mode: nn.BatchStatistics})
		return ReduceAllSum(nn.Dense(in.Scope(ganlib.ScopeDiscriminator), h, nn.DenseOptions{Out: 1}))
	})
	return store
}

func TestTable(t *testing.T) {
	store := twoNetworks(t, 1)
	rows, total := ganlib.Table(store, ganlib.ScopeGenerator)
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != "dense/w dense/b bn/gamma bn/beta" || total != 12+4+4+4 {
		t.Errorf("generator: %s, %d parameters; moving averages do not belong in a table", got, total)
	}
	if !reflect.DeepEqual(rows[0].Shape, []int{3, 4}) || rows[0].Size != 12 {
		t.Errorf("dense/w is %v, %d", rows[0].Shape, rows[0].Size)
	}
	if _, total := ganlib.Table(store, ganlib.ScopeDiscriminator); total != 4 {
		t.Errorf("discriminator: %d parameters, want 4", total)
	}
	if n := (ganlib.Network{Scope: ganlib.ScopeGenerator}).Parameters(store, "bn"); n != 8 {
		t.Errorf("bn: %d parameters, want 8", n)
	}
}

func TestCopyScope(t *testing.T) {
	store := twoNetworks(t, 1)
	if err := ganlib.CopyScope(store, ganlib.ScopeGenerator, ganlib.ScopeBoundary); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dense/w", "dense/b", "bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance"} {
		from, to := store.GetVariable(ganlib.ScopeGenerator+"/"+name), store.GetVariable(ganlib.ScopeBoundary+"/"+name)
		if to == nil || to.Trainable != from.Trainable {
			t.Fatalf("%s was not copied as it is", name)
		}
		gantest.Close(t, name, gantest.Flat(t, to.MustValue()), gantest.Flat(t, from.MustValue()), 0)
	}
	// A copy is a thing of its own, and copying again brings it back.
	store.GetVariable("/boundary/dense/b").MustSetValue(tensors.FromFlatDataAndDimensions([]float32{9, 9, 9, 9}, 4))
	gantest.Close(t, "original", value(t, store, "/generator/dense/b"), []float64{0, 0, 0, 0}, 0)
	if err := ganlib.CopyScope(store, ganlib.ScopeGenerator, ganlib.ScopeBoundary); err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "copied again", value(t, store, "/boundary/dense/b"), []float64{0, 0, 0, 0}, 0)
	if err := ganlib.CopyScope(store, "/gen", "/x"); err == nil || !strings.Contains(err.Error(), "no variable below /gen") {
		t.Errorf("copying /gen, a prefix but no scope: %v", err)
	}
}

// Average starts as a copy and then moves by 1−decay towards the generator, moving averages included.
func TestAverage(t *testing.T) {
	store := twoNetworks(t, 1)
	average := func() {
		call(t, store, func(s *model.Scope, g *Graph) *Node {
			ganlib.Average(store, g, 0.75)
			return Scalar(g, dtypes.Float32, 0)
		})
	}
	average()
	gantest.Close(t, "first", value(t, store, "/generator_ema/dense/w"), value(t, store, "/generator/dense/w"), 1e-7)
	set := func(path string, values ...float32) {
		store.GetVariable(path).MustSetValue(tensors.FromFlatDataAndDimensions(values, len(values)))
	}
	set("/generator/dense/b", 4, 8, 0, -4)
	set("/generator/bn/moving_mean", 1, 1, 1, 1)
	average()
	gantest.Close(t, "weights", value(t, store, "/generator_ema/dense/b"), []float64{1, 2, 0, -1}, 1e-7)
	gantest.Close(t, "moving mean", value(t, store, "/generator_ema/bn/moving_mean"), []float64{.25, .25, .25, .25}, 1e-7)
	average()
	gantest.Close(t, "weights again", value(t, store, "/generator_ema/dense/b"), []float64{1.75, 3.5, 0, -1.75}, 1e-7)
	if _, total := ganlib.Table(store, ganlib.ScopeGeneratorEMA); total != 0 {
		t.Errorf("%d numbers of the average are trainable", total)
	}
	if store.GetVariable("/discriminator_ema/w") != nil || store.GetVariable("/generator_ema/w") != nil {
		t.Error("only the generator is averaged")
	}
}

// Once builds one node for all steps of a call; Redirect sends a network to other weights and can be chained.
func TestInputs(t *testing.T) {
	store := twoNetworks(t, 1)
	call(t, store, func(s *model.Scope, g *Graph) *Node {
		in := ganlib.NewInputs(store, nil)
		built := 0
		build := func() *Node { built++; return Scalar(g, dtypes.Float32, 1) }
		if in.Once("G(z)", build) != in.WithMode(nn.Inference).Once("G(z)", build) || built != 1 {
			t.Errorf("Once built %d times", built)
		}
		if ganlib.NewInputs(store, nil).Once("G(z)", build); built != 2 {
			t.Error("Once remembers beyond its call")
		}
		moved := in.Redirect(ganlib.ScopeGenerator, ganlib.ScopeBoundary).Redirect(ganlib.ScopeEncoder, "/e2")
		for from, want := range map[string]string{ganlib.ScopeGenerator: "/boundary", ganlib.ScopeEncoder: "/e2", ganlib.ScopeDiscriminator: "/discriminator"} {
			if got := moved.Scope(from).Scope(); got != want {
				t.Errorf("Scope(%s) is %s, want %s", from, got, want)
			}
		}
		if got := in.Scope(ganlib.ScopeGenerator).Scope(); got != ganlib.ScopeGenerator {
			t.Errorf("Redirect changed the inputs it was called on: %s", got)
		}
		return Scalar(g, dtypes.Float32, 0)
	})
}

// Uniform gives new numbers at every draw, the same ones for the same state, all in [0, 1).
func TestUniform(t *testing.T) {
	store := ganlib.NewStore(1)
	draw := func(state []uint64) (first, second []float64) {
		out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, rng *Node) []*Node {
			in := ganlib.NewInputs(store, rng)
			return []*Node{in.Uniform(1000), in.WithMode(nn.Inference).Uniform(1000)}
		}, tensors.FromFlatDataAndDimensions(state, 3))
		if err != nil {
			t.Fatal(err)
		}
		return gantest.Flat(t, out[0]), gantest.Flat(t, out[1])
	}
	a, b := draw([]uint64{1, 2, 3})
	c, _ := draw([]uint64{1, 2, 3})
	d, _ := draw([]uint64{1, 4, 3}) // the Go backend looks at the first two words
	if !reflect.DeepEqual(a, c) || reflect.DeepEqual(a, b) || reflect.DeepEqual(a, d) {
		t.Error("draws must follow from the state and differ from one another")
	}
	mean := 0.0
	for _, u := range a {
		if u < 0 || u >= 1 {
			t.Fatalf("%v is not in [0, 1)", u)
		}
		mean += u / 1000
	}
	if math.Abs(mean-0.5) > 0.05 { // five standard errors
		t.Errorf("mean %v", mean)
	}
	_, err := model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, g *Graph) *Node {
		return ganlib.NewInputs(store, nil).Uniform(1)
	})
	if err == nil || !strings.Contains(err.Error(), "no random numbers") {
		t.Errorf("drawing where nothing may be drawn: %v", err)
	}
}

func TestConstantSchedule(t *testing.T) {
	for _, images := range []int64{0, 1 << 40} {
		if p := (ganlib.Constant{}).At(images); !reflect.DeepEqual(p, ganlib.Phase{Alpha: 1}) {
			t.Errorf("at %d: %+v", images, p)
		}
	}
}
