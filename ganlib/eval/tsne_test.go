package eval

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// clusters are n points around each of two centres that are apart so many standard deviations.
func clusters(n, dim int, apart float64, seed uint64) Points {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := Points{Dim: dim}
	for i := range 2 * n {
		for k := range dim {
			v := rng.NormFloat64()
			if k == 0 && i >= n {
				v += apart
			}
			p.Values = append(p.Values, float32(v))
		}
	}
	return p
}

// Every row of conditional probabilities has the perplexity asked for, whatever the scale of the distances.
func TestPerplexity(t *testing.T) {
	for _, scale := range []float64{1e-6, 1, 1e6} {
		x := clusters(30, 5, 8, 3).matrix(0, 60)
		x.Scale(scale, x)
		d := squaredDistances(x)
		for _, want := range []float64{1.5, 5, 19} {
			for i := range 60 {
				row := make([]float64, 60)
				if err := conditionalRow(row, d[i*60:(i+1)*60], i, want); err != nil {
					t.Fatal(err)
				}
				sum, entropy := 0.0, 0.0
				for _, p := range row {
					sum += p
					if p > 0 {
						entropy -= p * math.Log2(p)
					}
				}
				if got := math.Exp2(entropy); math.Abs(got-want) > 1e-3 || math.Abs(sum-1) > 1e-12 || row[i] != 0 {
					t.Errorf("scale %g, row %d: perplexity %v, want %v; the row adds up to %v and has %v for itself", scale, i, got, want, sum, row[i])
				}
			}
		}
	}
}

// Joint probabilities are symmetric and add up to 1.
func TestAffinities(t *testing.T) {
	const n = 40
	p, err := affinities(squaredDistances(clusters(n/2, 4, 5, 4).matrix(0, n)), 8)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i := range n {
		for j := range n {
			sum += p[i*n+j]
			if p[i*n+j] != p[j*n+i] {
				t.Errorf("p[%d, %d] is %v, the other way %v", i, j, p[i*n+j], p[j*n+i])
			}
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("they add up to %v", sum)
	}
}

// The gradient is that of the divergence, by central differences.
func TestLayoutGradient(t *testing.T) {
	const n = 12
	p, err := affinities(squaredDistances(clusters(n/2, 3, 3, 5).matrix(0, n)), 3)
	if err != nil {
		t.Fatal(err)
	}
	l := newLayout(p, n, rand.New(rand.NewPCG(6, 1)))
	for i := range l.y {
		l.y[i][0], l.y[i][1] = 100*l.y[i][0], 100*l.y[i][1] // of the size that layouts grow to
	}
	l.gradient(1)
	const h = 1e-5
	for i := range l.y {
		for c := range 2 {
			at := l.y[i][c]
			l.y[i][c] = at + h
			above := l.divergence()
			l.y[i][c] = at - h
			below := l.divergence()
			l.y[i][c] = at
			if want := (above - below) / (2 * h); math.Abs(l.grad[i][c]-want) > 1e-5*max(1, math.Abs(want)) {
				t.Errorf("∂C/∂y[%d][%d] is %v, by differences %v", i, c, l.grad[i][c], want)
			}
		}
	}
}

// Points of few dimensions keep their distances in the principal components, whether there are more points than numbers
// or fewer.
func TestPrincipalKeepsDistances(t *testing.T) {
	for _, dim := range []int{12, 90} {
		const n, rank = 30, 3
		rng := rand.New(rand.NewPCG(7, 1))
		basis := make([]float64, rank*dim)
		for i := range basis {
			basis[i] = rng.NormFloat64()
		}
		p := Points{Dim: dim}
		for range n {
			at := [rank]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
			for k := range dim {
				v := 5.0
				for r, a := range at {
					v += a * basis[r*dim+k]
				}
				p.Values = append(p.Values, float32(v))
			}
		}
		x, err := principal(p, rank)
		if err != nil {
			t.Fatal(err)
		}
		if rows, columns := x.Dims(); rows != n || columns != rank {
			t.Fatalf("%d×%d, want %d×%d", rows, columns, n, rank)
		}
		got, want := squaredDistances(x), squaredDistances(p.matrix(0, n))
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-4*max(1, want[i]) {
				t.Fatalf("dimension %d: squared distance %d is %v, want %v", dim, i, got[i], want[i])
			}
		}
	}
}

