package anogan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// slipped is a search of few steps with one slip.
func slipped(change func(*Slips)) Search {
	s := few()
	change(&s.Slips)
	return s
}

// scoresOf is A of each result.
func scoresOf(results []Result) (scores []float64) {
	for _, r := range results {
		scores = append(scores, r.Score)
	}
	return scores
}

// With Adam's moments kept, a query's score depends on what was searched before it in the same search; the first batch,
// and a search anew, know nothing of that.
func TestKeptAdamDependsOnTheOrder(t *testing.T) {
	gan, store := built(t, tiny())
	m := mapper(t, store, gan, slipped(func(s *Slips) { s.KeepAdam = true }), MapperOptions{Batch: 1, Seed: 4})
	right := mapper(t, store, gan, few(), MapperOptions{Batch: 1, Seed: 4})
	queries := blobs(t, 3, 28)
	honest := search(t, right, queries)
	forward := search(t, m, queries)
	backward := search(t, m, chosen{queries, []int{2, 1, 0}})
	same(t, "the first query", forward[0], honest[0])
	same(t, "the first query of the way back", backward[0], honest[2])
	for i := range 3 {
		if a, b := forward[i].Score, backward[2-i].Score; a == b && i != 1 {
			t.Errorf("query %d: %v in both orders", i, a)
		}
	}
	if forward[1].Score == honest[1].Score || forward[2].Score == honest[2].Score {
		t.Error("later queries must not score as they do alone")
	}
	same(t, "a second search", search(t, m, queries)[2], forward[2])
}

// What is kept is Adam itself: the second query's search is the one that an Adam which has played the first begins.
func TestKeptAdamGoesOn(t *testing.T) {
	gan, store := built(t, tiny())
	s := slipped(func(s *Slips) { s.KeepAdam = true })
	m := mapper(t, store, gan, s, MapperOptions{Batch: 1, Seed: 4})
	queries := blobs(t, 2, 28)
	kept := s.carry()
	defer kept.free()
	if _, err := m.searchBatch(t.Context(), queries, 0, 1, kept); err != nil {
		t.Fatal(err)
	}
	if early, late := kept[0].updates, kept[1].updates; early != 3 || late != 2 {
		t.Fatalf("after 5 steps, the last 2 with the late Adam, they have made %d and %d", early, late)
	}
	first, second := numbersOf(t, kept[0].moments)
	b, err := m.load(queries, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer b.free()
	begun := &state{m: m, b: b, n: 1, kept: kept, losses: make([][]float32, 1), frames: make([][]Frame, 1)}
	defer begun.free()
	w := m.latents(b, 0)
	begun.begin(w)
	if _, err := begun.step(0); err != nil {
		t.Fatal(err)
	}
	// One step of Adam by hand, from the gradient that its first moment shows: m' = β₁m + (1−β₁)g.
	rate, eps := adam.Rates(4, m.search.Rate)
	moved := latents(t, begun.walk)
	mean, _ := momentsOf(t, begun.walk)
	for k := range moved {
		g := (mean[k] - adam.Beta1*first[k]) / (1 - adam.Beta1)
		square := adam.Beta2*second[k] + (1-adam.Beta2)*g*g
		want := float64(w[k]) - rate*mean[k]/(math.Sqrt(square)+eps)
		if math.Abs(moved[k]-want) > 1e-5 {
			t.Errorf("z[%d] moved to %v, Adam's fourth step goes to %v", k, moved[k], want)
		}
	}
}

// With batch norm in training mode a query's score depends on the batch, but on nothing before or behind it.
func TestTrainingModeDependsOnTheBatch(t *testing.T) {
	gan, store := built(t, tiny())
	m := mapper(t, store, gan, slipped(func(s *Slips) { s.Mode = SearchTraining }), MapperOptions{Batch: 4, Seed: 4})
	queries := blobs(t, 8, 28)
	averages := averages(t, store, "/generator")
	whole := search(t, m, queries)
	for i, r := range search(t, m, chosen{queries, []int{0, 5, 6, 7}}) {
		if was := whole[[]int{0, 5, 6, 7}[i]]; r.Score == was.Score {
			t.Errorf("query %d scores %v in both batches", i, r.Score)
		}
	}
	for i, r := range search(t, m, chosen{queries, []int{4, 5, 6, 7}}) {
		same(t, fmt.Sprintf("query %d in the same batch", 4+i), r, whole[4+i])
	}
	if right := search(t, mapper(t, store, gan, few(), MapperOptions{Batch: 4, Seed: 4}), queries); slices.Equal(scoresOf(right), scoresOf(whole)) {
		t.Error("training mode changes nothing")
	}
	for path, was := range averages {
		if !slices.Equal(variable(t, store, path), was) {
			t.Errorf("the search moved %s", path)
		}
	}
}

// In training mode G(z) is G with the statistics of the batch of latents.
func TestTrainingModeIsTheGames(t *testing.T) {
	gan, store := built(t, tiny())
	m := mapper(t, store, gan, slipped(func(s *Slips) { s.Mode = SearchTraining }), MapperOptions{Batch: 4, Seed: 4})
	results := search(t, m, blobs(t, 4, 28))
	var z []float32
	for _, r := range results {
		z = append(z, r.Z...)
	}
	images := generated(t, gan, store, z, nn.BatchStatistics)
	for i, r := range results {
		for k, v := range r.Mapped {
			if math.Abs(float64(v-images[i*len(r.Mapped)+k])) > 1e-5 {
				t.Fatalf("query %d, pixel %d: %v, G draws %v", i, k, v, images[i*len(r.Mapped)+k])
			}
		}
	}
}

// generated is G of latents, one after the other.
func generated(t *testing.T, gan *ganlib.GAN, store *model.Store, z []float32, mode nn.Mode) []float32 {
	t.Helper()
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z *graph.Node) []*graph.Node {
		return []*graph.Node{gan.Generate(ganlib.NewInputs(store, nil).WithZ(z).WithMode(mode))}
	}, tensors.FromFlatDataAndDimensions(z, len(z)/gan.Prior.Size, gan.Prior.Size))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	images, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		t.Fatal(err)
	}
	return images
}

