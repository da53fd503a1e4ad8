package anomaly

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
	"gonum.org/v1/plot"
)

// full is the residual of a pixel at which its colour is full: half of what there can be.
const full = 1

// HeatMaps shows so many normal and as many abnormal pictures of the test: query, G(z), and where the two differ.
func (s Scores) HeatMaps(each int) (image.Image, error) {
	var some []Picture
	for _, kind := range []bool{false, true} {
		left := each
		for _, p := range s.Test {
			if p.Abnormal == kind && left > 0 {
				some, left = append(some, p), left-1
			}
		}
	}
	return heatMaps(some)
}

// Mistakes shows what the weighted score ranks worst: the normal pictures of the test that score highest, and the abnormal
// ones that score lowest.
func (s Scores) Mistakes(each int) (image.Image, error) {
	sorted := slices.SortedStableFunc(slices.Values(s.Test), func(a, b Picture) int { return cmp.Compare(b.Weighted, a.Weighted) })
	var normal, abnormal []Picture
	for _, p := range sorted {
		if p.Abnormal {
			abnormal = append(abnormal, p)
		} else {
			normal = append(normal, p)
		}
	}
	slices.Reverse(abnormal)
	return heatMaps(append(normal[:min(each, len(normal)):len(normal)], abnormal[:min(each, len(abnormal))]...))
}

func heatMaps(pictures []Picture) (image.Image, error) {
	rows := []plots.GridRow{{Name: "query x"}, {Name: "G(z)"}, {Name: "|x − G(z)|"}}
	for _, p := range pictures {
		x, y := signed(p.Query), signed(p.Mapped)
		query, err := sheet.Picture(x, side, side, 1)
		if err != nil {
			return nil, err
		}
		mapped, err := sheet.Picture(y, side, side, 1)
		if err != nil {
			return nil, err
		}
		heat, err := plots.ResidualMap(x, y, side, side, 1, full)
		if err != nil {
			return nil, err
		}
		rows[0].Cells = append(rows[0].Cells, plots.GridCell{Above: name(p.Abnormal, p.Digit), Image: query})
		rows[1].Cells = append(rows[1].Cells, plots.GridCell{Image: mapped})
		rows[2].Cells = append(rows[2].Cells, plots.GridCell{Image: heat, Below: fmt.Sprintf("A = %.3f", p.Weighted)})
	}
	return plots.Grid(rows...)
}

// signed are bytes as pixels in [−1, 1].
func signed(bytes []byte) []float32 {
	out := make([]float32, len(bytes))
	for i, b := range bytes {
		out[i] = float32(b)/127.5 - 1
	}
	return out
}

// Embedding is the t-SNE of f(x), what D's feature layer says of the pictures of the test. No latent is searched for it.
func Embedding(run *experiments.Opened) (*plot.Plot, string, error) {
	_, test, err := Held(run)
	if err != nil {
		return nil, "", err
	}
	m, err := run.Mapper(nil, anogan.MapperOptions{Batch: batch(run)})
	if err != nil {
		return nil, "", err
	}
	defer m.Close()
	features, err := m.Features(context.Background(), test)
	if err != nil {
		return nil, "", err
	}
	options := eval.TSNE{}
	if run.Settings.Scale == experiments.Smoke {
		options.Iterations = 100
	}
	e, err := options.Embed(context.Background(), eval.Points{Values: features, Dim: m.FeatureSize()}, rand.New(rand.NewPCG(Seed, 3)))
	if err != nil {
		return nil, "", err
	}
	said := fmt.Sprintf("%d pictures, %d features each; divergence %.2f; the nearest neighbour in the plane is of the same kind for %.0f %% of them",
		test.Len(), m.FeatureSize(), e.Divergence, 100*alike(e.At, test.Abnormal))
	p, err := plots.Embedding("t-SNE of D's features", e.At, test.Abnormal)
	return p, said, err
}

// alike is the share of points whose nearest neighbour is of the same kind.
func alike(at [][2]float64, kind []bool) float64 {
	same := 0
	for i, a := range at {
		nearest, best := -1, 0.0
		for j, b := range at {
			d := (a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1])
			if j != i && (nearest < 0 || d < best) {
				nearest, best = j, d
			}
		}
		if kind[nearest] == kind[i] {
			same++
		}
	}
	return float64(same) / float64(len(at))
}
