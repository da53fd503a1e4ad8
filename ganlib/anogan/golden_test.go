package anogan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// golden is the schema of anogan_small.json: the blog's topology with fewer maps, in float64.
type golden struct {
	Header struct {
		Config struct {
			Epsilon float64 `json:"bn_eps"`
			Keep    float64 `json:"bn_keep"`
			Leaky   float64
			Lambda  float64
			Adam    string
		}
	}
	Weights    map[string]gantest.Numbers
	Z          gantest.Numbers
	Query      gantest.Numbers
	GTrain     gantest.Numbers            `json:"G_train"`
	GInference gantest.Numbers            `json:"G_inference"`
	Moving     map[string]gantest.Numbers `json:"G_train_moving"`
	Rows       gantest.Numbers            `json:"G_inference_rows_of_first_image"`
	DFake      gantest.Numbers            `json:"D_logits_of_G_train"`
	DQuery     float64                    `json:"D_logit_of_query"`
	DLoss      float64                    `json:"d_loss_query3_fake3"`
	GLoss      float64                    `json:"g_loss"`
	AccHalf    float64                    `json:"d_acc_threshold_half_on_logits"`
	AccZero    float64                    `json:"d_acc_threshold_zero_on_logits"`
	Search     []struct {
		Step              int
		Before            gantest.Numbers `json:"z_before"`
		Residual          float64
		Discrimination    float64
		Mapping           float64
		ResidualSum       float64         `json:"residual_sum"`
		DiscriminationSum float64         `json:"discrimination_sum"`
		Grad              gantest.Numbers `json:"grad_z"`
		After             gantest.Numbers `json:"z_after"`
	} `json:"inversion_from_first_z"`
}

func readGolden(t *testing.T) *golden {
	t.Helper()
	f := &golden{}
	gantest.Golden(t, "anogan_small", f)
	if c := f.Header.Config; c.Epsilon != 1e-3 || c.Keep != 0.99 {
		t.Fatalf("batch norm ε %v, keeps %v; TensorFlow 1 has 1e-3 and 0.99", c.Epsilon, c.Keep)
	}
	return f
}

// config reads the widths off the weights.
func (f *golden) config(t *testing.T) Config {
	t.Helper()
	width := func(name string) int { return f.Weights[name].Shape[0] }
	c := Post()
	c.Latent, c.GenMaps = width("G.dense.weight"), []int{width("G.bn1.gamma"), width("G.bn2.gamma"), width("G.bn3.gamma")}
	c.DiscMaps = []int{width("D.conv1.bias"), width("D.conv2.bias")}
	c.GenSlope, c.DiscSlope, c.Lambda = f.Header.Config.Leaky, f.Header.Config.Leaky, f.Header.Config.Lambda
	c.ImageSize, c.Channels = f.Query.Shape[2], f.Query.Shape[1]
	return c
}

// game is ours with the file's weights in our layout.
func (f *golden) game(t *testing.T, c Config) (*ganlib.GAN, *model.Store) {
	t.Helper()
	gan, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	store := ganlib.NewStore(0)
	for name, n := range f.Weights {
		part := strings.Split(name, ".")
		scope := map[string]string{"G": ganlib.ScopeGenerator, "D": ganlib.ScopeDiscriminator}[part[0]]
		leaf := map[string]string{"weight": "w", "bias": "b"}[part[2]]
		if leaf == "" {
			leaf = part[2]
		}
		if _, err := store.CreateVariable(scope+"/"+part[1]+"/"+leaf, channelsLast(t, n)); err != nil {
			t.Fatal(err)
		}
	}
	return gan, store
}

