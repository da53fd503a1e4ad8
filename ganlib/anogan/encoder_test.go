package anogan

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// tinyEncoded are the games with an encoder, small: fully connected, and convolving with two steps of G.
func tinyEncoded() map[string]Config {
	dense := Encoded()
	dense.BatchSize, dense.Latent, dense.GenMaps, dense.DiscMaps, dense.EncMaps = 4, 3, []int{6, 5}, []int{5, 4}, []int{7, 6}
	dense.EpochImages, dense.LateEpoch = 8, 2
	conv := tiny()
	conv.EncMaps, conv.Rebuild, conv.Search = []int{2, 3}, 3, Encoded().Search
	return map[string]Config{"dense": dense, "conv": conv}
}

// rebuiltLoss is mean (x − G(E(x)))² of a batch, with the statistics of the batch.
func rebuiltLoss(t *testing.T, gan *ganlib.GAN, store *model.Store, images *tensors.Tensor) float64 {
	t.Helper()
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, x *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithMode(nn.BatchStatistics)
		return []*Node{gan.Generate(in.WithZ(gan.Encode(in, x)))}
	}, images)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	sum, x := 0.0, gantest.Flat(t, images)
	for i, y := range gantest.Flat(t, out[0]) {
		sum += (x[i] - y) * (x[i] - y)
	}
	return sum / float64(len(x))
}

// G and E move by the gradients of the documented losses, both taken before either moves: the update of each is that of
// Adam on finite differences of the loss, whose first step is the sign of the gradient times the rate.
func TestEncoderStep(t *testing.T) {
	for name, c := range tinyEncoded() {
		t.Run(name, func(t *testing.T) {
			c.LateEpoch, c.LearningRate, c.Rebuild = 0, 5e-3, 100
			steps := c.GenSteps
			c.GenSteps = 1 // so that nothing but D has moved when the gradients are taken
			gan, trainer, stream := game(t, c)
			if err := ganlib.Build(gantest.Backend(t), trainer.Store(), gan); err != nil {
				t.Fatal(err)
			}
			images := firstBatch(t, c)
			before := rebuiltLoss(t, gan, trainer.Store(), images)
			slope := differences(t, gan, trainer.Store(), images, "/encoder/latent/b")
			bias := slices.Clone(variable(t, trainer.Store(), "/encoder/latent/b"))
			got := iterate(t, trainer, stream)
			if d := math.Abs(got["E/loss"] - before); d > 1e-5*before {
				t.Errorf("E's loss is %v, by hand %v", got["E/loss"], before)
			}
			compared := 0
			for i, b := range variable(t, trainer.Store(), "/encoder/latent/b") {
				if math.Abs(slope[i]) < 3e-4 { // within the noise of differences in float32
					continue
				}
				compared++
				if want := bias[i] - c.LearningRate*math.Copysign(1, slope[i]); math.Abs(b-want) > 1e-2*c.LearningRate {
					t.Errorf("E's latent bias %d went from %v to %v, want %v (slope %v)", i, bias[i], b, want, slope[i])
				}
			}
			if compared < 2 {
				t.Errorf("%d slopes of %v were compared", compared, slope)
			}
			c.GenSteps = steps
			gan, trainer, stream = game(t, c)
			for range 60 {
				iterate(t, trainer, stream)
			}
			if u := trainer.State().Updates; u["E"] != 60 || u["G"] != int64(60*steps) {
				t.Errorf("updates %v", u)
			}
			if after := rebuiltLoss(t, gan, trainer.Store(), images); after > 0.7*before {
				t.Errorf("after 60 iterations on 8 images G(E(x)) is still %v from x, at first %v", after, before)
			}
		})
	}
}

// differences are those of the rebuilt loss by a variable, central and of one thousandth.
func differences(t *testing.T, gan *ganlib.GAN, store *model.Store, images *tensors.Tensor, name string) []float64 {
	t.Helper()
	v := store.GetVariable(name)
	at := variable(t, store, name)
	set := func(x []float64) {
		narrow := make([]float32, len(x))
		for i := range x {
			narrow[i] = float32(x[i])
		}
		v.MustSetValue(tensors.FromFlatDataAndDimensions(narrow, len(x)))
	}
	slopes := make([]float64, len(at))
	for i := range at {
		const h = 1e-2
		moved := slices.Clone(at)
		moved[i] = at[i] + h
		set(moved)
		up := rebuiltLoss(t, gan, store, images)
		moved[i] = at[i] - h
		set(moved)
		slopes[i] = (up - rebuiltLoss(t, gan, store, images)) / (2 * h)
	}
	set(at)
	return slopes
}

