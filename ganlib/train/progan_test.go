package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
)

// The miniature grows once: 4×4, then 8×8 fading in, then 8×8. A new batch size and a new Adam come with each stage.
const (
	proFade   = 30 // images at which 8×8 begins to fade in
	proStable = 60 // images at which it has
	proSize   = 8
	proMaps   = 3
)

type proSchedule struct{}

func (proSchedule) At(images int64) ganlib.Phase {
	switch {
	case images < proFade:
		return ganlib.Phase{Stage: "4x4", FreshAdam: true, Resolution: 4, Alpha: 1, BatchSize: 5}
	case images < proStable:
		alpha := float64(images-proFade) / (proStable - proFade)
		return ganlib.Phase{Stage: "fade", FreshAdam: true, Resolution: 8, Alpha: alpha, BatchSize: 4, LearningRate: map[string]float64{"E": 2e-3}}
	}
	return ganlib.Phase{Stage: "8x8", FreshAdam: true, Resolution: 8, Alpha: 1, BatchSize: 4}
}

// lerp is a + (b−a)·t.
func lerp(a, b, t *Node) *Node { return Add(a, Mul(Sub(b, a), ConvertDType(t, a.DType()))) }

func proGenerate(in ganlib.Inputs) *Node {
	s := in.Scope(ganlib.ScopeGenerator)
	conv := func(name string, x *Node, out, kernel int) *Node {
		return nn.Conv2D(s.At("%s", name), x, nn.Conv{Out: out, Kernel: kernel, Stride: 1, Pad: nn.Pad(kernel / 2), Bias: true})
	}
	z := Mul(in.Z, Reciprocal(Sqrt(AddScalar(ReduceAndKeep(Square(in.Z), ReduceMean, -1), 1e-8)))) // G(cz) = G(z)
	x := Reshape(nn.Dense(s.At("dense"), z, nn.DenseOptions{Out: 4 * 4 * proMaps, Bias: true}), -1, 4, 4, proMaps)
	x = nn.LeakyReLU(x, 0.2)
	small := conv("rgb4", x, 1, 1)
	if in.Resolution == 4 {
		return small
	}
	x = nn.LeakyReLU(conv("conv8", nn.Upsample2D(x, 2), proMaps, 3), 0.2)
	return lerp(nn.Upsample2D(small, 2), conv("rgb8", x, 1, 1), in.Alpha)
}

// proBody is what D and E have in common: images to the activations before the last layer.
func proBody(in ganlib.Inputs, scope string, x *Node) *Node {
	s := in.Scope(scope)
	conv := func(name string, x *Node, kernel int) *Node {
		return nn.LeakyReLU(nn.Conv2D(s.At("%s", name), x, nn.Conv{Out: proMaps, Kernel: kernel, Stride: 1, Pad: nn.Pad(kernel / 2), Bias: true}), 0.2)
	}
	h := x
	if in.Resolution == 4 {
		h = conv("rgb4", x, 1)
	} else {
		h = nn.Downsample2D(conv("conv8", conv("rgb8", x, 1), 3), 2)
		h = lerp(conv("rgb4", nn.Downsample2D(x, 2), 1), h, in.Alpha)
	}
	return Reshape(conv("conv4", h, 3), -1, 4*4*proMaps)
}

func proCritic(in ganlib.Inputs, x *Node) ganlib.Scores {
	h := proBody(in, ganlib.ScopeDiscriminator, x)
	return ganlib.Scores{Logits: nn.Dense(in.Scope(ganlib.ScopeDiscriminator).At("dense"), h, nn.DenseOptions{Out: 1, Bias: true})}
}

