package anogan

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/frozen"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// chosen are some of a set of queries, in an order of their own.
type chosen struct {
	Queries
	order []int
}

func (c chosen) Len() int { return len(c.order) }
func (c chosen) Fill(dst []float32, indices []int) {
	real := make([]int, len(indices))
	for k, i := range indices {
		real[k] = c.order[i]
	}
	c.Queries.Fill(dst, real)
}

// few is a search of few steps, with both Adams.
func few() Search {
	s := Post().Search
	s.Steps, s.LateStep = 5, 3
	return s
}

func search(t testing.TB, m *Mapper, q Queries) []Result {
	t.Helper()
	results, err := m.All(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	if len(results) != q.Len() {
		t.Fatalf("%d results for %d queries", len(results), q.Len())
	}
	return results
}

// A query's result is the same to the bit alone, among others, in another order, and whatever was searched before.
func TestCompanyDoesNotMatter(t *testing.T) {
	bounded := func(bound string) Search {
		s := few()
		s.Bound, s.Restarts = bound, 2
		return s
	}
	for name, tc := range map[string]struct {
		c     Config
		s     Search
		batch int
	}{
		"tiny": {tiny(), bounded("none"), 8}, "tiny, clip": {tiny(), bounded("clip"), 8}, "tiny, tanh": {tiny(), bounded("tanh"), 8},
		"blog": {Post(), few(), defaultBatch},
	} {
		inBoth(t, name, func(t *testing.T, by func(*Mapper, *model.Store) *Mapper) {
			gan, store := built(t, tc.c)
			m := by(mapper(t, store, gan, tc.s, MapperOptions{Batch: tc.batch, Seed: 4}), store)
			all := blobs(t, tc.batch+3, tc.c.ImageSize)
			together := search(t, m, all)
			order := rand.New(rand.NewPCG(1, 2)).Perm(all.Len())
			for k, r := range search(t, m, chosen{all, order}) {
				same(t, fmt.Sprintf("query %d in place %d", order[k], k), r, together[order[k]])
			}
			for _, i := range []int{0, 7, all.Len() - 1} {
				same(t, fmt.Sprintf("query %d alone", i), search(t, m, chosen{all, []int{i}})[0], together[i])
			}
		})
	}
}

// same compares results to the bit, whatever the number of the query.
func same(t *testing.T, what string, got, want Result) {
	t.Helper()
	got.Query = want.Query
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: score %v, want %v to the bit", what, got.Score, want.Score)
	}
}

// Batches of other sizes are graphs of their own, which differ by rounding; in lanes nothing differs.
func TestBatchSizeHardlyMatters(t *testing.T) {
	gan, store := built(t, Post())
	queries := blobs(t, 5, 28)
	inBoth(t, "blog", func(t *testing.T, by func(*Mapper, *model.Store) *Mapper) {
		var want []Result
		for _, size := range []int{1, 2, 5, 16} {
			m := by(mapper(t, store, gan, few(), MapperOptions{Batch: size, Seed: 4}), store)
			tolerance := 1e-5
			if m.Engine() == EngineLanes {
				tolerance = 0
			}
			got := search(t, m, queries)
			if want == nil {
				want = got
			}
			for i, r := range got {
				for k, v := range r.Scores() {
					if w := want[i].Scores()[k]; math.Abs(v-w) > tolerance*max(1, math.Abs(w)) {
						t.Errorf("batch %d, query %d: %s %v, with batch 1 %v", size, i, ScoreNames[k], v, w)
					}
				}
			}
		}
	})
}

// inBoth tests with the mapper's own engine and with graphs, where these are two and the build's products do not depend on
// the place in a batch.
func inBoth(t *testing.T, name string, test func(t *testing.T, by func(*Mapper, *model.Store) *Mapper)) {
	t.Run(name, func(t *testing.T) { test(t, func(m *Mapper, _ *model.Store) *Mapper { return m }) })
	if !gantest.OnGo(t) || frozen.Lanes() == 1 {
		return
	}
	t.Run(name+"/graphs", func(t *testing.T) {
		test(t, func(m *Mapper, store *model.Store) *Mapper {
			useGraphs(t, m, store)
			return m
		})
	})
}

