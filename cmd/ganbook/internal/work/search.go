package work

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// searchFamily is a step of the search for the latents of a batch of queries, with the blog's nets as they are drawn and
// queries of noise: neither changes what a step costs. Images a second are queries times steps a second.
var searchFamily = family{
	name:    "search",
	numbers: []number{{"batch", 1}},
	about:   "latent search with AnoGAN's nets on MNIST, %d at once",
	count:   countSearch,
	start:   func(b compute.Backend, n []int) (Step, error) { return startSearch(b, n[0]) },
}

// searchSteps is how long a search lasts. Then the next begins, so that what a search does before its first step counts,
// too.
const searchSteps = 500

// search is one search after another. On the host, half of the queries are a batch and half another, searched at the same
// time, as a Mapper has two batches on their way; a GPU has them all in one.
type search struct {
	store   *model.Store
	mapper  *anogan.Mapper
	queries *data.Source
	halves  []half
}

// half is the search of a batch that is going on.
type half struct {
	queries *data.Source
	next    func() ([]float32, error, bool) // nil: no search is
	stop    func()
}

func startSearch(b compute.Backend, batch int) (Step, error) {
	gan, err := postAnoGAN()
	if err != nil {
		return nil, err
	}
	w := &search{store: ganlib.NewStore(masterSeed)}
	if err := ganlib.Build(b, w.store, gan); err != nil {
		return nil, err
	}
	if w.queries, err = noise(batch, gan.Image); err != nil {
		return nil, err
	}
	size := batch
	if batch%2 == 0 && !nn.OnXLA(b) {
		size = batch / 2
	}
	for from := 0; from < batch; from += size {
		indices := make([]int, size)
		for i := range indices {
			indices[i] = from + i
		}
		queries, err := w.queries.Subset(indices)
		if err != nil {
			return nil, err
		}
		w.halves = append(w.halves, half{queries: queries})
	}
	how := anogan.Post().Search
	how.Steps, how.LateStep = searchSteps, 0
	w.mapper, err = anogan.NewMapper(b, w.store, gan, how, anogan.MapperOptions{Batch: size, Seed: masterSeed})
	return w, err
}

// Do returns the mean of A over the queries.
func (w *search) Do(ctx context.Context) ([]float64, error) {
	scores, errs := make([][]float32, len(w.halves)), make([]error, len(w.halves))
	var both sync.WaitGroup
	for i := range w.halves {
		both.Go(func() { scores[i], errs[i] = w.halves[i].step(ctx, w.mapper) })
	}
	both.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return meanOf(slices.Concat(scores...))
}

// step is one step of the search that is going on, or the first of the next one.
func (h *half) step(ctx context.Context, m *anogan.Mapper) ([]float32, error) {
	for {
		if h.next == nil {
			h.next, h.stop = iter.Pull2(m.Steps(ctx, h.queries))
		}
		scores, err, ok := h.next()
		if ok && err == nil {
			return scores, nil
		}
		h.end()
		if err != nil {
			return nil, err
		}
	}
}

func (h *half) end() {
	if h.next != nil {
		h.stop()
		h.next, h.stop = nil, nil
	}
}

func meanOf(scores []float32) ([]float64, error) {
	mean := 0.0
	for _, a := range scores {
		mean += float64(a) / float64(len(scores))
	}
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return nil, fmt.Errorf("work: search: the mean of A is %v", mean)
	}
	return []float64{mean}, nil
}

func (w *search) Parameters() int { return parameters(w.store) }

func (w *search) Close() {
	for i := range w.halves {
		w.halves[i].end()
	}
	w.mapper.Close()
}

// countSearch: G and the layer of D that makes f(x), forward and back to z, with all weights constant.
func countSearch([]int) int64 {
	g, d := anoganLayers()
	return g.through() + d[:1].through()
}
