package eval

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Spread is a figure over several subsets: mean and standard deviation of one subset's, n−1 in the divisor.
type Spread struct {
	Mean, Deviation float64
	Subsets, Size   int // how many subsets, and points in each
}

func (s Spread) String() string { return fmt.Sprintf("%.5f ± %.5f", s.Mean, s.Deviation) }

// KernelDistance is the squared maximum mean discrepancy of two sets of points of d numbers with the kernel
// (x·y/d + 1)³, in its unbiased form: 0 on average, and now and then below it, for two samples of one distribution. With
// the features of a net it is the KID of Bińkowski et al. 2018.
func KernelDistance(a, b Points) (float64, error) {
	for _, p := range []Points{a, b} {
		if err := p.check("kernel distance"); err != nil {
			return 0, err
		}
		if p.Len() < 2 {
			return 0, fmt.Errorf("eval: kernel distance: one point has no pairs; give at least two")
		}
	}
	if a.Dim != b.Dim {
		return 0, fmt.Errorf("eval: kernel distance between points of %d and of %d numbers: want features of one net", a.Dim, b.Dim)
	}
	x, y := a.matrix(0, a.Len()), b.matrix(0, b.Len())
	n, m := float64(a.Len()), float64(b.Len())
	return kernelWithin(x)/(n*(n-1)) + kernelWithin(y)/(m*(m-1)) - 2*kernelBetween(x, y)/(n*m), nil
}

// KernelDistances is the distance between random subsets of so many points of each set, drawn without replacement.
func KernelDistances(a, b Points, subsets, size int, rng *rand.Rand) (Spread, error) {
	if subsets < 2 || size < 2 || size > a.Len() || size > b.Len() {
		return Spread{}, fmt.Errorf("eval: kernel distance over %d subsets of %d of %d and %d points: want at least two subsets of at least two points, all different",
			subsets, size, a.Len(), b.Len())
	}
	values := make([]float64, subsets)
	for i := range values {
		var err error
		if values[i], err = KernelDistance(a.some(rng, size), b.some(rng, size)); err != nil {
			return Spread{}, err
		}
	}
	s := Spread{Subsets: subsets, Size: size}
	s.Mean, s.Deviation = stat.MeanStdDev(values, nil)
	return s, nil
}

// some are n different points at random.
func (p Points) some(rng *rand.Rand, n int) Points {
	out := Points{Dim: p.Dim}
	for _, i := range rng.Perm(p.Len())[:n] {
		out.Values = append(out.Values, p.Values[i*p.Dim:(i+1)*p.Dim]...)
	}
	return out
}

func kernel(product float64, d int) float64 {
	k := product/float64(d) + 1
	return k * k * k
}

// kernelWithin is the sum of the kernel over the ordered pairs of different rows.
func kernelWithin(x *mat.Dense) float64 {
	n, d := x.Dims()
	g := mat.NewSymDense(n, nil) // of which Syrk writes the upper half
	blas64.Syrk(blas.NoTrans, 1, x.RawMatrix(), 0, g.RawSymmetric())
	sum := 0.0
	for i := range n {
		for j := i + 1; j < n; j++ {
			sum += kernel(g.RawSymmetric().Data[i*n+j], d)
		}
	}
	return 2 * sum
}

// kernelBetween is the sum of the kernel over the rows of one with the rows of the other.
func kernelBetween(x, y *mat.Dense) float64 {
	_, d := x.Dims()
	var g mat.Dense
	g.Mul(x, y.T())
	sum := 0.0
	for _, v := range g.RawMatrix().Data {
		sum += kernel(v, d)
	}
	return sum
}
