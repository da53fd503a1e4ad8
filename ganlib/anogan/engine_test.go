package anogan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/frozen"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// useGraphs gives a mapper the engine of graphs, whatever is fastest.
func useGraphs(t testing.TB, m *Mapper, store *model.Store) {
	t.Helper()
	e, err := newGraphs(gantest.Backend(t), store, m.gan, m.search, m.opt.Batch)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	m.engine.close()
	m.engine = e
}

// latents are those of the first query of a batch.
func latents(t testing.TB, w walk) []float64 {
	t.Helper()
	if s, ok := w.(*laneWalk); ok {
		return firstLane(s.w[0])
	}
	return gantest.Flat(t, w.(*graphWalk).w)
}

// momentsOf are Adam's of the first query of a batch.
func momentsOf(t testing.TB, w walk) (first, second []float64) {
	t.Helper()
	if s, ok := w.(*laneWalk); ok {
		return numbersOf(t, s.moments)
	}
	return numbersOf(t, w.(*graphWalk).moments)
}

func numbersOf(t testing.TB, m moments) (first, second []float64) {
	t.Helper()
	if l, ok := m.(*laneMoments); ok {
		return firstLane(l.first[0]), firstLane(l.second[0])
	}
	return gantest.Flat(t, m.(*tensorMoments).first), gantest.Flat(t, m.(*tensorMoments).second)
}

func firstLane(packed []float32) []float64 {
	var numbers []float64
	for i := 0; i < len(packed); i += frozen.Lanes() {
		numbers = append(numbers, float64(packed[i]))
	}
	return numbers
}

// Both engines search alike, for the networks of both documents, larger ones, an encoder and every option of a search: R, D,
// A and logit after some steps within 5e-3, the mapped image within 3e-2, and of the latents all but one in twenty within 1e-3: where a
// gradient is next to nothing, rounding decides which way Adam goes. Gradients themselves are held to golden values.
func TestEnginesAgree(t *testing.T) {
	paper := func() Config {
		c := Paper2017()
		c.GenMaps, c.DiscMaps, c.Channels = []int{8, 4, 4, 4}, []int{4, 4, 4, 4}, 1
		c.InitStd = 0.3 // the paper's 0.02 makes images of nothing with so few maps
		return c
	}
	encoded := func() Config {
		c := Post()
		c.EncMaps, c.Rebuild = []int{8, 4}, 1
		c.From = FromEncoder
		return c
	}
	dcgan := func() Config {
		c := Post()
		c.GenMaps, c.GenStride, c.DiscMaps, c.Kernel, c.Latent, c.Channels = []int{12, 6}, 2, []int{6, 12}, 5, 20, 1
		return c
	}
	for name, tc := range map[string]struct {
		c      Config
		change func(s *Search)
	}{
		"blog":           {Post(), func(*Search) {}},
		"blog, tanh":     {Post(), func(s *Search) { s.Bound = "tanh" }},
		"blog, clip":     {Post(), func(s *Search) { s.Bound, s.Rate = "clip", 0.5 }},
		"blog, squares":  {Post(), func(s *Search) { s.Squares = true }},
		"blog, restarts": {Post(), func(s *Search) { s.Restarts = 3 }},
		"blog, [0, 1]":   {Post(), func(s *Search) { s.Range = QueriesUnit }},
		"paper":          {paper(), func(s *Search) { s.Sums = true }},
		"paper, stop":    {paper(), func(s *Search) { s.Stop, s.Sums = -1, true }}, // see below
		"Adam kept":      {Post(), func(s *Search) { s.KeepAdam, s.Restarts = true, 2 }},
		"encoder":        {encoded(), func(*Search) {}},
		"DCGAN size":     {dcgan(), func(*Search) {}},
	} {
		t.Run(name, func(t *testing.T) {
			gan, store := built(t, tc.c)
			s := tc.c.Search
			if s.Steps = 4; s.LateStep > 0 {
				s.LateStep = 2
			}
			tc.change(&s)
			batch := frozen.Lanes() + 5 // two crews, the second not full; three batches, nor the last
			queries := blobs(t, 2*batch+frozen.Lanes()+3, tc.c.ImageSize)
			if stop := s.Stop != 0; stop {
				s.Stop = 0
				s.Stop = middle(search(t, mapper(t, store, gan, s, MapperOptions{Batch: batch, Seed: 4}), queries))
			}
			m := mapper(t, store, gan, s, MapperOptions{Batch: batch, Seed: 4})
			if m.Engine() != EngineLanes {
				if gantest.OnGo(t) {
					t.Fatalf("the engine is %s", m.Engine())
				}
				t.Skip("XLA has one engine")
			}
			got := search(t, m, queries)
			features, err := m.Features(t.Context(), queries)
			if err != nil {
				t.Fatal(err)
			}
			useGraphs(t, m, store)
			off, of := 0, 0
			for i, want := range search(t, m, queries) {
				close := func(what string, got, want []float64) {
					t.Helper()
					gantest.Close(t, fmt.Sprintf("query %d: %s", i, what), got, want, 5e-3)
				}
				if got[i].Start != want.Start || got[i].Query != want.Query {
					t.Errorf("query %d from start %d, want query %d from %d", got[i].Query, got[i].Start, want.Query, want.Start)
				}
				if len(got[i].Losses) != len(want.Losses) {
					t.Fatalf("query %d: %d losses, want %d", i, len(got[i].Losses), len(want.Losses))
				}
				a, b := got[i].Scores(), want.Scores()
				close("scores", a[:], b[:])
				for k, z := range want.Z {
					of++
					if !(math.Abs(float64(got[i].Z[k]-z)) <= 1e-3) {
						off++
					}
				}
				gantest.Close(t, fmt.Sprintf("query %d: mapped", i), widened(got[i].Mapped), widened(want.Mapped), 3e-2)
				close("losses", widened(got[i].Losses), widened(want.Losses))
			}
			if off*20 > of {
				t.Errorf("%d of %d numbers of the latents are others", off, of)
			}
			want, err := m.Features(t.Context(), queries)
			if err != nil {
				t.Fatal(err)
			}
			gantest.Close(t, "f(x)", widened(features), widened(want), 1e-5)
		})
	}
}

