package dcgan

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// trajectory is the schema of dcgan_step.json: weights, latents, and what every step must bring. The real batches are
// in dcgan_real.json.
type trajectory struct {
	Header struct {
		Config struct {
			NZ         int
			NGF        int
			NDF        int
			NC         int
			Batch      int
			Image      int
			LR         float64
			Beta1      float64
			Beta2      float64
			Epsilon    float64 `json:"adam_eps"`
			BNEpsilon  float64 `json:"bn_eps"`
			BNNew      float64 `json:"bn_new_weight"`
			LeakySlope float64 `json:"leaky_slope"`
			RealLabel  float64 `json:"real_label"`
			FakeLabel  float64 `json:"fake_label"`
		}
	}
	Weights map[string]gantest.Numbers
	Z       []gantest.Numbers
	Real    []gantest.Numbers
	Steps   []expectedStep             `json:"steps_f64"`
	Final   map[string]gantest.Numbers `json:"final_small_params_f64"`
	Eval    struct {
		G gantest.Numbers `json:"G_eval_of_z1"`
		D []float64       `json:"D_eval_logits_of_real1"`
	} `json:"after_3_steps_eval_mode_f64"`
}

type expectedStep struct {
	Step           int
	ErrDReal       float64                    `json:"errD_real"`
	ErrDFake       float64                    `json:"errD_fake"`
	ErrD           float64                    `json:"errD"`
	ErrG           float64                    `json:"errG"`
	DX             float64                    `json:"D_x"`
	DGZ1           float64                    `json:"D_G_z1"`
	DGZ2           float64                    `json:"D_G_z2"`
	LogitsReal     []float64                  `json:"logits_real"`
	LogitsFake     []float64                  `json:"logits_fake_before"`
	FirstForward   map[string]gantest.Numbers `json:"first_forward"`
	FakeSamples    []sample                   `json:"fake_samples"`
	GradD          map[string]gantest.Numbers `json:"grad_D"`
	GradG          map[string]gantest.Numbers `json:"grad_G"`
	ParamsAfter    map[string]gantest.Numbers `json:"params_after"`
	RunningAfter   map[string]gantest.Numbers `json:"running_stats_after"`
	DeltaFromStart map[string]float64         `json:"delta_l2_from_start"`
}

type sample struct {
	NCHW []int
	V    float64
}

// After several steps, weights and their norms are compared to 1e-4; the largest change of a weight is about 2e-4 a
// step, so changes are compared too, and moments to one part in a thousand of their largest.
const (
	weightTolerance = 1e-4
	lossTolerance   = 2e-5
)

func readTrajectory(t *testing.T) *trajectory {
	t.Helper()
	f := &trajectory{}
	gantest.Golden(t, "dcgan_step", f)
	if f.Real == nil {
		gantest.Golden(t, "dcgan_real", f)
	}
	if len(f.Steps) == 0 || len(f.Z) != len(f.Steps) || len(f.Real) != len(f.Steps) {
		t.Fatalf("%d steps, %d latents, %d real batches: want as many of each", len(f.Steps), len(f.Z), len(f.Real))
	}
	return f
}

// config is the file's table of settings as ours.
func (f *trajectory) config(t *testing.T) Config {
	t.Helper()
	h := f.Header.Config
	if h.BNEpsilon != 1e-5 || math.Abs(h.BNNew-0.1) > 1e-12 || h.FakeLabel != 0 {
		t.Fatalf("the file asks for batch norm ε %v, new weight %v, fake label %v; the practice has 1e-5, 0.1, 0", h.BNEpsilon, h.BNNew, h.FakeLabel)
	}
	c := Practice2023()
	c.BatchSize, c.ImageSize, c.Channels, c.Latent, c.GenMaps, c.DiscMaps = h.Batch, h.Image, h.NC, h.NZ, h.NGF, h.NDF
	c.LearningRate, c.Beta1, c.Beta2, c.Epsilon = h.LR, h.Beta1, h.Beta2, h.Epsilon
	c.LeakySlope, c.RealLabel = h.LeakySlope, h.RealLabel
	return c
}

// game is ours on the file's latents: the prior reads them one after the other.
func (f *trajectory) game(t *testing.T) *ganlib.GAN {
	t.Helper()
	gan, err := New(f.config(t))
	if err != nil {
		t.Fatal(err)
	}
	var z []float64
	for _, n := range f.Z {
		z = append(z, n.Values()...)
	}
	gan.Prior.Draw = func(*rand.Rand) float64 {
		v := z[0]
		z = z[1:]
		return v
	}
	return gan
}

