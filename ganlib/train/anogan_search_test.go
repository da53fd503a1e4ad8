package train

import (
	"context"
	"fmt"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

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