// The latents of a query follow from seed, picture and start.
func TestFirstLatents(t *testing.T) {
	gan, store := built(t, tiny())
	first := func(seed int64, opt Search) []Result {
		return search(t, mapper(t, store, gan, opt, MapperOptions{Batch: 4, Seed: seed}), blobs(t, 3, 28))
	}
	s := few()
	s.Steps, s.LateStep, s.Rate = 1, 0, 1e-12 // stays where it starts
	a, b := first(1, s), first(2, s)
	if slices.Equal(a[0].Z, b[0].Z) || slices.Equal(a[0].Z, a[1].Z) {
		t.Error("seeds and pictures must give latents of their own")
	}
	for _, r := range a {
		for _, z := range r.Z {
			if math.Abs(float64(z)) > 1 {
				t.Errorf("a first z of %v is not in the prior's range", z)
			}
		}
	}
	// Restarts keep the best of their scores, the first start among them.
	s = few()
	single := first(1, s)
	s.Restarts = 4
	for i, r := range first(1, s) {
		if r.Score > single[i].Score || r.Start == 0 && r.Score != single[i].Score {
			t.Errorf("query %d: the best of four starts is number %d with %v, the first alone has %v", i, r.Start, r.Score, single[i].Score)
		}
	}
}

// Losses are recorded before every step and after the last, and belong to the images and latents that are returned.
func TestRecord(t *testing.T) {
	c := tiny()
	gan, store := built(t, c)
	for _, bound := range []string{"none", "clip", "tanh"} {
		s := few()
		s.Steps, s.LateStep, s.Rate, s.Late, s.Bound = 40, 20, 0.3, 0.2, bound
		m := mapper(t, store, gan, s, MapperOptions{Batch: 4, Seed: 4, Every: 10})
		for _, r := range search(t, m, blobs(t, 3, 28)) {
			if len(r.Losses) != s.Steps+1 {
				t.Fatalf("%d losses of %d steps", len(r.Losses), s.Steps)
			}
			last, a := float64(r.Losses[s.Steps]), (1-s.Lambda)*r.Residual+s.Lambda*r.Discrimination
			if last != r.Score || math.Abs(a-r.Score) > 1e-6 {
				t.Errorf("%s: last loss %v, score %v, (1−λ)R + λD %v", bound, last, r.Score, a)
			}
			if !(r.Losses[s.Steps] < r.Losses[0]) {
				t.Errorf("%s: the loss went from %v to %v", bound, r.Losses[0], r.Score)
			}
			largest := 0.0
			for _, z := range r.Z {
				largest = max(largest, math.Abs(float64(z)))
			}
			if outside := largest > 1; outside != (bound == "none") {
				t.Errorf("%s: |z| up to %v", bound, largest)
			}
			residual := 0.0
			query := make([]float32, 28*28)
			blobs(t, 3, 28).Fill(query, []int{r.Query})
			for k, v := range query {
				residual += math.Abs(float64(v-r.Mapped[k])) / float64(len(query))
			}
			if math.Abs(residual-r.Residual) > 1e-5 {
				t.Errorf("%s: the mapped image is %v away, R is %v", bound, residual, r.Residual)
			}
			if len(r.Frames) != 4 || r.Frames[1].Step != 10 || slices.Equal(r.Frames[0].Mapped, r.Frames[3].Mapped) {
				t.Errorf("%s: %d frames", bound, len(r.Frames))
			}
		}
	}
}

