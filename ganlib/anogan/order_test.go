package anogan

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/train"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// tiny is the blog's game with few maps; an epoch has 8 images, and the second Adam begins with the third.
func tiny() Config {
	c := Post()
	c.BatchSize, c.Latent, c.GenMaps, c.DiscMaps = 4, 3, []int{3, 2, 2}, []int{2, 3}
	c.EpochImages, c.LateEpoch = 8, 2
	return c
}

// blobs are n smooth grey images, all different.
func blobs(t testing.TB, n, size int) *data.Source {
	t.Helper()
	pixels := make([]byte, 0, n*size*size)
	for i := range n {
		for y := range size {
			for x := range size {
				pixels = append(pixels, byte(128+100*math.Sin(float64(i)*0.7+float64(y)*0.3)*math.Cos(float64(i)*0.3+float64(x)*0.25)))
			}
		}
	}
	src, err := data.New("blobs", pixels, size, size, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

const master = 3

// game is a trainer and its stream.
func game(t *testing.T, c Config) (*ganlib.GAN, *train.Trainer, *data.Stream) {
	t.Helper()
	gan, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := train.New(gantest.Backend(t), gan, train.Options{BatchSize: c.BatchSize, Seed: master})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trainer.Close)
	stream := blobs(t, c.EpochImages, c.ImageSize).Stream(master, data.Position{})
	t.Cleanup(stream.Close)
	return gan, trainer, stream
}

func iterate(t *testing.T, trainer *train.Trainer, stream *data.Stream) map[string]float64 {
	t.Helper()
	point, err := trainer.Iterate(t.Context(), stream)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return point.Values
}

// firstBatch is what the game's trainer sees first.
func firstBatch(t *testing.T, c Config) *tensors.Tensor {
	t.Helper()
	stream := blobs(t, c.EpochImages, c.ImageSize).Stream(master, data.Position{})
	defer stream.Close()
	b, err := stream.Next(t.Context(), c.BatchSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.FromFlatDataAndDimensions(b.Pixels, b.N, b.Height, b.Width, b.Channels)
}

// byHand does steps one call each, on one batch and one z, as a program without a trainer would.
func byHand(t *testing.T, c Config, gan *ganlib.GAN, store *model.Store, steps []ganlib.Step) map[string]float64 {
	t.Helper()
	real := firstBatch(t, c)
	z := tensors.FromFlatDataAndDimensions(gan.Prior.Sample(seed.Rand(master, "z", 0, 0), c.BatchSize), c.BatchSize, c.Latent)
	values, updates := map[string]float64{}, map[string]int64{}
	for _, step := range steps {
		updates[step.Name]++
		rate, eps := step.Adam.Rates(updates[step.Name], step.Adam.LearningRate)
		var names []string
		out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, real, z *Node) []*Node {
			in := ganlib.NewInputs(store, nil)
			in.Real, in.Z = real, z
			l, terms := step.Loss(in)
			reported := []*Node{l}
			names = []string{step.Name + "/loss"}
			for _, term := range terms {
				names, reported = append(names, term.Name), append(reported, term.Value)
			}
			vars := ganlib.Parameters(store, l.Graph(), step.Scope)
			nodes := make([]*Node, len(vars))
			for i, v := range vars {
				nodes[i] = v.NodeValue(l)
			}
			step.Adam.Update(store, step.Name, vars, Gradient(l, nodes...), Const(l.Graph(), float32(rate)), Const(l.Graph(), float32(eps)))
			return reported
		}, real, z)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		for i, name := range names {
			values[name] = gantest.Flat(t, out[i])[0]
		}
	}
	return values
}

// averages are the moving statistics below a scope.
func averages(t *testing.T, store *model.Store, scope string) map[string][]float64 {
	t.Helper()
	all := map[string][]float64{}
	for v := range store.IterVariables() {
		if strings.HasPrefix(v.Path(), scope+"/") && strings.Contains(v.Path(), "/moving_") {
			all[v.Path()] = variable(t, store, v.Path())
		}
	}
	return all
}

