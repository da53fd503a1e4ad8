package train

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
)

// omaTask prepares a trainer and plays whole tasks, each of two iterations.
func omaTask(t *testing.T, tasks int) (*Trainer, *data.Stream) {
	t.Helper()
	trainer := begin(t, miniOMASGAN(12), Options{BatchSize: 6, Seed: 11})
	stream := points(t, 60).Stream(11, data.Position{})
	t.Cleanup(stream.Close)
	iterate(t, trainer, stream, 2*tasks)
	return trainer, stream
}

var omaNets = []string{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator, ganlib.ScopeBoundary, scopeBoundaryCritic, scopeRetrained, scopeRetrainedCritic, scopeJudge}

// In every task its own networks move and the others stay, to the bit.
func TestOMASGANFrozenNetworks(t *testing.T) {
	trainer, stream := omaTask(t, 0)
	for task, moving := range [][]string{
		{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator},
		{ganlib.ScopeBoundary, scopeBoundaryCritic},
		{scopeRetrained, scopeRetrainedCritic},
		{scopeJudge},
	} {
		first := iterate(t, trainer, stream, 1)
		before := contents(t, trainer.Store(), omaNets...)
		iterate(t, trainer, stream, 1)
		frozen := map[string][]float64{}
		for path, values := range before {
			if !slices.ContainsFunc(moving, func(s string) bool { return within(path, s) }) {
				frozen[path] = values
			}
		}
		when := "task " + []string{"1", "2", "3", "3_J"}[task]
		changed(t, trainer.Store(), before, when, moving...)
		if task > 0 {
			unchanged(t, trainer.Store(), frozen, when)
		} else if len(frozen) > 0 {
			t.Errorf("task 1 has made other networks than G and D: %v", frozen)
		}
		for name, z := range first {
			for other, z2 := range first {
				if strings.HasSuffix(name, "/z") && strings.HasSuffix(other, "/z") && z != z2 {
					t.Errorf("%s: %s and %s are of other latents", when, name, other)
				}
			}
		}
		if n := len(trainer.compiled); n != 1 {
			t.Errorf("%s: %d compiled calls, want one", when, n)
		}
	}
}

// A task starts from copies of Task 1's networks: one Adam step away from them after one iteration.
func TestOMASGANCopies(t *testing.T) {
	trainer, stream := omaTask(t, 1)
	for _, pair := range [][2]string{{ganlib.ScopeBoundary, scopeBoundaryCritic}, {scopeRetrained, scopeRetrainedCritic}} {
		iterate(t, trainer, stream, 1)
		for i, from := range []string{ganlib.ScopeGenerator, ganlib.ScopeDiscriminator} {
			for path, old := range contents(t, trainer.Store(), from) {
				for k, w := range variable(t, trainer.Store(), pair[i]+strings.TrimPrefix(path, from)) {
					if d := math.Abs(w - old[k]); d > 1.01e-3 {
						t.Errorf("%s%s is %v away from its origin after one step", pair[i], strings.TrimPrefix(path, from), d)
					}
				}
			}
		}
		if u := trainer.State().Updates; slices.Max([]int64{u["B"], u["DB"], u["C"], u["G'"]}) != 1 {
			t.Errorf("updates %v: the new task's Adam is not fresh", u)
		}
		iterate(t, trainer, stream, 1)
	}
}

// The gradients of all seven steps, against central differences of the same losses written in plain float64.
func TestOMASGANGradients(t *testing.T) {
	for _, tc := range []struct {
		task  int
		steps []string
	}{{0, []string{"G", "D"}}, {1, []string{"B", "DB"}}, {2, []string{"C", "G'"}}, {3, []string{"J"}}} {
		trainer, stream := omaTask(t, tc.task)
		iterate(t, trainer, stream, 1) // builds the task's graph; now look at one more call from known weights
		if err := ganlib.ResetAdam(trainer.Store()); err != nil {
			t.Fatal(err)
		}
		before := plainNets(contents(t, trainer.Store(), omaNets...))
		batch := trainer.drawNow(t.Context(), stream, request{images: 6})
		if batch.err != nil {
			t.Fatal(batch.err)
		}
		real := gantest.Flat(t, batch.pixels)
		inputs := trainer.feed(trainer.plan[0], 0, batch.pixels, 6)
		z := gantest.Flat(t, firstLatentsOf(trainer, 6))
		if err := trainer.run(trainer.compiled[trainer.plan[0].name], inputs, &reading{}); err != nil {
			t.Fatal(err)
		}
		for _, name := range tc.steps {
			step := named(trainer.gan, name)
			loss := func(nets plainNets) float64 { return plainLoss(name, nets, rows(z), rows(real)) }
			seen := before
			if step.Batch == ganlib.SameBatch { // G' meets the C that has just moved
				seen = maps.Clone(before)
				maps.Copy(seen, contents(t, trainer.Store(), scopeRetrainedCritic))
			}
			for path := range before {
				if within(path, step.Scope) {
					gantest.Close(t, name+": "+path, gradientOf(t, trainer.Store(), step, path), seen.slope(loss, path), 2e-5)
				}
			}
		}
	}
}

// Task 1 is simultaneous: were D asked again after G's step, its gradient would be another one.
func TestOMASGANSimultaneous(t *testing.T) {
	gradient := func(batch ganlib.Batch) []float64 {
		gan := miniOMASGAN(12)
		gan.Steps[0].Adam.LearningRate = 0.1
		gan.Steps[1].Batch = batch
		trainer := begin(t, gan, Options{BatchSize: 6, Seed: 11})
		stream := points(t, 60).Stream(11, data.Position{})
		defer stream.Close()
		iterate(t, trainer, stream, 1)
		return gradientOf(t, trainer.Store(), gan.Steps[1], "/discriminator/a/w")
	}
	same, after := gradient(ganlib.SameForward), gradient(ganlib.SameBatch)
	largest := 0.0
	for i := range same {
		largest = max(largest, math.Abs(same[i]-after[i]))
	}
	if largest < 1e-3 {
		t.Errorf("D's gradient before and after G's step differ by %v only", largest)
	}
}