// A search that may stop early leaves a query where its loss has become small enough, whatever its neighbours do.
func TestEarlyStop(t *testing.T) {
	gan, store := built(t, tiny())
	queries := blobs(t, 6, 28)
	s := few()
	s.Steps, s.LateStep, s.Rate = 30, 0, 0.3
	full := search(t, mapper(t, store, gan, s, MapperOptions{Batch: 8, Seed: 4}), queries)
	limit := (full[0].Losses[0] + full[0].Losses[s.Steps]) / 2
	s.Stop = float64(limit)
	m := mapper(t, store, gan, s, MapperOptions{Batch: 8, Seed: 4})
	stopped := 0
	for i, r := range search(t, m, queries) {
		at := slices.IndexFunc(full[i].Losses, func(l float32) bool { return l <= limit })
		if at < 0 {
			at = s.Steps
		} else {
			stopped++
		}
		if !slices.Equal(r.Losses, full[i].Losses[:at+1]) || float32(r.Score) != full[i].Losses[at] {
			t.Errorf("query %d: %d losses to %v, without stopping it is at %v after %d steps", i, len(r.Losses), r.Score, full[i].Losses[at], at)
		}
		same(t, fmt.Sprintf("query %d alone", i), search(t, m, chosen{queries, []int{i}})[0], r)
	}
	if stopped == 0 {
		t.Error("no query was stopped")
	}
}

// constant sets all numbers of a variable to one value.
func constant(store *model.Store, path string, value float32) {
	v := store.GetVariable(path)
	values := make([]float32, v.Shape().Size())
	for i := range values {
		values[i] = value
	}
	v.MustSetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...))
}

// stripes are two pictures in [0, 1] of a white stripe on black, three and four pixels wide.
func stripes() []float32 {
	strokes := make([]float32, 2*28*28)
	for i := range strokes {
		if x := i % 28; x > 10 && x < 14+i/(28*28) {
			strokes[i] = 1
		}
	}
	return strokes
}