// Queries left in [0, 1] are the same queries after v → (v+1)/2, from the same first latents; a generator of black
// backgrounds stays about the share of the background away from them.
func TestUnitQueries(t *testing.T) {
	gan, store := built(t, tiny())
	constant(store, "/generator/convT4/w", 0)
	constant(store, "/generator/convT4/b", -9) // G draws black whatever z is
	queries, err := NewPixels(stripes(), 28, 28, 1, Unit)
	if err != nil {
		t.Fatal(err)
	}
	unit := slipped(func(s *Slips) { s.Range = QueriesUnit })
	right := search(t, mapper(t, store, gan, few(), MapperOptions{Batch: 4, Seed: 4}), queries)
	for i, r := range search(t, mapper(t, store, gan, unit, MapperOptions{Batch: 4, Seed: 4}), queries) {
		white := float64(3+i) / 28
		gantest.Close(t, "residual", []float64{r.Residual}, []float64{1 - white + 2*white}, 1e-4)
		if floor := right[i].Residual; r.Residual < floor+0.8*(1-white) {
			t.Errorf("query %d: residual %v, converted %v: it must be larger by about its background, %v", i, r.Residual, floor, 1-white)
		}
		if !slices.Equal(r.Z, right[i].Z) { // no gradient moves them
			t.Errorf("query %d begins elsewhere", i)
		}
	}
}