// The weight of what is rebuilt is in G's loss: twice the weight adds the rebuilt loss once more.
func TestRebuildIsInTheLossOfG(t *testing.T) {
	for name, c := range tinyEncoded() {
		c.GenSteps = 1
		losses := map[float64]map[string]float64{}
		for _, weight := range []float64{0, 1, 2} {
			c.Rebuild = weight
			_, trainer, stream := game(t, c)
			losses[weight] = iterate(t, trainer, stream)
		}
		for _, weight := range []float64{1, 2} {
			want := losses[0]["G/loss"] + weight*losses[0]["E/loss"]
			if got := losses[weight]["G/loss"]; math.Abs(got-want) > 2e-5*want {
				t.Errorf("%s: G's loss at weight %v is %v, want %v", name, weight, got, want)
			}
		}
	}
}

// The share of G(E(x)) in G's loss moves G: with all the weight on it G's bias goes down its slope, taken by differences.
func TestRebuildMovesG(t *testing.T) {
	c := tinyEncoded()["conv"]
	c.GenSteps, c.LateEpoch, c.Rebuild = 1, 0, 1e6
	const path = "/generator/convT4/b"
	gan, trainer, stream := game(t, c)
	if err := ganlib.Build(gantest.Backend(t), trainer.Store(), gan); err != nil {
		t.Fatal(err)
	}
	slope := differences(t, gan, trainer.Store(), firstBatch(t, c), path)[0]
	before := variable(t, trainer.Store(), path)[0]
	iterate(t, trainer, stream)
	want := before - c.LearningRate*math.Copysign(1, slope)
	if now := variable(t, trainer.Store(), path)[0]; math.Abs(slope) < 1e-3 || math.Abs(now-want) > 1e-2*c.LearningRate {
		t.Errorf("G's last bias went from %v to %v, want %v (slope %v)", before, now, want, slope)
	}
}

// Each network's averages move in its own step, and those of G twice, for G(z) and G(E(x)).
func TestAveragesWithEncoder(t *testing.T) {
	c := tinyEncoded()["dense"]
	for step, moves := range []string{"", ganlib.ScopeGenerator, ganlib.ScopeEncoder} {
		gan, store := built(t, c)
		was := map[string]map[string][]float64{}
		for _, scope := range []string{ganlib.ScopeGenerator, ganlib.ScopeEncoder} {
			was[scope] = averages(t, store, scope)
		}
		byHand(t, c, gan, store, gan.Steps[step:step+1])
		for scope, all := range was {
			if len(all) == 0 {
				t.Fatalf("%s has no averages", scope)
			}
			for path, before := range all {
				if moved := !slices.Equal(variable(t, store, path), before); moved != (scope == moves) {
					t.Errorf("step %s: %s moved: %v", gan.Steps[step].Name, path, moved)
				}
			}
		}
	}
	after := map[float64][]float64{}
	for _, c.Rebuild = range []float64{0, 1} {
		gan, store := built(t, c)
		byHand(t, c, gan, store, gan.Steps[1:2])
		after[c.Rebuild] = variable(t, store, "/generator/bn1/moving_variance")
	}
	for i, once := range after[0] {
		// v ← 0.99·v + 0.01·(variance of the batch), which is small here, from 1.
		if twice := after[1][i]; twice < 0.99*once || twice > 0.99*once+0.008 { // one move would be once itself
			t.Errorf("variance %d of G is %v after G(z), %v after G(z) and G(E(x))", i, once, twice)
		}
	}
}

