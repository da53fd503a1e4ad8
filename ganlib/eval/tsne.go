package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// TSNE lays points out in the plane so that neighbours stay neighbours: t-distributed stochastic neighbour embedding
// (van der Maaten & Hinton 2008, JMLR 9), exact, with the paper's momentum, early exaggeration and gains. Distances
// between far groups, and the sizes of groups, mean nothing in it. Zero values take the defaults given.
//
// It is written here because no library in Go that does this is kept: the one found was last touched in 2020.
type TSNE struct {
	Perplexity float64 // about how many neighbours a point has; 30, or a third of the other points where these are few
	Iterations int     // 1000
	Components int     // points of more numbers are first reduced to so many principal components; 50
}

// Embedding is a set of points in the plane.
type Embedding struct {
	At         [][2]float64 // centred
	Divergence float64      // Kullback-Leibler divergence of the embedding's neighbourhoods from the points', what is minimised
}

// mostEmbedded bounds time and memory, which grow with the square of the number of points.
const mostEmbedded = 2000

// Settings of the paper, §3.4.
const (
	layoutRate        = 100
	earlyMomentum     = 0.5
	lateMomentum      = 0.8
	momentumFrom      = 250 // iteration
	exaggeration      = 4.0
	exaggeratedBefore = 50   // iterations
	firstSpread       = 1e-2 // standard deviation of the first layout
	smallestGain      = 0.01
)

// Embed lays points out. The same state of rng gives the same layout on one machine. Points that are fewer than 4 or
// more than 2,000, or of which more are equal than a point has neighbours, are an error.
func (t TSNE) Embed(ctx context.Context, points Points, rng *rand.Rand) (Embedding, error) {
	if err := points.check("t-SNE"); err != nil {
		return Embedding{}, err
	}
	n := points.Len()
	t.fill(n)
	if err := t.check(n); err != nil {
		return Embedding{}, err
	}
	x, err := principal(points, t.Components)
	if err != nil {
		return Embedding{}, err
	}
	p, err := affinities(squaredDistances(x), t.Perplexity)
	if err != nil {
		return Embedding{}, err
	}
	l := newLayout(p, n, rng)
	for i := range t.Iterations {
		if ctx.Err() != nil {
			return Embedding{}, fmt.Errorf("eval: t-SNE stopped at iteration %d of %d: %w", i, t.Iterations, context.Cause(ctx))
		}
		l.step(i)
	}
	return Embedding{At: l.y, Divergence: l.divergence()}, nil
}

func (t *TSNE) fill(n int) {
	if t.Perplexity == 0 {
		t.Perplexity = min(30, float64(n-1)/3)
	}
	if t.Iterations == 0 {
		t.Iterations = 1000
	}
	if t.Components == 0 {
		t.Components = 50
	}
}

func (t TSNE) check(n int) error {
	switch {
	case n > mostEmbedded:
		return fmt.Errorf("eval: t-SNE of %d points: at most %d, since every pair is looked at in every iteration; take a sample", n, mostEmbedded)
	case n < 4:
		return fmt.Errorf("eval: t-SNE of %d points: want at least 4", n)
	case !(t.Perplexity >= 1 && t.Perplexity <= float64(n-1)/3):
		return fmt.Errorf("eval: t-SNE: perplexity %v of %d points: want from 1 to a third of the other points, %.4g", t.Perplexity, n, float64(n-1)/3)
	case t.Iterations < 1 || t.Components < 2:
		return fmt.Errorf("eval: t-SNE: %d iterations on %d components: want at least 1 and 2", t.Iterations, t.Components)
	}
	return nil
}