// Every slip is named in what is recorded, with what follows from it; a search without slips is described, and recorded,
// as it was before there were any.
func TestSlipsAreRecorded(t *testing.T) {
	const plain = "150 steps of Adam at 0.1, from step 50 another at 0.01, λ = 0.7 of means (0.368 of sums)"
	s := Post().Search
	if text := s.describe(784, 3136); text != plain {
		t.Error(text)
	}
	raw, err := json.Marshal(s)
	if err != nil || strings.Contains(string(raw), "Adam") || strings.Contains(string(raw), "Mode") || strings.Contains(string(raw), "Range") {
		t.Errorf("%s, %v", raw, err)
	}
	s.Slips = Slips{KeepAdam: true, Mode: SearchTraining, Range: QueriesUnit}
	if text := s.describe(784, 3136); text != plain+", Adam's moments kept from batch to batch (scores depend on the order of the queries)"+
		", batch norm in training mode (scores depend on the batch), queries left in [0, 1] (no image of G comes close)" {
		t.Error(text)
	}
	var back Search
	if raw, err = json.Marshal(s); err == nil {
		err = json.Unmarshal(raw, &back)
	}
	if err != nil || back != s {
		t.Errorf("%s comes back as %+v, %v", raw, back, err)
	}
	if a, b := fmt.Sprint(SearchMode(""), QueryRange("")), fmt.Sprint(SearchInference, QueriesSigned); a != b {
		t.Errorf("the defaults are written %q, want %q", a, b)
	}
}

// f(x) of queries is the same in any company, and is what the search compares.
func TestFeatures(t *testing.T) {
	c := tiny()
	gan, store := built(t, c)
	m := mapper(t, store, gan, few(), MapperOptions{Batch: 4, Seed: 4})
	queries := blobs(t, 6, 28)
	if n := 14 * 14 * c.DiscMaps[0]; m.FeatureSize() != n {
		t.Fatalf("%d features, want %d", m.FeatureSize(), n)
	}
	features := func(q Queries) []float32 {
		values, err := m.Features(t.Context(), q)
		if err != nil || len(values) != q.Len()*m.FeatureSize() {
			t.Fatalf("%d features of %d queries, %v", len(values), q.Len(), err)
		}
		return values
	}
	all := features(queries)
	if alone := features(chosen{queries, []int{5}}); !slices.Equal(alone, all[5*m.FeatureSize():]) {
		t.Error("features of a query alone differ from those among others")
	}
	// The discrimination loss of a result is the mean distance of f(x) from f(G(z)).
	r := search(t, m, queries)[2]
	mapped := features(pictures(t, r.Mapped, c))
	sum := 0.0
	for k, v := range mapped {
		sum += math.Abs(float64(v-all[2*m.FeatureSize()+k])) / float64(len(mapped))
	}
	if math.Abs(sum-r.Discrimination) > 1e-5 {
		t.Errorf("|f(x) − f(G(z))| is %v, D(x) says %v", sum, r.Discrimination)
	}
	if _, err := m.Features(t.Context(), blobs(t, 1, 32)); err == nil || !strings.Contains(err.Error(), "32×32×1") {
		t.Errorf("pictures of another size: %v", err)
	}
}

// Whoever watches sees every frame as it is kept.
func TestWatch(t *testing.T) {
	gan, store := built(t, tiny())
	seen := map[int][]Frame{}
	m := mapper(t, store, gan, few(), MapperOptions{Batch: 2, Seed: 4, Every: 2, Watch: func(query int, f Frame, losses []float32) {
		if len(losses) != f.Step {
			t.Errorf("query %d: %d losses before step %d", query, len(losses), f.Step)
		}
		seen[query] = append(seen[query], f)
	}})
	for _, r := range search(t, m, blobs(t, 3, 28)) {
		if len(r.Frames) != 3 || len(seen[r.Query]) != 3 {
			t.Fatalf("query %d: %d frames are kept, %d were seen", r.Query, len(r.Frames), len(seen[r.Query]))
		}
		for k, f := range r.Frames {
			if s := seen[r.Query][k]; s.Step != f.Step || !slices.Equal(s.Mapped, f.Mapped) || float32(f.Score) != r.Losses[f.Step] || !(f.Residual > 0) {
				t.Errorf("query %d, frame %d: %+v", r.Query, k, f)
			}
		}
	}
}
