package train

import (
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	. "github.com/gomlx/gomlx/core/graph"
)

func TestPlanIteration(t *testing.T) {
	const g, d, e = ganlib.ScopeGenerator, ganlib.ScopeDiscriminator, ganlib.ScopeEncoder
	for _, tc := range []struct {
		name  string
		stage string
		ema   ganlib.EMA
		steps []ganlib.Step
		want  string // calls with their passes; * sees real images
	}{
		{"dcgan", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, Batch: ganlib.SameBatch}}, "m/D+G*"},
		{"alternating", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g}}, "m/D* m/G*"},
		{"simultaneous", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, Batch: ganlib.SameForward}}, "m/D&G*"},
		{"anogan", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, Batch: ganlib.SameBatch, Repeats: 2}}, "m/D+G+G*"},
		{"critic repeats", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d, Repeats: 3}, {Name: "G", Scope: g, LatentOnly: true}}, "m/D* m/D* m/D* m/G"},
		{"mixed passes", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, Batch: ganlib.SameForward}, {Name: "E", Scope: e, Batch: ganlib.SameBatch}}, "m/D&G+E*"},
		{"latents first", "", ganlib.EMA{}, []ganlib.Step{{Name: "G", Scope: g, LatentOnly: true}, {Name: "D", Scope: d, Batch: ganlib.SameBatch}}, "m/G+D*"},
		{"first has nothing before it", "", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d, Batch: ganlib.SameForward}}, "m/D*"},
		{"stages", "2", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d, Stage: "1"}, {Name: "B", Scope: "/b", Stage: "2"}, {Name: "E", Scope: e, Batch: ganlib.SameBatch}}, "m/2/B+E*"},
		{"no step in the stage", "3", ganlib.EMA{}, []ganlib.Step{{Name: "D", Scope: d, Stage: "1"}}, ""},
		{"average after D", "", ganlib.EMA{Decay: .9, After: "D"}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, LatentOnly: true}}, "m/D+EMA* m/G"},
		{"average after the last G", "", ganlib.EMA{Decay: .9}, []ganlib.Step{{Name: "D", Scope: d}, {Name: "G", Scope: g, LatentOnly: true, Repeats: 2}, {Name: "E", Scope: e, LatentOnly: true}}, "m/D* m/G m/G+EMA m/E"},
	} {
		calls := planIteration(&ganlib.GAN{Name: "m", Steps: tc.steps, EMA: tc.ema}, tc.stage)
		var got []string
		for _, c := range calls {
			name := c.name
			if c.needReal {
				name += "*"
			}
			got = append(got, name)
			if c.average != strings.HasSuffix(c.name, "+EMA") {
				t.Errorf("%s: call %s averages: %v", tc.name, c.name, c.average)
			}
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, s, tc.want)
		}
		if seesImages(calls) != strings.Contains(tc.want, "*") {
			t.Errorf("%s: seesImages is %v", tc.name, seesImages(calls))
		}
	}
}

func TestImpossibleGames(t *testing.T) {
	for want, change := range map[string]func(*ganlib.GAN, *Options){
		"batch size 0":               func(_ *ganlib.GAN, o *Options) { o.BatchSize = 0 },
		"has no step":                func(g *ganlib.GAN, _ *Options) { g.Steps = nil },
		"needs a name, a scope":      func(g *ganlib.GAN, _ *Options) { g.Steps[1].Scope = "" },
		"learning rate -1":           func(g *ganlib.GAN, _ *Options) { g.Steps[1].Adam.LearningRate = -1 },
		"-2 repeats":                 func(g *ganlib.GAN, _ *Options) { g.Steps[0].Repeats = -2 },
		"two steps of one stage":     func(g *ganlib.GAN, _ *Options) { g.Steps[1].Name = "D" },
		"averaged after step Q":      func(g *ganlib.GAN, _ *Options) { g.EMA = ganlib.EMA{Decay: .9, After: "Q"} },
		"no trainable variable":      func(g *ganlib.GAN, _ *Options) { g.Steps[0].Scope = "/nobody" },
		"would never end":            func(g *ganlib.GAN, _ *Options) { g.Steps = []ganlib.Step{latent(g.Steps[1])} },
		"no variable below /nowhere": func(g *ganlib.GAN, _ *Options) { g.Schedule = copies{"/nowhere"} },
	} {
		gan, opt := tinyGAN(), Options{BatchSize: 4, Images: 8}
		change(gan, &opt)
		trainer, err := New(nil, gan, opt)
		if err == nil {
			trainer = begin(t, gan, opt)
			err = trainer.Run(t.Context(), blobs(t, 8, 8, 8))
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "train: ") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func latent(s ganlib.Step) ganlib.Step {
	s.LatentOnly, s.Batch = true, ganlib.FreshBatch
	return s
}

type copies struct{ from string }

func (c copies) At(int64) ganlib.Phase {
	return ganlib.Phase{Alpha: 1, Stage: "s", Copies: []ganlib.Copy{{From: c.from, To: "/there"}}}
}

func TestDataThatDoesNotFit(t *testing.T) {
	trainer := begin(t, tinyGAN(), Options{BatchSize: 9, Images: 8})
	if err := trainer.Run(t.Context(), blobs(t, 20, 4, 4)); err == nil || !strings.Contains(err.Error(), "works on 8×8×1 images and blobs has 4×4×1") {
		t.Errorf("images of another size: %v", err)
	}
	if err := trainer.Run(t.Context(), blobs(t, 8, 8, 8)); err == nil || !strings.Contains(err.Error(), "batch 9 is larger than the 8 images") {
		t.Errorf("too few images: %v", err)
	}
}

// A graph that asks for real images in a step that sees none fails with an error, not a crash.
func TestGraphErrors(t *testing.T) {
	gan := tinyGAN()
	gan.Steps[0].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		return ReduceAllSum(Add(in.Real, Reshape(in.Z, -1))), nil
	}
	trainer := begin(t, gan, Options{BatchSize: 4, Images: 8})
	err := trainer.Run(t.Context(), blobs(t, 8, 8, 8))
	if err == nil || !strings.Contains(err.Error(), "train: tiny/D+G: ") || !strings.Contains(err.Error(), "[4, 8, 8, 1]") {
		t.Errorf("want the call's name and the shapes, got %v", err)
	}
}
