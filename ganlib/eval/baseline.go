package eval

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Points are vectors of one length, one after the other: pictures, say. They carry no labels.
type Points struct {
	Values []float32
	Dim    int
}

// Len is the number of points.
func (p Points) Len() int { return len(p.Values) / max(p.Dim, 1) }

// Part is the points from to to−1, which are not copied.
func (p Points) Part(from, to int) Points {
	return Points{Values: p.Values[from*p.Dim : to*p.Dim : to*p.Dim], Dim: p.Dim}
}

func (p Points) check(what string) error {
	if p.Dim < 1 || len(p.Values) == 0 || len(p.Values)%p.Dim != 0 {
		return fmt.Errorf("eval: %s: %d numbers are no whole points of %d", what, len(p.Values), p.Dim)
	}
	for i, v := range p.Values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("eval: %s: point %d holds %v", what, i/p.Dim, v)
		}
	}
	return nil
}

// matrix copies rows [from, to).
func (p Points) matrix(from, to int) *mat.Dense {
	m := mat.NewDense(to-from, p.Dim, nil)
	data := m.RawMatrix().Data
	for i, v := range p.Values[from*p.Dim : to*p.Dim] {
		data[i] = float64(v)
	}
	return m
}

// blockRows bounds the memory of a baseline: so many points are scored at once.
const blockRows = 256

// PCA is a baseline that needs no training to speak of: the plane through the normal points that loses least of them
// (Pearson 1901). What a new point loses on it is its anomaly score.
type PCA struct {
	mean []float64
	axes *mat.Dense // [Dim, components], orthonormal
}

// FitPCA takes the first components of normal points; there must be at least that many points and dimensions.
func FitPCA(normal Points, components int) (*PCA, error) {
	if err := normal.check("PCA"); err != nil {
		return nil, err
	}
	if components < 1 || components > normal.Dim || components >= normal.Len() {
		return nil, fmt.Errorf("eval: PCA: %d components of %d points of %d: want at least one, and fewer than points and at most as many as numbers in one",
			components, normal.Len(), normal.Dim)
	}
	x := normal.matrix(0, normal.Len())
	p := &PCA{mean: make([]float64, normal.Dim)}
	for k := range p.mean {
		p.mean[k] = stat.Mean(mat.Col(nil, k, x), nil)
	}
	centre(x, p.mean)
	cov := mat.NewSymDense(normal.Dim, nil)
	cov.SymOuterK(1/float64(normal.Len()), x.T())
	var eigen mat.EigenSym
	if !eigen.Factorize(cov, true) {
		return nil, fmt.Errorf("eval: PCA: the eigenvectors of %d points of %d were not found", normal.Len(), normal.Dim)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors) // by rising eigenvalue
	p.axes = mat.DenseCopyOf(vectors.Slice(0, normal.Dim, normal.Dim-components, normal.Dim))
	return p, nil
}

func centre(x *mat.Dense, mean []float64) {
	n, _ := x.Dims()
	for i := range n {
		row := x.RawRowView(i)
		for k := range row {
			row[k] -= mean[k]
		}
	}
}

// Scores is the distance of each point from the plane, ‖x − x̂‖.
func (p *PCA) Scores(points Points) ([]float64, error) {
	if err := points.check("PCA"); err != nil {
		return nil, err
	}
	if points.Dim != len(p.mean) {
		return nil, fmt.Errorf("eval: PCA: points of %d numbers, the normal ones had %d", points.Dim, len(p.mean))
	}
	var scores []float64
	for from := 0; from < points.Len(); from += blockRows {
		x := points.matrix(from, min(from+blockRows, points.Len()))
		centre(x, p.mean)
		var along, on mat.Dense
		along.Mul(x, p.axes)
		on.Mul(&along, p.axes.T())
		x.Sub(x, &on)
		n, _ := x.Dims()
		for i := range n {
			scores = append(scores, blas64.Nrm2(blas64.Vector{N: points.Dim, Inc: 1, Data: x.RawRowView(i)}))
		}
	}
	return scores, nil
}

// NeighbourScores is the other baseline: the mean distance of each point to its k nearest normal points (Angiulli &
// Pizzuti 2002).
func NeighbourScores(normal, points Points, k int) ([]float64, error) {
	for _, p := range []Points{normal, points} {
		if err := p.check("neighbours"); err != nil {
			return nil, err
		}
	}
	if points.Dim != normal.Dim || k < 1 || k > normal.Len() {
		return nil, fmt.Errorf("eval: neighbours: the %d nearest of %d normal points of %d numbers to points of %d: want points alike and at least as many as neighbours",
			k, normal.Len(), normal.Dim, points.Dim)
	}
	y := normal.matrix(0, normal.Len())
	lengths := squares(y)
	var scores []float64
	for from := 0; from < points.Len(); from += blockRows {
		x := points.matrix(from, min(from+blockRows, points.Len()))
		n, _ := x.Dims()
		// ‖x − y‖² = ‖x‖² + ‖y‖² − 2·x·y
		d := mat.NewDense(n, normal.Len(), nil)
		blas64.Gemm(blas.NoTrans, blas.Trans, -2, x.RawMatrix(), y.RawMatrix(), 0, d.RawMatrix())
		for i, own := range squares(x) {
			row := d.RawRowView(i)
			for j := range row {
				row[j] += own + lengths[j]
			}
			sum := 0.0
			for _, square := range smallest(row, k) {
				sum += math.Sqrt(max(0, square))
			}
			scores = append(scores, sum/float64(k))
		}
	}
	return scores, nil
}

// smallest returns the k smallest values, rising.
func smallest(values []float64, k int) []float64 {
	best := make([]float64, 0, k+1)
	for _, v := range values {
		if len(best) == k && v >= best[k-1] {
			continue
		}
		at, _ := slices.BinarySearch(best, v)
		best = slices.Insert(best, at, v)
		best = best[:min(k, len(best))]
	}
	return best
}

// squares is the squared length of each row.
func squares(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	sums := make([]float64, n)
	for i := range sums {
		for _, v := range x.RawRowView(i) {
			sums[i] += v * v
		}
	}
	return sums
}