// Ranges are stated: where the numbers show that they are of another, that is an error.
func TestRanges(t *testing.T) {
	c := tiny()
	gan, store := built(t, c)
	m := mapper(t, store, gan, few(), MapperOptions{Batch: 4, Seed: 4})
	strokes := stripes()
	right, err := NewPixels(strokes, 28, 28, 1, Unit)
	if err != nil {
		t.Fatal(err)
	}
	black, white := make([]float32, 28*28), make([]float32, 28*28)
	right.Fill(black, []int{0})
	if slices.Min(black) != -1 || slices.Max(black) != 1 {
		t.Errorf("converted to %v … %v", slices.Min(black), slices.Max(black))
	}
	for _, r := range []Range{Signed, Bytes} {
		if _, err := NewPixels(strokes, 28, 28, 1, r); err == nil || !strings.Contains(err.Error(), "[0, 1]") {
			t.Errorf("pictures in [0, 1] said to be in %s: %v", r, err)
		}
	}
	for i := range white {
		white[i] = 255
	}
	if _, err := NewPixels(white, 28, 28, 1, Unit); err == nil {
		t.Error("255 passed as a number in [0, 1]")
	}
	p, err := NewPixels(white, 28, 28, 1, Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if p.Fill(white, []int{0}); white[0] != 1 {
		t.Errorf("255 became %v", white[0])
	}
	if _, err := m.All(t.Context(), &Pixels{values: []float32{0: float32(math.NaN()), 28*28 - 1: 0}, n: 1, height: 28, width: 28, channels: 1}); err == nil ||
		!strings.Contains(err.Error(), "query 0 holds NaN") {
		t.Errorf("a NaN in a picture: %v", err)
	}
}

// Errors name the query, the variable or the size; the results before a broken query are still given.
func TestErrors(t *testing.T) {
	c := tiny()
	gan, store := built(t, c)
	if m := mapper(t, store, gan, few(), MapperOptions{}); m.opt.Batch != defaultBatch {
		t.Errorf("batch %d", m.opt.Batch)
	}
	if _, err := mapper(t, store, gan, few(), MapperOptions{Batch: 2}).All(t.Context(), blobs(t, 2, 32)); err == nil || !strings.Contains(err.Error(), "32×32×1 for networks of 28×28×1") {
		t.Errorf("pictures of another size: %v", err)
	}
	wider := c
	wider.DiscMaps = []int{2, 5}
	other, err := New(wider)
	if err != nil {
		t.Fatal(err)
	}
	known := store.NumVariables()
	if _, err := NewMapper(gantest.Backend(t), store, other, few(), MapperOptions{}); err == nil || !strings.Contains(err.Error(), "another architecture") {
		t.Errorf("a wider D: %v", err)
	}
	if _, err := NewMapper(gantest.Backend(t), ganlib.NewStore(1), gan, few(), MapperOptions{}); err == nil || !strings.Contains(err.Error(), "lacks") {
		t.Errorf("an empty snapshot: %v", err)
	}
	if store.NumVariables() != known {
		t.Errorf("%d variables, were %d", store.NumVariables(), known)
	}
	bad := few()
	bad.Steps = 0
	if _, err := NewMapper(gantest.Backend(t), store, gan, bad, MapperOptions{}); err == nil {
		t.Error("a search of no steps passed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mapper(t, store, gan, few(), MapperOptions{Batch: 2}).All(ctx, blobs(t, 2, 28)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled search: %v", err)
	}
	// A search that leaves the numbers names the query, and gives the results before it.
	wild := few()
	wild.Rate = 1e40 // is infinite in float32
	var broken *NotFinite
	if _, err := mapper(t, store, gan, wild, MapperOptions{Batch: 2}).All(t.Context(), blobs(t, 3, 28)); !errors.As(err, &broken) || broken.Query != 0 || broken.Name != "z" {
		t.Errorf("an overflow: %v", err)
	}
	// Weights that are no numbers are refused before anything is searched.
	v := store.GetVariable("/generator/bn1/gamma")
	v.MustSetValue(tensors.FromFlatDataAndDimensions([]float32{1, float32(math.NaN()), 1}, 3))
	if _, err := NewMapper(gantest.Backend(t), store, gan, few(), MapperOptions{}); err == nil || !strings.Contains(err.Error(), "/generator/bn1/gamma holds NaN") {
		t.Errorf("a broken G: %v", err)
	}
}

// Scores and latents that are no numbers are told apart.
func TestResultCheck(t *testing.T) {
	good := Result{Query: 3, Z: []float32{1, -2}}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, r := range map[string]Result{
		"residual": {Residual: math.NaN()}, "discrimination": {Discrimination: math.Inf(1)}, "weighted": {Score: math.NaN()},
		"logit": {Logit: math.Inf(-1)}, "z": {Z: []float32{0, float32(math.NaN())}},
	} {
		r.Query = 3
		var broken *NotFinite
		if err := r.check(); !errors.As(err, &broken) || broken.Name != name || !strings.Contains(err.Error(), "query 3") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nothing of a search stays in the store: networks are frozen.
func TestSearchMovesNoWeight(t *testing.T) {
	gan, store := built(t, tiny())
	before := map[string][]float64{}
	for v := range store.IterVariables() {
		before[v.Path()] = gantest.Flat(t, v.MustValue())
	}
	search(t, mapper(t, store, gan, few(), MapperOptions{Batch: 4}), blobs(t, 6, 28))
	for path, was := range before {
		if !slices.Equal(variable(t, store, path), was) {
			t.Errorf("%s moved", path)
		}
	}
	if store.NumVariables() != len(before) {
		t.Errorf("%d variables, were %d", store.NumVariables(), len(before))
	}
}

// Memory does not grow with the number of queries.
func TestMemoryIsFlat(t *testing.T) {
	gan, store := built(t, tiny())
	m := mapper(t, store, gan, few(), MapperOptions{Batch: 4})
	all := blobs(t, 6, 28)
	held := func(queries int) uint64 {
		order := make([]int, queries)
		for i := range order {
			order[i] = i % 6
		}
		for _, err := range m.Search(t.Context(), chosen{all, order}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	held(8)
	few, many := held(8), held(400)
	if many > few+1<<20 { // 400 queries with all they bring are 2 MB
		t.Errorf("%d bytes are held after 8 queries, %d after 400", few, many)
	}
}
