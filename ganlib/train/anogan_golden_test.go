package train

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// anoGolden is the schema of anogan_small.json.
type anoGolden struct {
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

func readAnoGolden(t *testing.T) *anoGolden {
	t.Helper()
	f := &anoGolden{}
	gantest.Golden(t, "anogan_small", f)
	if c := f.Header.Config; c.Epsilon != 1e-3 || c.Keep != 0.99 {
		t.Fatalf("batch norm ε %v, keeps %v; TensorFlow 1 has 1e-3 and 0.99", c.Epsilon, c.Keep)
	}
	return f
}

// nets reads the widths off the weights.
func (f *anoGolden) nets(rule nn.NormRule) anoNets {
	width := func(name string) int { return f.Weights[name].Shape[0] }
	return anoNets{
		z: width("G.dense.weight"), base: width("G.bn1.gamma"), g1: width("G.bn2.gamma"), g2: width("G.bn3.gamma"),
		d1: width("D.conv1.bias"), d2: width("D.conv2.bias"), slope: f.Header.Config.Leaky, rule: rule,
	}
}

// fill puts the file's weights into a store, in our layout.
func (f *anoGolden) fill(t *testing.T, store *model.Store) {
	t.Helper()
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

func TestAnoGANForwardGolden(t *testing.T) {
	f := readAnoGolden(t)
	nets, store := f.nets(nn.TF1Fused), ganlib.NewStore(0)
	f.fill(t, store)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, query *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithZ(z).WithMode(nn.BatchStatistics)
		train, query := nets.generate(in), gantest.ToChannelsLast(query)
		fake, real := nets.discriminate(in, train).Logits, nets.discriminate(in, query).Logits
		return []*Node{
			gantest.ToChannelsFirst(train), gantest.ToChannelsFirst(nets.generate(in.WithMode(nn.Inference))),
			fake, real, loss.Discriminator(real, fake), loss.NonSaturating(fake),
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
	for i, want := range []float64{f.DQuery, f.DLoss, f.GLoss} {
		gantest.Close(t, []string{"logit of the query", "D's loss", "G's loss"}[i], flat(3+i), []float64{want}, gantest.Tolerance)
	}
	gantest.Close(t, "accuracies", []float64{accuracy(flat(3)[0], flat(2), 0.5), accuracy(flat(3)[0], flat(2), 0)}, []float64{f.AccHalf, f.AccZero}, 1e-8)
}

// accuracy counts the query once for each fake, as the seed's D accuracy does.
func accuracy(query float64, fakes []float64, threshold float64) float64 {
	right := 0.0
	for _, l := range fakes {
		if query > threshold {
			right++
		}
		if l <= threshold {
			right++
		}
	}
	return right / float64(2*len(fakes))
}

// One pass in training mode moves G's averages by either of TensorFlow's rules.
func TestAnoGANMovingAveragesGolden(t *testing.T) {
	f := readAnoGolden(t)
	for suffix, rule := range map[string]nn.NormRule{"_fused": nn.TF1Fused, "_unfused": nn.TF1Unfused} {
		nets, store := f.nets(rule), ganlib.NewStore(0)
		f.fill(t, store)
		_, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z *Node) []*Node {
			return []*Node{nets.generate(ganlib.NewInputs(store, nil).WithZ(z))}
		}, f.Z.Tensor(dtypes.Float32))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		for name, n := range f.Moving {
			part := strings.Split(name, ".")
			kind, isThisRule := strings.CutSuffix(part[2], suffix)
			if isThisRule || kind == "moving_mean" {
				n.Close(t, name, variable(t, store, "/generator/"+part[1]+"/"+kind), gantest.Tolerance)
			}
		}
	}
}

// latentSearch is AnoGAN's inversion as a step structure: the latents are the variable, the networks are frozen. The
// images searched for are the step's real ones.
func latentSearch(nets anoNets, lambda float64, adam ganlib.Adam) *ganlib.GAN {
	perImage := func(x *Node) *Node { return ReduceMean(Abs(x), 1, 2, 3) }
	gan := &ganlib.GAN{
		Name: "search", Image: ganlib.Image{Height: 28, Width: 28, Channels: 1}, Prior: ganlib.Uniform(nets.z),
		Generate: nets.generate, Discriminate: nets.discriminate,
	}
	gan.Steps = []ganlib.Step{{Name: "z", Scope: "/z", Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		in = in.WithMode(nn.Inference)
		z := nn.Variable(in.Scope("/z"), in.Real.Graph(), "z", dtypes.Float32, nn.Uniform(1), in.Real.Shape().Dimensions[0], nets.z)
		y := gan.Generate(in.WithZ(z))
		residual := perImage(Sub(in.Real, y))
		discrimination := perImage(Sub(gan.Discriminate(in, in.Real).Features, gan.Discriminate(in, y).Features))
		mapping := Add(MulScalar(residual, 1-lambda), MulScalar(discrimination, lambda))
		// The sum over images gives each latent its own gradient.
		return ReduceAllSum(mapping), []ganlib.Term{{Name: "residual", Value: ReduceAllMean(residual)}, {Name: "discrimination", Value: ReduceAllMean(discrimination)}}
	}}}
	return gan
}