// path is where we keep a variable of the file: "G.bn1.running_mean" is /generator/bn1/moving_mean.
func path(name string) string {
	part := strings.Split(name, ".")
	scope := map[string]string{"G": ganlib.ScopeGenerator, "D": ganlib.ScopeDiscriminator}[part[0]]
	leaf := map[string]string{"weight": "w", "running_mean": "moving_mean", "running_var": "moving_variance"}[part[2]]
	if leaf == "" {
		leaf = part[2]
	}
	return scope + "/" + part[1] + "/" + leaf
}

// start puts the file's weights into a store.
func (f *trajectory) start(t *testing.T, store *model.Store) {
	t.Helper()
	for name, n := range f.Weights {
		if _, err := store.CreateVariable(path(name), lastFirst(t, n.Tensor(dtypes.Float32), ToLast)); err != nil {
			t.Fatal(err)
		}
	}
}

// ToLast and ToFirst are the two directions of a change of layout; gantest documents them.
var (
	ToLast  = gantest.ToChannelsLast
	ToFirst = gantest.ToChannelsFirst
)

// lastFirst changes the layout of a tensor.
func lastFirst(t *testing.T, x *tensors.Tensor, to func(*Node) *Node) *tensors.Tensor {
	t.Helper()
	exec, err := NewExec(gantest.Backend(t), func(x *Node) *Node { return to(x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// values of a variable, in the file's layout.
func values(t *testing.T, store *model.Store, path string) []float64 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	return gantest.Flat(t, lastFirst(t, v.MustValue(), ToFirst))
}

// reals hands out the file's real batches.
type reals struct {
	t     *testing.T
	files []gantest.Numbers
}

func (r *reals) Next(_ context.Context, batch, resolution int) (data.Batch, error) {
	d := r.files[0].Shape
	if batch != d[0] || resolution != 0 {
		return data.Batch{}, fmt.Errorf("asked for %d images at %d, the file has %v", batch, resolution, d)
	}
	pixels, err := tensors.CopyFlatData[float32](lastFirst(r.t, r.files[0].Tensor(dtypes.Float32), ToLast))
	r.files = r.files[1:]
	return data.Batch{Pixels: pixels, N: d[0], Height: d[2], Width: d[3], Channels: d[1]}, err
}

func (r *reals) Recycle(data.Batch) {}

// play trains the game on the file's batches; after looks at the trainer after each step.
func (f *trajectory) play(t *testing.T, gan *ganlib.GAN, after func(i int, point runlog.Point, store *model.Store)) *model.Store {
	t.Helper()
	trainer, err := train.New(gantest.Backend(t), gan, train.Options{BatchSize: f.Header.Config.Batch, Images: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	f.start(t, trainer.Store())
	stream := &reals{t, f.Real}
	for i := range f.Steps {
		point, err := trainer.Iterate(t.Context(), stream)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		after(i, point, trainer.Store())
	}
	return trainer.Store()
}

// The practice's training, step by step, against float64.
func TestTrajectoryGolden(t *testing.T) {
	f := readTrajectory(t)
	moments := map[string][]float64{}
	beta1 := f.Header.Config.Beta1
	store := f.play(t, f.game(t), func(i int, point runlog.Point, store *model.Store) {
		t.Run(fmt.Sprintf("step%d", f.Steps[i].Step), func(t *testing.T) {
			want := f.Steps[i]
			want.checkLosses(t, point)
			want.checkParameters(t, store, f.Weights)
			for _, v := range slices.Collect(maps.Keys(f.Weights)) {
				// m' = β₁m + (1−β₁)g, so the gradient can be read off the moments.
				m := values(t, store, momentPath(v))
				g := make([]float64, len(m))
				for k := range m {
					g[k] = m[k] / (1 - beta1)
					if old := moments[v]; old != nil {
						g[k] = (m[k] - beta1*old[k]) / (1 - beta1)
					}
				}
				moments[v] = m
				for _, list := range []map[string]gantest.Numbers{want.GradD, want.GradG} {
					if n, ok := list[v]; ok {
						n.Close(t, "gradient of "+v, g, gantest.Tolerance)
					}
				}
			}
		})
	})
	t.Run("final", func(t *testing.T) {
		for name, n := range f.Final {
			n.Close(t, name, values(t, store, path(name)), weightTolerance/10)
		}
	})
	t.Run("inference", func(t *testing.T) { f.checkInference(t, store) })
}

func momentPath(name string) string {
	step := name[:1] // the networks are named as their steps
	return "/adam/" + step + path(name) + "/m"
}

func (want expectedStep) checkLosses(t *testing.T, point runlog.Point) {
	for name, v := range map[string]float64{
		RealLoss: want.ErrDReal, FakeLoss: want.ErrDFake, "D/loss": want.ErrD, "G/loss": want.ErrG,
		RealScore: want.DX, FakeBefore: want.DGZ1, FakeAfter: want.DGZ2,
	} {
		gantest.Close(t, name, []float64{point.Values[name]}, []float64{v}, lossTolerance)
	}
}

// checkParameters compares weights, their changes since the start, and running averages.
func (want expectedStep) checkParameters(t *testing.T, store *model.Store, start map[string]gantest.Numbers) {
	for name, n := range want.ParamsAfter {
		n.Close(t, name, values(t, store, path(name)), weightTolerance)
	}
	for name, n := range want.RunningAfter {
		n.Close(t, name, values(t, store, path(name)), weightTolerance)
	}
	for name, norm := range want.DeltaFromStart {
		squares := 0.0
		for k, v := range values(t, store, path(name)) {
			d := v - start[name].Values()[k]
			squares += d * d
		}
		// float32 weights around 1 move in steps of 1.2e-7, one part in a thousand of a learning rate.
		if got := math.Sqrt(squares); math.Abs(got-norm) > 2e-3*norm {
			t.Errorf("change of %s: norm %.6g, want %.6g", name, got, norm)
		}
	}
}

// checkInference runs both networks with their running averages.
func (f *trajectory) checkInference(t *testing.T, store *model.Store) {
	gan := f.game(t)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, real *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithMode(nn.Inference).WithZ(Reshape(z, -1, f.Header.Config.NZ))
		return []*Node{ToFirst(gan.Generate(in)), gan.Discriminate(in, ToLast(real)).Logits}
	}, f.Z[0].Tensor(dtypes.Float32), f.Real[0].Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	f.Eval.G.Close(t, "G(z1)", gantest.Flat(t, out[0]), gantest.Tolerance)
	gantest.Close(t, "D(real1)", gantest.Flat(t, out[1]), f.Eval.D, gantest.Tolerance)
}

// The output of every block of the first step, D on the real batch and G on z, and single pixels of the fakes.
func TestFirstForwardGolden(t *testing.T) {
	f := readTrajectory(t)
	want, c := f.Steps[0], f.config(t)
	store := ganlib.NewStore(0)
	f.start(t, store)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, real *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithMode(nn.BatchStatistics)
		var taps []*Node
		x := ToLast(z)
		for _, b := range c.generatorBlocks() {
			x = b.apply(in, c, in.Scope(ganlib.ScopeGenerator), x)
			taps = append(taps, ToFirst(x))
		}
		fake := x
		x = ToLast(real)
		for _, b := range c.discriminatorBlocks() {
			x = b.apply(in, c, in.Scope(ganlib.ScopeDiscriminator), x)
			taps = append(taps, ToFirst(x))
		}
		return append(taps, c.discriminator(in, fake).Logits)
	}, f.Z[0].Tensor(dtypes.Float32), f.Real[0].Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	blocks := len(c.generatorBlocks())
	for name, n := range want.FirstForward {
		var i int
		if _, err := fmt.Sscanf(name[1:], ".block%d", &i); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name[0] == 'D' {
			i += blocks
		}
		n.Close(t, name, gantest.Flat(t, out[i-1]), gantest.Tolerance)
	}
	fakes := out[blocks-1].Shape().Dimensions
	pixels := gantest.Flat(t, out[blocks-1])
	for _, s := range want.FakeSamples {
		at := ((s.NCHW[0]*fakes[1]+s.NCHW[1])*fakes[2]+s.NCHW[2])*fakes[3] + s.NCHW[3]
		gantest.Close(t, fmt.Sprintf("pixel %v", s.NCHW), []float64{pixels[at]}, []float64{s.V}, gantest.Tolerance)
	}
	gantest.Close(t, "logits of the real batch", gantest.Flat(t, out[len(out)-2]), want.LogitsReal, gantest.Tolerance)
	gantest.Close(t, "logits of the fakes", gantest.Flat(t, out[len(out)-1]), want.LogitsFake, gantest.Tolerance)
}
