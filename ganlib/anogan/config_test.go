package anogan

import (
	"fmt"
	"math"
	"path"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/gomlx/ml/model"
)

// built creates the networks of a configuration with fresh weights.
func built(t testing.TB, c Config) (*ganlib.GAN, *model.Store) {
	t.Helper()
	gan, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	store := ganlib.NewStore(5)
	if err := ganlib.Build(gantest.Backend(t), store, gan); err != nil {
		t.Fatalf("%+v", err)
	}
	return gan, store
}

// Both documents, their sizes of image and numbers of channels: shapes are asserted as the networks are built.
func TestNetworksOfEverySize(t *testing.T) {
	small := func(c Config) Config {
		c.GenMaps, c.DiscMaps = []int{8, 4, 4, 4}, []int{4, 4, 4, 4}
		return c
	}
	for name, c := range map[string]Config{"post": Post(), "paper": small(Paper2017())} {
		for _, size := range []int{28, 64} {
			for _, channels := range []int{1, 3} {
				c := c
				c.ImageSize, c.Channels = size, channels
				if name == "paper" && size == 28 {
					c.GenMaps = c.GenMaps[:2] // 28 halves twice
				}
				gan, store := built(t, c)
				rows := gan.Networks[0].Layers
				if out := rows[len(rows)-1].Out; out.Height != size || out.Channels != channels {
					t.Errorf("%s: %dx%d: G makes %+v", name, size, channels, out)
				}
				for _, n := range gan.Networks {
					if _, total := ganlib.Table(store, n.Scope); total == 0 {
						t.Errorf("%s: %s is empty", name, n.Name)
					}
				}
			}
		}
	}
}

// Kernels of more than 1,000 weights fill Glorot's range and do not leave it; biases are 0 (spec §3).
func TestInitialWeights(t *testing.T) {
	gan, store := built(t, Post())
	limits := map[string]float64{
		"generator/dense": 0.06090, "generator/convT2": 0.11785, "generator/convT3": 0.16667, "generator/convT4": 0.27217,
		"discriminator/conv1": 0.19803, "discriminator/conv2": 0.11785, "discriminator/dense": 0.06184,
	}
	for _, n := range gan.Networks {
		for _, l := range n.Layers {
			at := path.Join(n.Scope, l.Scope)
			w, limit, largest := variable(t, store, at+"/w"), limits[at[1:]], 0.0
			for _, v := range w {
				largest = max(largest, math.Abs(v))
			}
			if largest > limit*1.0001 || len(w) > 1000 && largest < 0.98*limit {
				t.Errorf("%s: %d weights up to %.5f, limit %.5f", at, len(w), largest, limit)
			}
			for _, v := range variable(t, store, at+"/b") {
				if v != 0 {
					t.Errorf("%s: a bias of %v", at, v)
				}
			}
		}
	}
}

// What cannot be built or searched is refused with the name of the setting.
func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		change func(*Config)
		word   string
	}{
		{func(c *Config) { c.ImageSize = 30 }, "multiple of 4"},
		{func(c *Config) { c.GenMaps = nil }, "g_maps"},
		{func(c *Config) { c.DiscMaps = []int{4, 0} }, "d_maps"},
		{func(c *Config) { c.GenStride = 3 }, "g_last"},
		{func(c *Config) { c.Kernel = 4 }, "kernel"},
		{func(c *Config) { c.Channels = 2 }, "channels"},
		{func(c *Config) { c.BatchSize = 1 }, "batch_size"},
		{func(c *Config) { c.Feature = 3 }, "feature"},
		{func(c *Config) { c.Prior = "gauss" }, "prior"},
		{func(c *Config) { c.GenSlope = math.NaN() }, "g_slope"},
		{func(c *Config) { c.Norm = "tf" }, "bn"},
		{func(c *Config) { c.LearningRate = 0 }, "learning rate"},
		{func(c *Config) { c.Beta1 = 1 }, "beta1"},
		{func(c *Config) { c.LateRate = 0 }, "late_lr"},
		{func(c *Config) { c.EpochImages = 0 }, "n = 0"},
		{func(c *Config) { c.Steps = 0 }, "search_steps"},
		{func(c *Config) { c.Late = -1 }, "search_late"},
		{func(c *Config) { c.Lambda = 1.5 }, "lambda"},
		{func(c *Config) { c.Restarts = 0 }, "restarts"},
		{func(c *Config) { c.Bound = "clamp" }, "bound"},
		{func(c *Config) { c.Mode = "train" }, "mode"},
		{func(c *Config) { c.Range = "01" }, "range"},
		{func(c *Config) { c.Bound, c.Prior = "clip", "normal" }, "uniform prior"},
	} {
		c := Post()
		tc.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tc.word) {
			t.Errorf("want an error about %q, got %v", tc.word, err)
		}
	}
	for _, c := range []Config{Post(), Paper2017()} {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// The schedule changes at epoch 150 of the blog, whatever the number of images, and the late stage begins a fresh Adam.
func TestSchedule(t *testing.T) {
	c := Post()
	c.EpochImages = 1000
	gan, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if p := gan.Schedule.At(149_999); p.Stage != "early" || p.FreshAdam || p.LearningRate != nil {
		t.Errorf("before epoch 150: %+v", p)
	}
	if p := gan.Schedule.At(150_000); p.Stage != "late" || !p.FreshAdam || fmt.Sprint(p.LearningRate) != "map[D:0.0001 G:0.0001]" {
		t.Errorf("at epoch 150: %+v", p)
	}
	if gan, err := New(Paper2017()); err != nil || gan.Schedule != nil {
		t.Errorf("the paper has one Adam: %v, %v", gan.Schedule, err)
	}
}

// The numbers of spec §5, and that a sum-form score is a mean-form one times a constant.
func TestLambda(t *testing.T) {
	const pixels, features = 784, 3136
	if l := LambdaOfMeans(0.1, pixels, features); math.Abs(l-0.4/1.3) > 1e-12 {
		t.Errorf("the paper's 0.1 in sums is %v in means, want 4·0.1/(1+0.3)", l)
	}
	if l := LambdaOfSums(0.7, pixels, features); math.Abs(l-0.368) > 5e-4 {
		t.Errorf("the blog's 0.7 in means is %v in sums, want 0.368", l)
	}
	for _, l := range []float64{0, 0.25, 1} {
		if back := LambdaOfSums(LambdaOfMeans(l, pixels, features), pixels, features); math.Abs(back-l) > 1e-12 {
			t.Errorf("%v becomes %v on the way there and back", l, back)
		}
		m := LambdaOfMeans(l, pixels, features)
		factor := ((1-l)*pixels + l*features)
		for _, v := range [][2]float64{{0.1, 0.3}, {0.4, 0.02}} {
			sum, mean := (1-l)*pixels*v[0]+l*features*v[1], (1-m)*v[0]+m*v[1]
			if math.Abs(sum-factor*mean) > 1e-9*sum {
				t.Errorf("λ %v: sums give %v, means %v: the factor is not %v", l, sum, mean, factor)
			}
		}
	}
	text := Paper2017().Search.describe(pixels, features)
	if text != "500 steps of Adam at 0.01, λ = 0.1 of sums (0.308 of means)" {
		t.Error(text)
	}
}
