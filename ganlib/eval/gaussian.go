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
	factor, err := g.factor()
	if err != nil {
		return 0, err
	}
	return g.frechet(other, factor)
}

// frechet is Frechet with a factor F·Fᵀ = S₁.
func (g *Gaussian) frechet(other *Gaussian, factor *mat.Dense) (float64, error) {
	var right, both mat.Dense
	right.Mul(other.Cov, factor)
	both.Mul(factor.T(), &right)
	var eigen mat.EigenSym
	if !eigen.Factorize(symmetric(&both), false) {
		return 0, fmt.Errorf("eval: Fréchet distance: the eigenvalues of a product of covariances of %d numbers were not found", len(g.Mean))
	}
	sum := mat.Trace(g.Cov) + mat.Trace(other.Cov)
	for _, v := range eigen.Values(nil) {
		sum -= 2 * math.Sqrt(max(0, v)) // rounding makes small ones negative
	}
	for k, m := range g.Mean {
		sum += (m - other.Mean[k]) * (m - other.Mean[k])
	}
	return max(0, sum), nil
}

// factor is Cholesky's, which takes a tenth of the time of the root; a singular covariance has none.
func (g *Gaussian) factor() (*mat.Dense, error) {
	var c mat.Cholesky
	if !c.Factorize(g.Cov) {
		return g.root()
	}
	var l mat.TriDense
	c.LTo(&l)
	return mat.DenseCopyOf(&l), nil
}

// root is S^½ = V·diag(√λ)·Vᵀ.
func (g *Gaussian) root() (*mat.Dense, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(g.Cov, true) {
		return nil, fmt.Errorf("eval: Fréchet distance: the eigenvectors of a covariance of %d numbers were not found", len(g.Mean))
	}
	var vectors, scaled, root mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil)
	scaled.Apply(func(_, k int, v float64) float64 { return v * math.Sqrt(max(0, values[k])) }, &vectors)
	root.Mul(&scaled, vectors.T())
	return &root, nil
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