// sameImages hands out the same images at every call.
type sameImages struct{ images *tensors.Tensor }

func (s sameImages) Next(context.Context, int, int) (data.Batch, error) {
	pixels, err := tensors.CopyFlatData[float32](s.images)
	d := s.images.Shape().Dimensions
	return data.Batch{Pixels: pixels, N: d[0], Height: d[1], Width: d[2], Channels: d[3]}, err
}
func (sameImages) Recycle(data.Batch) {}

func TestAnoGANSearchGolden(t *testing.T) {
	f := readAnoGolden(t)
	if len(f.Search) == 0 {
		t.Fatal("the file has no search")
	}
	adam := ganlib.Adam{EpsilonHat: true}
	if _, err := fmt.Sscanf(f.Header.Config.Adam, "lr %g, betas %g/%g, TF1 epsilon-hat %g", &adam.LearningRate, &adam.Beta1, &adam.Beta2, &adam.Epsilon); err != nil {
		t.Fatalf("%s: %v", f.Header.Config.Adam, err)
	}
	gan := latentSearch(f.nets(nn.TF1Fused), f.Header.Config.Lambda, adam)
	trainer := begin(t, gan, Options{BatchSize: 1})
	store := trainer.Store()
	f.fill(t, store)
	first := f.Search[0].Before
	if _, err := store.CreateVariable("/z/z", first.Tensor(dtypes.Float32)); err != nil {
		t.Fatal(err)
	}
	frozen := contents(t, store, ganlib.ScopeGenerator, ganlib.ScopeDiscriminator)
	query := sameImages{channelsLast(t, f.Query)}
	features := 14 * 14 * float64(f.nets(nn.TF1Fused).d1)
	m := make([]float64, len(first.Values()))
	for _, want := range f.Search {
		t.Run(fmt.Sprintf("step%d", want.Step), func(t *testing.T) {
			want.Before.Close(t, "z before", variable(t, store, "/z/z"), gantest.Tolerance)
			got := iterate(t, trainer, query, 1)
			for name, v := range map[string]float64{"z/loss": want.Mapping, "residual": want.Residual, "discrimination": want.Discrimination} {
				gantest.Close(t, name, []float64{got[name]}, []float64{v}, gantest.Tolerance)
			}
			gantest.Close(t, "sums", []float64{got["residual"] * 28 * 28, got["discrimination"] * features}, []float64{want.ResidualSum, want.DiscriminationSum}, gantest.Tolerance)
			grad := variable(t, store, "/adam/z/z/z/m") // m' = β₁m + (1−β₁)g
			for k, now := range grad {
				grad[k], m[k] = (now-adam.Beta1*m[k])/(1-adam.Beta1), now
			}
			want.Grad.Close(t, "gradient", grad, gantest.Tolerance)
			want.After.Close(t, "z after", variable(t, store, "/z/z"), gantest.Tolerance)
		})
	}
	unchanged(t, store, frozen, "search")
	if n := int(trainer.State().Updates["z"]); n != len(f.Search) {
		t.Errorf("%d updates in %d steps", n, len(f.Search))
	}
}

// Many queries searched at once are searched one by one: inference mode and the sum keep them apart.
func TestSearchOfABatch(t *testing.T) {
	nets := anoNets{z: 3, base: 3, g1: 2, g2: 2, d1: 2, d2: 3, slope: 0.2}
	adam := ganlib.Adam{LearningRate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, EpsilonHat: true}
	images := firstBatch(t, blobs(t, 3, 28, 28), 1, 3, 0)
	pixels, err := tensors.CopyFlatData[float32](images)
	if err != nil {
		t.Fatal(err)
	}
	search := func(z []float32, pixels []float32) []float64 {
		n := len(pixels) / (28 * 28)
		trainer := begin(t, latentSearch(nets, 0.7, adam), Options{BatchSize: n, Seed: 2})
		if _, err := trainer.Store().CreateVariable("/z/z", tensors.FromFlatDataAndDimensions(z, n, 3)); err != nil {
			t.Fatal(err)
		}
		iterate(t, trainer, sameImages{tensors.FromFlatDataAndDimensions(pixels, n, 28, 28, 1)}, 4)
		return variable(t, trainer.Store(), "/z/z")
	}
	z := []float32{.1, -.2, .3, -.4, .5, -.6, .7, -.8, .9}
	together := search(z, pixels)
	for i := range 3 {
		alone := search(z[3*i:3*i+3], pixels[28*28*i:28*28*(i+1)])
		gantest.Close(t, fmt.Sprintf("query %d", i), together[3*i:3*i+3], alone, 1e-5)
	}
}
