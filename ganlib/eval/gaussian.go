package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Gaussian is what the Fréchet distance knows of a set of points: their mean and their covariance.
type Gaussian struct {
	N    int // points it was fitted to
	Mean []float64
	Cov  *mat.SymDense // with divisor N − 1
}

// FitGaussian takes mean and covariance of at least two points, in float64.
func FitGaussian(points Points) (*Gaussian, error) {
	if err := points.check("Gaussian"); err != nil {
		return nil, err
	}
	n, d := points.Len(), points.Dim
	if n < 2 {
		return nil, fmt.Errorf("eval: Gaussian: one point has no covariance; give at least two")
	}
	g := &Gaussian{N: n, Mean: make([]float64, d), Cov: mat.NewSymDense(d, nil)}
	for i, v := range points.Values {
		g.Mean[i%d] += float64(v)
	}
	for k := range g.Mean {
		g.Mean[k] /= float64(n)
	}
	// Block by block, so that no copy of all points in float64 is needed.
	for from := 0; from < n; from += blockRows {
		x := points.matrix(from, min(from+blockRows, n))
		centre(x, g.Mean)
		blas64.Syrk(blas.Trans, 1/float64(n-1), x.RawMatrix(), 1, g.Cov.RawSymmetric())
	}
	return g, nil
}

// Frechet is the squared Fréchet (2-Wasserstein) distance between two Gaussians (Dowson & Landau 1982),
//
//	‖m₁ − m₂‖² + tr S₁ + tr S₂ − 2·tr (S₁^½·S₂·S₁^½)^½ .
//
// With the features of a net it is the FID of Heusel et al. 2017. It is biased: of two samples of one distribution it is
// above 0, the more so the smaller they are and the more numbers a point has, so that it can be compared with others of
// the same numbers of points only.
//
// The root is that of a symmetric matrix, by its eigenvalues: those of S₁^½·S₂·S₁^½ are those of Fᵀ·S₂·F for any
// F·Fᵀ = S₁. Covariances of fewer points than numbers, which are singular, are no problem.
func (g *Gaussian) Frechet(other *Gaussian) (float64, error) {
	d := len(g.Mean)
	if len(other.Mean) != d || d == 0 {
		return 0, fmt.Errorf("eval: Fréchet distance of Gaussians of %d and of %d numbers: want features of one net", d, len(other.Mean))
	}
	sum := mat.Trace(g.Cov) + mat.Trace(other.Cov)
	for k, m := range g.Mean {
		sum += (m - other.Mean[k]) * (m - other.Mean[k])
	}
	factor := g.factor()
	if factor.IsEmpty() {
		return sum, nil
	}
	var right, both mat.Dense
	right.Mul(other.Cov, factor)
	both.Mul(factor.T(), &right)
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric(&both), false) {
		return 0, fmt.Errorf("eval: Fréchet distance: the eigenvalues of a product of covariances of %d numbers were not found", d)
	}
	for _, v := range eigen.Values(nil) {
		sum -= 2 * math.Sqrt(max(0, v)) // rounding makes small ones negative
	}
	return max(0, sum), nil
}

// factor is F [numbers, rank] of F·Fᵀ = S, Cholesky's with pivots, which is there for every covariance and ten times
// faster than S^½. It is empty for rank 0.
func (g *Gaussian) factor() *mat.Dense {
	var c mat.PivotedCholesky
	c.Factorize(g.Cov, -1)
	if c.Rank() == 0 {
		return &mat.Dense{}
	}
	// Pᵀ·S·P = Uᵀ·U, so that row p(i) of F is column i of U.
	u, f := c.RawU(), mat.NewDense(len(g.Mean), c.Rank(), nil)
	for i, row := range c.ColumnPivots(nil) {
		for k := range min(i+1, c.Rank()) {
			f.Set(row, k, u.At(k, i))
		}
	}
	return f
}

// symmetric is (m + mᵀ)/2.
func symmetric(m *mat.Dense) *mat.SymDense {
	n, _ := m.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	return s
}
