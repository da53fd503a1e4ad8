package dcgan

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
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
		if _, err := store.CreateVariable(path(name), relaid(t, n.Tensor(dtypes.Float32), gantest.ToChannelsLast)); err != nil {
			t.Fatal(err)
		}
	}
}

// relaid is a tensor in the other layout.
func relaid(t *testing.T, x *tensors.Tensor, to func(*Node) *Node) *tensors.Tensor {
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
	return gantest.Flat(t, relaid(t, v.MustValue(), gantest.ToChannelsFirst))
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
	pixels, err := tensors.CopyFlatData[float32](relaid(r.t, r.files[0].Tensor(dtypes.Float32), gantest.ToChannelsLast))
	r.files = r.files[1:]
	return data.Batch{Pixels: pixels, N: d[0], Height: d[2], Width: d[3], Channels: d[1]}, err
}

func (r *reals) Recycle(data.Batch) {}