// Two groups that are far apart stay apart: a point's nearest neighbours are of its own group, and no point lies nearer
// to the other group's middle.
func TestFarClustersStayApart(t *testing.T) {
	const n = 60
	points := clusters(n, 70, 30, 8) // reduced to 50 first
	e, err := TSNE{Perplexity: 12, Iterations: 500}.Embed(t.Context(), points, rand.New(rand.NewPCG(9, 1)))
	if err != nil {
		t.Fatal(err)
	}
	var middle [2][2]float64
	for i, y := range e.At {
		middle[i/n][0] += y[0] / n
		middle[i/n][1] += y[1] / n
	}
	if sum := [2]float64{middle[0][0] + middle[1][0], middle[0][1] + middle[1][1]}; math.Hypot(sum[0], sum[1]) > 1e-9 {
		t.Errorf("the layout is not centred: %v", sum)
	}
	far := func(a, b [2]float64) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
	for i, y := range e.At {
		if own, other := far(y, middle[i/n]), far(y, middle[1-i/n]); !(2*own < other) {
			t.Errorf("point %d lies %v from its own group's middle and %v from the other's", i, own, other)
		}
		nearest := -1
		for j, z := range e.At {
			if j != i && (nearest < 0 || far(y, z) < far(y, e.At[nearest])) {
				nearest = j
			}
		}
		if nearest/n != i/n {
			t.Errorf("the nearest neighbour of point %d is %d, of the other group", i, nearest)
		}
	}
	if !(e.Divergence > 0 && e.Divergence < 1.5) {
		t.Errorf("divergence %v", e.Divergence)
	}
}

// The same state of the random numbers gives the same layout, another one another; more iterations lower the divergence.
func TestEmbeddingIsRepeatable(t *testing.T) {
	points := clusters(25, 6, 4, 10)
	embed := func(seed uint64, iterations int) Embedding {
		e, err := TSNE{Iterations: iterations}.Embed(t.Context(), points, rand.New(rand.NewPCG(seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	a, b, c := embed(1, 200), embed(1, 200), embed(2, 200)
	if !slices.Equal(a.At, b.At) || a.Divergence != b.Divergence {
		t.Error("one seed, two layouts")
	}
	if slices.Equal(a.At, c.At) {
		t.Error("two seeds, one layout")
	}
	if first := embed(1, 1); !(a.Divergence < first.Divergence) {
		t.Errorf("the divergence is %v after one iteration and %v after 200", first.Divergence, a.Divergence)
	}
}

func TestEmbedRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	embed := func(o TSNE, p Points) error { _, err := o.Embed(t.Context(), p, rng); return err }
	equal := Points{Values: make([]float32, 40), Dim: 2}
	equal.Values[39] = 1
	some := clusters(10, 3, 1, 1)
	for word, try := range map[string]func() error{
		"of 2001 points: at most 2000":   func() error { return embed(TSNE{}, Points{make([]float32, 2001), 1}) },
		"of 3 points: want at least 4":   func() error { return embed(TSNE{}, Points{make([]float32, 3), 1}) },
		"whole points":                   func() error { return embed(TSNE{}, Points{some.Values, 7}) },
		"point 2 holds NaN":              func() error { return embed(TSNE{}, Points{[]float32{1, 2, float32(math.NaN()), 4}, 1}) },
		"perplexity 30 of 20 points":     func() error { return embed(TSNE{Perplexity: 30}, some) },
		"-1 iterations":                  func() error { return embed(TSNE{Iterations: -1}, some) },
		"no neighbourhood of perplexity": func() error { return embed(TSNE{Perplexity: 3}, equal) },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (TSNE{}).Embed(ctx, some, rng); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
