package train

import (
	"fmt"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// tinyGAN is a DCGAN on 8×8 grey images, a millisecond an iteration.
func tinyGAN() *ganlib.GAN {
	gan := &ganlib.GAN{Name: "tiny", Image: ganlib.Image{Height: 8, Width: 8, Channels: 1}, Prior: ganlib.Normal(4)}
	gan.Generate = func(in ganlib.Inputs) *Node {
		s := in.Scope(ganlib.ScopeGenerator)
		x := Reshape(nn.Dense(s.At("dense"), in.Z, nn.DenseOptions{Out: 4 * 4 * 4}), -1, 4, 4, 4)
		x = nn.ReLU(nn.BatchNorm(s.At("bn"), x, nn.BatchNormOptions{Mode: in.Mode}))
		return nn.Tanh(nn.ConvTranspose2D(s.At("convT"), x, nn.Conv{Out: 1, Kernel: 4, Stride: 2, Pad: nn.Pad(1)}))
	}
	gan.Discriminate = func(in ganlib.Inputs, x *Node) ganlib.Scores {
		s := in.Scope(ganlib.ScopeDiscriminator)
		x = nn.Conv2D(s.At("conv"), x, nn.Conv{Out: 4, Kernel: 4, Stride: 2, Pad: nn.Pad(1)})
		x = nn.LeakyReLU(nn.BatchNorm(s.At("bn"), x, nn.BatchNormOptions{Mode: in.Mode}), 0.2)
		return ganlib.Scores{Logits: nn.Dense(s.At("dense"), Reshape(x, -1, 4*4*4), nn.DenseOptions{Out: 1})}
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8}
	fakes := func(in ganlib.Inputs) *Node { return in.Once("G(z)", func() *Node { return gan.Generate(in) }) }
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			real := gan.Discriminate(in, in.Real).Logits
			return loss.Discriminator(real, gan.Discriminate(in, fakes(in)).Logits), []ganlib.Term{{Name: "D(x)", Value: ReduceAllMean(nn.Sigmoid(real))}}
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, Batch: ganlib.SameBatch, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.NonSaturating(gan.Discriminate(in, fakes(in)).Logits), nil
		}},
	}
	return gan
}

// blobs are n smooth grey images of any size, all different.
func blobs(t testing.TB, n, height, width int) *data.Source {
	t.Helper()
	pixels := make([]byte, 0, n*height*width)
	for i := range n {
		for y := range height {
			for x := range width {
				pixels = append(pixels, byte(128+100*math.Sin(float64(i)*0.7+float64(y)*0.9)*math.Cos(float64(i)*0.3+float64(x)*0.8)))
			}
		}
	}
	src, err := data.New("blobs", pixels, height, width, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// greySheet lays a sheet's images out below each other.
func greySheet(pixels []float32, n, height, width, _ int) (image.Image, error) {
	sheet := image.NewGray(image.Rect(0, 0, width, n*height))
	for i, v := range pixels {
		sheet.Pix[i] = uint8(max(0, min(255, (v+1)*127.5)))
	}
	return sheet, nil
}

// begin prepares a trainer outside of any run.
func begin(t testing.TB, gan *ganlib.GAN, opt Options) *Trainer {
	t.Helper()
	trainer, err := New(gantest.Backend(t), gan, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trainer.Close)
	return trainer
}

// iterate does n iterations and returns the numbers of the last.
func iterate(t testing.TB, trainer *Trainer, stream Stream, n int) map[string]float64 {
	t.Helper()
	var values map[string]float64
	for range n {
		point, err := trainer.Iterate(t.Context(), stream)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		values = point.Values
	}
	return values
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

// contents copies every variable below the scopes, all of them without any scope.
func contents(t testing.TB, store *model.Store, scopes ...string) map[string][]float64 {
	t.Helper()
	all := map[string][]float64{}
	for v := range store.IterVariables() {
		if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return within(v.Path(), s) }) {
			all[v.Path()] = gantest.Flat(t, v.MustValue())
		}
	}
	return all
}

func within(path, scope string) bool {
	return len(path) > len(scope) && path[:len(scope)+1] == scope+"/"
}

// unchanged reports variables that are not what they were, to the bit.
func unchanged(t testing.TB, store *model.Store, before map[string][]float64, when string) {
	t.Helper()
	if len(before) == 0 {
		t.Errorf("%s: nothing to compare", when)
	}
	for path, old := range before {
		if !slices.Equal(variable(t, store, path), old) {
			t.Errorf("%s: %s moved", when, path)
		}
	}
}

// changed reports scopes of which no trainable variable moved.
func changed(t testing.TB, store *model.Store, before map[string][]float64, when string, scopes ...string) {
	t.Helper()
	for _, s := range scopes {
		moved := false
		for path, old := range before {
			moved = moved || within(path, s) && !slices.Equal(variable(t, store, path), old)
		}
		if !moved {
			t.Errorf("%s: nothing below %s moved", when, s)
		}
	}
}

// gradientOf reads a step's gradient off the moments of its first update, m = (1−β₁)g.
func gradientOf(t testing.TB, store *model.Store, step ganlib.Step, path string) []float64 {
	t.Helper()
	g := variable(t, store, "/adam/"+step.Name+path+"/m")
	for i := range g {
		g[i] /= 1 - step.Adam.Beta1
	}
	return g
}

func named(gan *ganlib.GAN, name string) ganlib.Step {
	for _, s := range gan.Steps {
		if s.Name == name {
			return s
		}
	}
	panic(fmt.Sprintf("%s has no step %s", gan.Name, name))
}
