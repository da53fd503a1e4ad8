package eval

import (
	"fmt"
	"math"

	"github.com/ganbook/ganbook/ganlib/vector"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// principal returns points in the coordinates of their first principal components, centred: [n, at most components]. Of
// the covariance [Dim, Dim] and the points' products [n, n], which have the same eigenvalues, the smaller one is taken.
func principal(points Points, components int) (*mat.Dense, error) {
	n := points.Len()
	x := points.matrix(0, n)
	mean := make([]float64, points.Dim)
	for k := range mean {
		mean[k] = stat.Mean(mat.Col(nil, k, x), nil)
	}
	centre(x, mean)
	if points.Dim <= components {
		return x, nil
	}
	size := min(n, points.Dim)
	products := mat.NewSymDense(size, nil)
	if n < points.Dim {
		products.SymOuterK(1, x)
	} else {
		products.SymOuterK(1, x.T())
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(products, true) {
		return nil, fmt.Errorf("eval: the principal components of %d points of %d numbers were not found", n, points.Dim)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors) // by rising eigenvalue
	kept := min(components, size)
	first := vectors.Slice(0, size, size-kept, size)
	var out mat.Dense
	if n >= points.Dim {
		out.Mul(x, first)
		return &out, nil
	}
	// x = U·S·Vᵀ: the eigenvectors of x·xᵀ are U, and the coordinates are U·S.
	out.CloneFrom(first)
	for k, v := range eigen.Values(nil)[size-kept:] {
		for i := range n {
			out.Set(i, k, out.At(i, k)*math.Sqrt(max(0, v)))
		}
	}
	return &out, nil
}

// squaredDistances is ‖xᵢ − xⱼ‖², [n, n].
func squaredDistances(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	d := make([]float64, n*n)
	for i := range n {
		a := x.RawRowView(i)
		for j := range i {
			sum := 0.0
			for k, v := range x.RawRowView(j) {
				sum += (a[k] - v) * (a[k] - v)
			}
			d[i*n+j], d[j*n+i] = sum, sum
		}
	}
	return d
}

// affinities are the joint probabilities pᵢⱼ = (pⱼ|ᵢ + pᵢ|ⱼ)/2n of squared distances, each row with the perplexity asked
// for.
func affinities(distances []float64, perplexity float64) ([]float64, error) {
	n := int(math.Sqrt(float64(len(distances))))
	conditional := make([]float64, n*n)
	for i := range n {
		if err := conditionalRow(conditional[i*n:(i+1)*n], distances[i*n:(i+1)*n], i, perplexity); err != nil {
			return nil, err
		}
	}
	p := make([]float64, n*n)
	for i := range n {
		for j := range n {
			p[i*n+j] = (conditional[i*n+j] + conditional[j*n+i]) / float64(2*n)
		}
	}
	return p, nil
}

// perplexityWithin is how near a row's perplexity comes to the one asked for.
const perplexityWithin = 1e-5

// conditionalRow fills row i of pⱼ|ᵢ = exp(−β‖xᵢ − xⱼ‖²)/Σ and finds, by bisection, the β = 1/2σᵢ² with the perplexity 2^H.
func conditionalRow(row, distances []float64, i int, perplexity float64) error {
	low, high, beta := 0.0, math.Inf(1), 1.0
	for range 200 {
		at := neighbourhood(row, distances, i, beta)
		switch {
		case math.Abs(at-perplexity) <= perplexityWithin:
			return nil
		case at > perplexity:
			low = beta
		default:
			high = beta
		}
		if beta = (low + high) / 2; math.IsInf(high, 1) {
			beta = 2 * low
		}
	}
	return fmt.Errorf("eval: t-SNE: point %d has no neighbourhood of perplexity %v: too many points are as far from it as its nearest; "+
		"leave out points that are there twice, or take a larger perplexity", i, perplexity)
}

// neighbourhood fills a row for one β and returns its perplexity. Distances count from the nearest, so that no row underflows.
func neighbourhood(row, distances []float64, i int, beta float64) (perplexity float64) {
	nearest := math.Inf(1)
	for j, d := range distances {
		if j != i {
			nearest = min(nearest, d)
		}
	}
	vector.ClearUpper() // for the exponentials: t-SNE of 600 points takes a thirteenth of the time
	sum, weighted := 0.0, 0.0
	for j, d := range distances {
		row[j] = 0
		if j != i {
			row[j] = math.Exp(-beta * (d - nearest))
			sum += row[j]
			weighted += row[j] * beta * (d - nearest)
		}
	}
	for j := range row {
		row[j] /= sum
	}
	return math.Exp(math.Log(sum) + weighted/sum) // e^H in nats is 2^H in bits
}