// middle is the median of the losses after one step.
func middle(results []Result) float64 {
	var losses []float32
	for _, r := range results {
		losses = append(losses, r.Losses[1])
	}
	slices.Sort(losses)
	return float64(losses[len(losses)/2]+losses[len(losses)/2-1]) / 2
}

// Weights that are finite and too large make numbers that are none, which lanes do not turn into a score.
func TestOverflow(t *testing.T) {
	gan, store := built(t, Post())
	constant(store, "generator/dense/w", 1e30)
	constant(store, "generator/convT2/w", 3e38)
	m := mapper(t, store, gan, few(), MapperOptions{Batch: 2, Seed: 4})
	if m.Engine() != EngineLanes {
		t.Skip("the backend's tanh makes numbers of them")
	}
	var broken *NotFinite
	if _, err := m.All(t.Context(), blobs(t, 2, 28)); !errors.As(err, &broken) {
		t.Errorf("%v; want a score that is not finite", err)
	}
}

// Networks that somebody put in the place of ours are searched as they are.
func TestReplacedNetworks(t *testing.T) {
	gan, store := built(t, Post())
	ours := gan.Generate
	gan.Generate = func(in ganlib.Inputs) *graph.Node { return graph.Neg(ours(in)) }
	s := few()
	s.Steps, s.LateStep = 1, 0
	s.Rate = 1e-9
	m := mapper(t, store, gan, s, MapperOptions{Batch: 2, Seed: 4})
	if m.Engine() != EngineGraphs {
		t.Errorf("the engine is %s", m.Engine())
	}
	theirs := search(t, m, blobs(t, 1, 28))[0]
	gan.Generate = ours
	for k, v := range search(t, mapper(t, store, gan, s, MapperOptions{Batch: 2, Seed: 4}), blobs(t, 1, 28))[0].Mapped {
		if math.Abs(float64(v+theirs.Mapped[k])) > 1e-4 {
			t.Fatalf("pixel %d is %v, and %v of the negative", k, v, theirs.Mapped[k])
		}
	}
}

func widened(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// The blog's nets are searched in lanes, larger ones where there is a crew, the paper's and fully connected ones by the
// backend.
func TestLaned(t *testing.T) {
	for name, tc := range map[string]struct {
		c          Config
		one, crews bool
	}{
		"blog": {Post(), true, true}, "DCGAN size": {dcganSize(), false, true},
		"paper": {Paper2017(), false, false}, "fully connected": {Encoded(), false, false},
	} {
		if one, crews := tc.c.laned(frozen.Lanes()-1), tc.c.laned(frozen.Lanes()); crews != tc.crews || frozen.Lanes() > 1 && one != tc.one {
			t.Errorf("%s: in lanes %v alone, %v in crews", name, one, crews)
		}
	}
	products := 0
	for _, l := range bare(append(Post().generatorBlocks(), Post().discriminatorBlocks()[:1]...), Post().latentShape()) {
		products += l.Products()
	}
	// 50·1568 + 9·(49·32·16 + 196·16·8 + 784·8 + 196·16), as the nets' table has it
	if want := 78_400 + 9*(25_088+25_088+6_272+3_136); products != want {
		t.Errorf("%d multiplications, want %d", products, want)
	}
}