// miniProGAN is the progressive GAN with an encoder: WGAN-GP with drift for D and G, E taught on fakes through a frozen
// G, the generator averaged after D.
func miniProGAN() *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "progan", Image: ganlib.Image{Height: proSize, Width: proSize, Channels: 1}, Prior: ganlib.Normal(4),
		Schedule: proSchedule{}, PhaseEvery: 2, EMA: ganlib.EMA{Decay: 0.75, After: "D"},
		Generate: proGenerate, Discriminate: proCritic,
		Encode: func(in ganlib.Inputs, x *Node) *Node {
			return nn.Dense(in.Scope(ganlib.ScopeEncoder).At("dense"), proBody(in, ganlib.ScopeEncoder, x), nn.DenseOptions{Out: 4, Bias: true})
		},
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0, Beta2: 0.99, Epsilon: 1e-8, EpsilonHat: true}
	z := func(in ganlib.Inputs, name string) []ganlib.Term {
		return []ganlib.Term{{Name: name + "/z", Value: ReduceAllSum(in.Z)}, {Name: name + "/alpha", Value: in.Alpha}}
	}
	gan.Steps = []ganlib.Step{
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			l, gp := proCriticLoss(gan, in)
			return l, append(z(in, "D"), ganlib.Term{Name: "gp", Value: gp})
		}},
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, LatentOnly: true, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return loss.CriticGenerator(gan.Discriminate(in, gan.Generate(in)).Logits), z(in, "G")
		}},
		{Name: "E", Scope: ganlib.ScopeEncoder, Adam: adam, LatentOnly: true, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			fake := StopGradient(gan.Generate(in))
			return ReduceAllMean(Abs(Sub(fake, gan.Generate(in.WithZ(gan.Encode(in, fake)))))), z(in, "E") // |G(z) − G(E(G(z)))|
		}},
	}
	return gan
}

// proCriticLoss is mean[D(y) − D(x) + 0.001·D(x)²] + 10·mean[(‖∇D(m)‖/2ᴸ − 1)²], m = x + u·(y − x). The document
// differentiates with respect to full-size images; at 2ᴸ times less the norm is 2ᴸ times larger.
func proCriticLoss(gan *ganlib.GAN, in ganlib.Inputs) (l, gp *Node) {
	x := in.Real
	if in.Resolution > 4 {
		x = lerp(nn.Upsample2D(nn.Downsample2D(x, 2), 2), x, in.Alpha)
	}
	y := StopGradient(gan.Generate(in))
	u := in.Uniform(x.Shape().Dimensions[0], 1, 1, 1)
	critic := func(x *Node) *Node { return gan.Discriminate(in, x).Logits }
	factor := float64(proSize) / float64(in.Resolution)
	gp = loss.GradientPenalty(critic, lerp(x, y, u), factor) // (n − k)²/k² = (n/k − 1)²
	real := critic(x)
	drift := MulScalar(ReduceAllMean(Square(real)), 0.001)
	return Add(Add(loss.Critic(real, critic(y)), drift), MulScalar(gp, 10)), gp
}

func TestProGANSchedule(t *testing.T) {
	gan := miniProGAN()
	trainer := begin(t, gan, Options{BatchSize: 99, Seed: 5})
	stream := blobs(t, 100, proSize, proSize).Stream(5, trainer.State().Position)
	defer stream.Close()
	// Six iterations of 5 images at 4×4, eight of 4 while fading in: the schedule is asked at every second iteration.
	var alphas []float64
	for i := range 18 {
		values := iterate(t, trainer, stream, 1)
		state := trainer.State()
		stage, resolution, since := "4x4", 4, i
		if i >= 6 {
			stage, resolution, since = "fade", 8, i-6
		}
		if i >= 14 {
			stage, since = "8x8", i-14
		}
		if state.Stage != stage || state.Resolution != resolution {
			t.Fatalf("iteration %d: stage %s at %d, want %s at %d", i, state.Stage, state.Resolution, stage, resolution)
		}
		for _, s := range gan.Steps {
			if n := state.Updates[s.Name]; n != int64(since+1) {
				t.Errorf("iteration %d: Adam of %s counts %d updates since the stage began, want %d", i, s.Name, n, since+1)
			}
		}
		if want := 5 * min(int64(i)+1, 6); i < 6 && state.Images != want || i >= 6 && state.Images != 30+4*int64(i-5) {
			t.Errorf("iteration %d: %d images shown", i, state.Images)
		}
		if values["D/z"] == values["G/z"] || values["G/z"] == values["E/z"] || values["D/z"] == values["E/z"] {
			t.Errorf("iteration %d: two steps saw the same latents", i)
		}
		if values["D/alpha"] != values["G/alpha"] || values["D/alpha"] != values["E/alpha"] {
			t.Errorf("iteration %d: alpha differs between the steps", i)
		}
		alphas = append(alphas, values["D/alpha"])
		if n := len(trainer.compiled); n != 3 {
			t.Errorf("iteration %d: %d compiled calls, want D, G and E of this stage", i, n)
		}
	}
	// The phase is asked at iterations 6, 8, 10 and 12 of the fade: 0, 8, 16 and 24 of its 30 images shown.
	want := []float64{1, 1, 1, 1, 1, 1, 0, 0, 8. / 30, 8. / 30, 16. / 30, 16. / 30, 24. / 30, 24. / 30, 1, 1, 1, 1}
	gantest.Close(t, "alpha", alphas, want, 1e-7)
}

