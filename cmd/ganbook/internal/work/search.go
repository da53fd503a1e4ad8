package work

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
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

// search is one search after another.
type search struct {
	store   *model.Store
	mapper  *anogan.Mapper
	queries *data.Source

	next func() ([]float32, error, bool) // of the search that is going on; nil: none is
	stop func()
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
	how := anogan.Post().Search
	how.Steps, how.LateStep = searchSteps, 0
	w.mapper, err = anogan.NewMapper(b, w.store, gan, how, anogan.MapperOptions{Batch: batch, Seed: masterSeed})
	return w, err
}

// Do returns the mean of A over the queries.
func (w *search) Do(ctx context.Context) ([]float64, error) {
	for {
		if w.next == nil {
			w.next, w.stop = iter.Pull2(w.mapper.Steps(ctx, w.queries))
		}
		scores, err, ok := w.next()
		if ok && err == nil {
			return meanOf(scores)
		}
		w.end()
		if err != nil {
			return nil, err
		}
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

func (w *search) end() {
	if w.next != nil {
		w.stop()
		w.next, w.stop = nil, nil
	}
}

func (w *search) Parameters() int { return parameters(w.store) }

func (w *search) Close() {
	w.end()
	w.mapper.Close()
}

// countSearch: G and the layer of D that makes f(x), forward and back to z, with all weights constant.
func countSearch([]int) int64 {
	g, d := anoganLayers()
	return g.through() + d[:1].through()
}
