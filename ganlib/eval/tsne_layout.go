package eval

import (
	"math"
	"math/rand/v2"
)

// layout is an embedding on its way.
type layout struct {
	p           []float64 // joint probabilities of the points, [n, n]
	y, last     [][2]float64
	gains, grad [][2]float64
	kernel      []float64 // (1 + ‖yᵢ − yⱼ‖²)⁻¹, [n, n]
	total       float64   // Σ of kernel over pairs i ≠ j
}

func newLayout(p []float64, n int, rng *rand.Rand) *layout {
	l := &layout{p: p, kernel: make([]float64, n*n)}
	for _, v := range []*[][2]float64{&l.y, &l.last, &l.gains, &l.grad} {
		*v = make([][2]float64, n)
	}
	for i := range l.y {
		l.y[i] = [2]float64{firstSpread * rng.NormFloat64(), firstSpread * rng.NormFloat64()}
		l.gains[i] = [2]float64{1, 1}
	}
	return l
}

// measure computes the kernel of the present layout.
func (l *layout) measure() {
	n := len(l.y)
	l.total = 0
	for i, a := range l.y {
		row := l.kernel[i*n : (i+1)*n]
		for j := range i {
			dx, dy := a[0]-l.y[j][0], a[1]-l.y[j][1]
			k := 1 / (1 + dx*dx + dy*dy)
			row[j], l.kernel[j*n+i] = k, k
			l.total += 2 * k
		}
	}
}

// gradient is ∂C/∂yᵢ = 4 Σⱼ (pᵢⱼ − qᵢⱼ)(yᵢ − yⱼ)(1 + ‖yᵢ − yⱼ‖²)⁻¹, with qᵢⱼ = kernel/total, and p times a factor.
func (l *layout) gradient(factor float64) {
	l.measure()
	n := len(l.y)
	for i, a := range l.y {
		var sum [2]float64
		p, kernel := l.p[i*n:(i+1)*n], l.kernel[i*n:(i+1)*n]
		for j, k := range kernel {
			pull := (factor*p[j] - k/l.total) * k // kernel and p of a point with itself are 0
			sum[0] += pull * (a[0] - l.y[j][0])
			sum[1] += pull * (a[1] - l.y[j][1])
		}
		l.grad[i] = [2]float64{4 * sum[0], 4 * sum[1]}
	}
}

// step moves every point down the gradient, with momentum and a gain for each number: larger while its direction holds,
// smaller when it turns (Jacobs 1988).
func (l *layout) step(iteration int) {
	factor, momentum := 1.0, lateMomentum
	if iteration < exaggeratedBefore {
		factor = exaggeration
	}
	if iteration < momentumFrom {
		momentum = earlyMomentum
	}
	l.gradient(factor)
	var mean [2]float64
	for i := range l.y {
		for c := range 2 {
			if (l.grad[i][c] > 0) != (l.last[i][c] > 0) {
				l.gains[i][c] += 0.2
			} else {
				l.gains[i][c] = max(smallestGain, 0.8*l.gains[i][c])
			}
			l.last[i][c] = momentum*l.last[i][c] - layoutRate*l.gains[i][c]*l.grad[i][c]
			l.y[i][c] += l.last[i][c]
			mean[c] += l.y[i][c] / float64(len(l.y))
		}
	}
	for i := range l.y {
		l.y[i][0] -= mean[0]
		l.y[i][1] -= mean[1]
	}
}

// divergence is C = KL(P‖Q) = Σ pᵢⱼ log(pᵢⱼ/qᵢⱼ).
func (l *layout) divergence() float64 {
	l.measure()
	sum := 0.0
	for i, p := range l.p {
		if p > 0 {
			sum += p * math.Log(p*l.total/l.kernel[i])
		}
	}
	return sum
}