// channelsLast is a tensor of the file in our layout.
func channelsLast(t *testing.T, n gantest.Numbers) *tensors.Tensor {
	t.Helper()
	exec, err := NewExec(gantest.Backend(t), func(x *Node) *Node { return gantest.ToChannelsLast(x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(n.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// variable reads a variable's values.
func variable(t testing.TB, store *model.Store, path string) []float64 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	return gantest.Flat(t, v.MustValue())
}

func TestForwardGolden(t *testing.T) {
	f := readGolden(t)
	gan, store := f.game(t, f.config(t))
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, query *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithZ(z).WithMode(nn.BatchStatistics)
		train, query := gan.Generate(in), gantest.ToChannelsLast(query)
		fake, real := gan.Discriminate(in, train).Logits, gan.Discriminate(in, query).Logits
		reals := BroadcastToDims(real, fake.Shape().Dimensions...) // the file counts the query once for each fake
		return []*Node{
			gantest.ToChannelsFirst(train), gantest.ToChannelsFirst(gan.Generate(in.WithMode(nn.Inference))),
			fake, real, loss.Discriminator(real, fake), loss.NonSaturating(fake),
			accuracy(reals, fake, 0.5), accuracy(reals, fake, 0),
		}
	}, f.Z.Tensor(dtypes.Float32), f.Query.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	flat := func(i int) []float64 { return gantest.Flat(t, out[i]) }
	f.GTrain.Close(t, "G, batch statistics", flat(0), gantest.Tolerance)
	f.GInference.Close(t, "G, running averages", flat(1), gantest.Tolerance)
	f.Rows.Close(t, "rows 12 to 15 of the first image", flat(1)[12*28:16*28], gantest.Tolerance)
	f.DFake.Close(t, "logits of the fakes", flat(2), gantest.Tolerance)
	for i, want := range []float64{f.DQuery, f.DLoss, f.GLoss, f.AccHalf, f.AccZero} {
		name := []string{"logit of the query", "D's loss", "G's loss", "d_acc", "accuracy"}[i]
		gantest.Close(t, name, flat(3+i), []float64{want}, gantest.Tolerance)
	}
}

// One pass in training mode moves G's averages by either of TensorFlow's rules.
func TestMovingAveragesGolden(t *testing.T) {
	f := readGolden(t)
	for suffix, rule := range map[string]string{"_fused": "tf1", "_unfused": "tf1-unfused"} {
		c := f.config(t)
		c.Norm = rule
		gan, store := f.game(t, c)
		_, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z *Node) []*Node {
			return []*Node{gan.Generate(ganlib.NewInputs(store, nil).WithZ(z))}
		}, f.Z.Tensor(dtypes.Float32))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		compared := 0
		for name, n := range f.Moving {
			part := strings.Split(name, ".")
			kind, isThisRule := strings.CutSuffix(part[2], suffix)
			if isThisRule || kind == "moving_mean" {
				n.Close(t, name, variable(t, store, "/generator/"+part[1]+"/"+kind), gantest.Tolerance)
				compared++
			}
		}
		if compared == 0 {
			t.Errorf("%s: the file has no such average", rule)
		}
	}
}

// The search, step by step: losses before the step in means and sums, gradient, and z after it.
func TestSearchGolden(t *testing.T) {
	f := readGolden(t)
	if len(f.Search) == 0 {
		t.Fatal("the file has no search")
	}
	c := f.config(t)
	var beta1, beta2, epsilon float64
	if _, err := fmt.Sscanf(f.Header.Config.Adam, "lr %g, betas %g/%g, TF1 epsilon-hat %g", &c.Rate, &beta1, &beta2, &epsilon); err != nil {
		t.Fatalf("%s: %v", f.Header.Config.Adam, err)
	}
	if beta1 != adam.Beta1 || beta2 != adam.Beta2 || epsilon != adam.Epsilon {
		t.Fatalf("the file searches with %s, we with %+v", f.Header.Config.Adam, adam)
	}
	c.Steps, c.LateStep = len(f.Search), 0
	for _, sums := range []bool{false, true} {
		for _, name := range []string{"default", "graphs"} {
			t.Run(fmt.Sprintf("sums=%v/%s", sums, name), func(t *testing.T) { f.follow(t, c, sums, name) })
		}
	}
}

// follow plays the file's search. In sums λ is converted, and all losses grow by one factor: Adam, whose step has no
// scale but for ε, goes the same way.
func (f *golden) follow(t *testing.T, c Config, sums bool, engine string) {
	pixels, features := c.ImageSize*c.ImageSize*c.Channels, 14*14*c.DiscMaps[0]
	factor, tolerance := 1.0, gantest.Tolerance
	if sums {
		tolerance = 5e-4 // Adam makes much of the rounding of small gradients, and rounding is another here
		c.Sums, c.Lambda = true, LambdaOfSums(c.Lambda, pixels, features)
		factor = (1 - c.Lambda) * float64(pixels) / (1 - f.Header.Config.Lambda)
	}
	gan, store := f.game(t, c)
	m := mapper(t, store, gan, c.Search, MapperOptions{Batch: 1})
	if engine == "graphs" {
		useGraphs(t, m, store)
	}
	query, err := tensors.CopyFlatData[float32](channelsLast(t, f.Query))
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.load(pictures(t, query, c), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &state{m: m, b: b, n: 1, losses: make([][]float32, 1), frames: make([][]Frame, 1)}
	z, err := tensors.CopyFlatData[float32](f.Search[0].Before.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	s.begin(z)
	moment := make([]float64, c.Latent)
	for i, want := range f.Search {
		name := fmt.Sprintf("step %d: ", want.Step)
		want.Before.Close(t, name+"z before", latents(t, s.walk), tolerance)
		v, err := s.look()
		if err != nil {
			t.Fatal(err)
		}
		residual, discrimination := want.Residual, want.Discrimination
		if sums {
			residual, discrimination = want.ResidualSum, want.DiscriminationSum
		}
		close := func(what string, got float32, want float64) {
			gantest.Close(t, name+what, []float64{float64(got)}, []float64{want}, tolerance)
		}
		close("residual", v.residual[0], residual)
		close("discrimination", v.discrimination[0], discrimination)
		if _, err := s.step(i); err != nil {
			t.Fatal(err)
		}
		close("mapping", s.losses[0][i], want.Mapping*factor)
		grad, _ := momentsOf(t, s.walk) // m' = β₁m + (1−β₁)g
		for k, now := range grad {
			grad[k], moment[k] = (now-adam.Beta1*moment[k])/(1-adam.Beta1)/factor, now
		}
		want.Grad.Close(t, name+"gradient", grad, tolerance)
		want.After.Close(t, name+"z after", latents(t, s.walk), tolerance)
	}
}

// mapper compiles a search and closes it with the test.
func mapper(t testing.TB, store *model.Store, gan *ganlib.GAN, search Search, opt MapperOptions) *Mapper {
	t.Helper()
	m, err := NewMapper(gantest.Backend(t), store, gan, search, opt)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(m.Close)
	return m
}

// pictures are queries in [−1, 1].
func pictures(t testing.TB, values []float32, c Config) *Pixels {
	t.Helper()
	p, err := NewPixels(values, c.ImageSize, c.ImageSize, c.Channels, Signed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