// One iteration is D, then G on the updated D, then G again on the updated G, all on one z; the loss of G that is
// reported is that of its second step.
func TestOrder(t *testing.T) {
	withNorm := tiny()
	withNorm.DiscNorm, withNorm.Feature = true, 2
	for name, c := range map[string]Config{"blog": tiny(), "batch norm in D": withNorm} {
		t.Run(name, func(t *testing.T) {
			gan, trainer, stream := game(t, c)
			got := iterate(t, trainer, stream)
			if u := trainer.State().Updates; u["D"] != 1 || u["G"] != 2 || trainer.State().Images != int64(c.BatchSize) {
				t.Errorf("updates %v, %d images", u, trainer.State().Images)
			}
			store := ganlib.NewStore(master)
			want := byHand(t, c, gan, store, []ganlib.Step{gan.Steps[0], gan.Steps[1], gan.Steps[1]})
			if len(want) != 6 {
				t.Errorf("%d numbers are reported: %v", len(want), want)
			}
			for _, name := range []string{RealScore, FakeScore, Accuracy, PostAccuracy} {
				if v, ok := got[name]; !ok || v < 0 || v > 1 {
					t.Errorf("%s is %v, want a share", name, v)
				}
			}
			for name, v := range want {
				gantest.Close(t, name, []float64{got[name]}, []float64{v}, 1e-6)
			}
			for v := range store.IterVariables() {
				gantest.Close(t, v.Path(), variable(t, trainer.Store(), v.Path()), gantest.Flat(t, v.MustValue()), 1e-6)
			}
			if n := trainer.Store().NumVariables(); n != store.NumVariables() {
				t.Errorf("%d variables, by hand %d", n, store.NumVariables())
			}
		})
	}
}

// G's averages move in its own steps, by 1 − 0.99ⁿ of the way in n steps on about the same statistics, and not in D's;
// D's the other way round.
func TestAveragesMoveInTheirOwnSteps(t *testing.T) {
	c := tiny()
	c.DiscNorm = true
	for _, tc := range []struct {
		step         int
		moves, rests string
	}{{0, ganlib.ScopeDiscriminator, ganlib.ScopeGenerator}, {1, ganlib.ScopeGenerator, ganlib.ScopeDiscriminator}} {
		gan, store := built(t, c)
		resting, moving := averages(t, store, tc.rests), averages(t, store, tc.moves)
		if len(resting) == 0 || len(moving) == 0 {
			t.Fatal("a network has no averages")
		}
		byHand(t, c, gan, store, gan.Steps[tc.step:tc.step+1])
		for path, was := range resting {
			if !slices.Equal(variable(t, store, path), was) {
				t.Errorf("step %s moved %s", gan.Steps[tc.step].Name, path)
			}
		}
		for path, was := range moving {
			if slices.Equal(variable(t, store, path), was) {
				t.Errorf("step %s left %s where it was", gan.Steps[tc.step].Name, path)
			}
		}
	}
}

// From the late epoch on another Adam plays: its counts begin again, its second moment knows only the newest gradient,
// and its first update moves each weight by one learning rate, a tenth of the former.
func TestSecondAdam(t *testing.T) {
	c := tiny()
	gan, trainer, stream := game(t, c)
	for range 4 { // two epochs of two batches
		iterate(t, trainer, stream)
	}
	if u := trainer.State().Updates; u["D"] != 4 || u["G"] != 8 {
		t.Fatalf("updates %v before the late epoch", u)
	}
	const path = "/discriminator/conv1/w"
	before, old := variable(t, trainer.Store(), path), variable(t, trainer.Store(), "/adam/D"+path+"/v")
	iterate(t, trainer, stream)
	if u := trainer.State().Updates; u["D"] != 1 || u["G"] != 2 {
		t.Errorf("updates %v after the first iteration of the late epoch, want D 1, G 2", u)
	}
	step := gan.Steps[0]
	for i, m := range variable(t, trainer.Store(), "/adam/D"+path+"/m") {
		g := m / (1 - step.Adam.Beta1)
		v, want := variable(t, trainer.Store(), "/adam/D"+path+"/v")[i], (1-step.Adam.Beta2)*g*g
		if math.Abs(v-want) > 1e-4*want+1e-12 {
			t.Fatalf("v is %v, want %v: it still knows %v", v, want, old[i])
		}
	}
	for i, now := range variable(t, trainer.Store(), path) {
		// |Δ| = lr·|g|/(|g| + ε/√(1−β₂)) ≤ lr, and close to it but for tiny gradients.
		if d := math.Abs(now - before[i]); d > 1.001*c.LateRate+1e-7 || d < 0.5*c.LateRate {
			t.Errorf("weight %d moved by %v, want %v", i, d, c.LateRate)
		}
	}
}