// Each optimiser has moments for its own network only, and E's step moves neither G nor D.
func TestProGANSteps(t *testing.T) {
	gan := miniProGAN()
	trainer := begin(t, gan, Options{BatchSize: 5, Seed: 5})
	stream := blobs(t, 50, proSize, proSize).Stream(5, trainer.State().Position)
	defer stream.Close()
	iterate(t, trainer, stream, 1)
	before := contents(t, trainer.Store(), ganlib.ScopeGenerator, ganlib.ScopeDiscriminator)
	c := trainer.plan[2]
	if c.name != "progan/4x4/E" {
		t.Fatalf("the third call is %s", c.name)
	}
	if err := trainer.run(trainer.compiled[c.name], trainer.feed(c, 2, nil, 5), &reading{}); err != nil {
		t.Fatal(err)
	}
	unchanged(t, trainer.Store(), before, "E's step")
	for path := range contents(t, trainer.Store()) {
		for step, scope := range map[string]string{"D": "discriminator", "G": "generator", "E": "encoder"} {
			if strings.HasPrefix(path, "/adam/"+step+"/") && !strings.HasPrefix(path, "/adam/"+step+"/"+scope+"/") {
				t.Errorf("step %s has a moment %s", step, path)
			}
		}
	}
}

// The average is taken at the end of D's call, before G's own update of that iteration: it lags one iteration behind.
func TestProGANAverage(t *testing.T) {
	gan := miniProGAN()
	trainer := begin(t, gan, Options{BatchSize: 5, Seed: 5})
	stream := blobs(t, 100, proSize, proSize).Stream(5, trainer.State().Position)
	defer stream.Close()
	initial := begin(t, gan, Options{BatchSize: 5, Seed: 5})
	if _, _, err := Generate(initial.backend, initial.store, gan, ganlib.Phase{Resolution: 4, Alpha: 1}, nil, []float32{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	mean := contents(t, initial.Store(), ganlib.ScopeGenerator)
	previous := mean
	for i := range 9 {
		iterate(t, trainer, stream, 1)
		for path, m := range mean {
			for k := range m {
				m[k] = 0.75*m[k] + 0.25*previous[path][k]
			}
			gantest.Close(t, fmt.Sprintf("iteration %d: average of %s", i, path),
				variable(t, trainer.Store(), ganlib.ScopeGeneratorEMA+strings.TrimPrefix(path, ganlib.ScopeGenerator)), m, 1e-6)
		}
		now := contents(t, trainer.Store(), ganlib.ScopeGenerator)
		for path := range mean {
			if slices.Equal(now[path], previous[path]) {
				t.Errorf("iteration %d: %s did not move", i, path)
			}
		}
		previous = now
	}
	// What grew at 8×8 has an average as well, and the sheet is drawn from it.
	ema := variable(t, trainer.Store(), "/generator_ema/conv8/w")
	if raw := variable(t, trainer.Store(), "/generator/conv8/w"); slices.Equal(ema, raw) || len(ema) != len(raw) {
		t.Error("the new layer's average is missing or is no average")
	}
	z := []float32{.1, .2, -.3, .4}
	raw, _, err1 := Generate(trainer.backend, trainer.store, gan, trainer.phase, RunningAverages, z)
	averaged, dims, err2 := Generate(trainer.backend, trainer.store, gan, trainer.phase, Averaged, z)
	if err1 != nil || err2 != nil || slices.Equal(raw, averaged) || !slices.Equal(dims, []int{1, 8, 8, 1}) {
		t.Errorf("sampling: %v %v, dimensions %v, or the averaged generator draws what the raw one does", err1, err2, dims)
	}
	scaled, _, err := Generate(trainer.backend, trainer.store, gan, trainer.phase, Averaged, []float32{.3, .6, -.9, 1.2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range scaled {
		if math.Abs(float64(scaled[i]-averaged[i])) > 1e-5 {
			t.Fatalf("G(3z) differs from G(z) at %d: %v, %v", i, scaled[i], averaged[i])
		}
	}
}