// From the late epoch on D and G have the late rate. E keeps its own, with moments that begin anew.
func TestEncoderKeepsItsRate(t *testing.T) {
	c := tinyEncoded()["dense"]
	c.LateRate = c.LearningRate / 100
	_, trainer, stream := game(t, c)
	for range 4 { // two epochs of two batches
		iterate(t, trainer, stream)
	}
	rates := map[string]float64{"/generator/image/b": c.LateRate, "/encoder/latent/b": c.LearningRate}
	before := map[string][]float64{}
	for path := range rates {
		before[path] = variable(t, trainer.Store(), path)
	}
	iterate(t, trainer, stream)
	if u := trainer.State().Updates; u["E"] != 1 {
		t.Fatalf("updates %v after the first iteration of the late epoch", u)
	}
	for path, rate := range rates {
		for i, now := range variable(t, trainer.Store(), path) {
			if d := math.Abs(now - before[path][i]); d < 0.9*rate || d > 1.01*rate {
				t.Errorf("%s[%d] moved by %v, want %v", path, i, d, rate)
			}
		}
	}
}

// A search without steps ends with its context, too.
func TestNoStepsEnd(t *testing.T) {
	c := tinyEncoded()["dense"]
	gan, store := built(t, c)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if found, err := mapper(t, store, gan, c.Search, MapperOptions{Batch: 2}).All(ctx, blobs(t, 5, 28)); !errors.Is(err, why) {
		t.Errorf("%d results, %v", len(found), err)
	}
}

// A search without steps scores G(E(x)); with steps it begins there, and its restarts at p(z).
func TestSearchFromTheEncoder(t *testing.T) {
	for name, c := range tinyEncoded() {
		gan, store := built(t, c)
		queries := blobs(t, 5, 28)
		direct := search(t, mapper(t, store, gan, c.Search, MapperOptions{Batch: 2}), queries)
		for i, r := range direct {
			if len(r.Losses) != 1 || r.Losses[0] != float32(r.Score) {
				t.Errorf("%s: losses %v of a search without steps, score %v", name, r.Losses, r.Score)
			}
			x := make([]float32, len(r.Mapped))
			queries.Fill(x, []int{i})
			sum := 0.0
			for k := range x {
				sum += float64(x[k]-r.Mapped[k]) * float64(x[k]-r.Mapped[k])
			}
			if want := sum / float64(len(x)); math.Abs(r.Residual-want) > 1e-5*want {
				t.Errorf("%s: residual %v, mean squared difference %v", name, r.Residual, want)
			}
			for _, z := range r.Z {
				if !(z > -1 && z < 1) {
					t.Errorf("%s: E(x) has %v, outside of the prior", name, z)
				}
			}
		}
		longer := c.Search
		longer.Steps, longer.Restarts = 20, 3
		for i, r := range search(t, mapper(t, store, gan, longer, MapperOptions{Batch: 2}), queries) {
			if r.Start == 0 && r.Losses[0] != float32(direct[i].Score) {
				t.Errorf("%s: the search of query %d begins at %v, E(x) scores %v", name, i, r.Losses[0], direct[i].Score)
			}
			if r.Score > direct[i].Score {
				t.Errorf("%s: query %d scores %v after a search from E(x), %v before", name, i, r.Score, direct[i].Score)
			}
		}
		if text := mapper(t, store, gan, longer, MapperOptions{}).Describe(); !strings.Contains(text, "from z = E(x)") || !strings.Contains(text, "of squares") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// What needs an encoder is refused without one.
func TestNoEncoder(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"nothing to rebuild": func(c *Config) { c.Rebuild = 1 },
		"e_maps=16,32":       func(c *Config) { c.From = FromEncoder },
		"e_maps [3 0]":       func(c *Config) { c.EncMaps = []int{3, 0} },
		"rebuild -1":         func(c *Config) { c.EncMaps, c.Rebuild = []int{3}, -1 },
		"\"prior\" or":       func(c *Config) { c.From = "decoder" },
		"other starts":       func(c *Config) { c.EncMaps, c.From, c.Steps, c.Restarts = []int{3}, FromEncoder, 0, 2 },
		"at least one step":  func(c *Config) { c.EncMaps, c.Steps = []int{3}, 0 },
	} {
		c := tiny()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	gan, store := built(t, tiny())
	if _, err := NewMapper(gantest.Backend(t), store, gan, Encoded().Search, MapperOptions{}); err == nil || !strings.Contains(err.Error(), "no encoder") {
		t.Errorf("a search from an encoder that is not there: %v", err)
	}
}
