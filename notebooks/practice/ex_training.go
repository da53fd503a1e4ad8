package practice

import (
	"fmt"
	"math"
)

type normFunc = func(values []float64) []float64

// normalised is batch norm of one channel in training mode, without scale and shift, by any variance and any division.
func normalised(values []float64, degrees int, centre bool, divisor func(variance float64) float64) []float64 {
	mu := mean(values, func(v float64) float64 { return v })
	sum := 0.0
	for _, v := range values {
		sum += (v - mu) * (v - mu)
	}
	if !centre {
		mu = 0
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = (v - mu) / divisor(sum/float64(len(values)-degrees))
	}
	return out
}

const normEpsilon = 1e-5

func rootEpsilon(variance float64) float64 { return math.Sqrt(variance + normEpsilon) }

// CheckBatchNorm checks batch norm in training mode, also on a batch of one.
func CheckBatchNorm(answer func(values []float64) []float64) Verdict {
	return exerciseBatchNorm.check(answer)
}

var exerciseBatchNorm = exercise[normFunc]{
	task: "return (x − μ)/√(σ² + 1e-5) for the values of one channel, with the mean and the variance of these values.",
	probes: func(f normFunc) (got []probe) {
		for _, batch := range [][]float64{{1, 2, 3, 6}, {-0.002, 0.002}, {5}, {2, 2, 2}} {
			got = append(got, list(fmt.Sprintf("values %v", batch), f(batch))...)
		}
		return got
	},
	solution: func(v []float64) []float64 { return normalised(v, 0, true, rootEpsilon) },
	mistakes: []mistake[normFunc]{
		{func(v []float64) []float64 { return normalised(v, 1, true, rootEpsilon) }, "You divide by n − 1. A batch is normalised by its own variance, divided by n; n − 1 enters only the running average. For one value it is 0/0."},
		{func(v []float64) []float64 { return normalised(v, 0, true, math.Sqrt) }, "ε is missing: a batch of one, or of equal values, has variance 0, and 0/0 is not a number."},
		{func(v []float64) []float64 {
			return normalised(v, 0, true, func(s float64) float64 { return s + normEpsilon })
		}, "You divide by the variance. It is its root, the standard deviation."},
		{func(v []float64) []float64 {
			return normalised(v, 0, true, func(s float64) float64 { return math.Sqrt(s) + normEpsilon })
		}, "ε stands outside the root. It is added to the variance, below the root."},
		{func(v []float64) []float64 { return normalised(v, 0, false, rootEpsilon) }, "The mean is not taken off."},
	},
	right: "A single value becomes 0, whatever it was. So a batch of one, where the map is 1×1, carries no information in training mode; that is why the library refuses it.",
}

type adamFunc = func(gradients []float64) float64

// adamWith follows a weight from 0 with Adam; correct says how moments are corrected at step t, step turns them into a
// movement.
func adamWith(beta1, beta2 float64, correct func(moment, beta float64, t int) float64, step func(m, v float64) float64) adamFunc {
	return func(gradients []float64) float64 {
		var w, m, v float64
		for i, g := range gradients {
			m = beta1*m + (1-beta1)*g
			v = beta2*v + (1-beta2)*g*g
			w -= 2e-4 * step(correct(m, beta1, i+1), correct(v, beta2, i+1))
		}
		return w
	}
}

func corrected(moment, beta float64, t int) float64 { return moment / (1 - math.Pow(beta, float64(t))) }
func uncorrected(moment, _ float64, _ int) float64  { return moment }
func byRoot(m, v float64) float64                   { return m / (math.Sqrt(v) + 1e-8) }

// CheckAdam checks where Adam brings a weight, with the practice's settings.
func CheckAdam(answer func(gradients []float64) float64) Verdict { return exerciseAdam.check(answer) }

var exerciseAdam = exercise[adamFunc]{
	task: "follow a weight that starts at 0 through these gradients with Adam: lr 2e-4, β₁ 0.5, β₂ 0.999, ε 1e-8.",
	probes: func(f adamFunc) (got []probe) {
		for _, g := range [][]float64{{3}, {1e-4}, {1, 1, 1}, {1, 1, 1, -1, -1}, {2, -1, 0.5}} {
			got = append(got, probe{fmt.Sprintf("gradients %v, times 10,000", g), 1e4 * f(g)})
		}
		return got
	},
	solution: adamWith(0.5, 0.999, corrected, byRoot),
	mistakes: []mistake[adamFunc]{
		{adamWith(0.5, 0.999, uncorrected, byRoot), "The moments start at 0 and are too small at first: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ. Without it the first step is 16 times lr."},
		{adamWith(0.9, 0.999, corrected, byRoot), "That is β₁ = 0.9, Adam's usual setting. DCGAN takes 0.5: with 0.9 G and D follow a past that the other has left."},
		{adamWith(0.999, 0.5, corrected, byRoot), "The betas are exchanged: 0.5 belongs to the mean of the gradients, 0.999 to that of their squares."},
		{adamWith(0.5, 0.999, corrected, func(m, v float64) float64 { return -byRoot(m, v) }), "The sign: a step goes against the gradient."},
		{adamWith(0.5, 0.999, corrected, func(m, v float64) float64 { return m / (v + 1e-8) }), "You divide by v. It is its root, so that the step does not depend on the size of the gradients."},
		{adamWith(0.5, 0.999, corrected, func(m, v float64) float64 { return m / math.Sqrt(v+1e-8) }), "ε stands below the root. In Adam it is added to the root: √v + ε."},
		{adamWith(0.5, 0.999, func(m, beta float64, t int) float64 { return corrected(m, beta, t-1) }, byRoot), "Steps are counted from 1. With t = 0 the correction divides by 1 − 1 = 0."},
		{func(gradients []float64) float64 {
			w := 0.0
			for _, g := range gradients {
				w -= 2e-4 * g
			}
			return w
		}, "That is plain gradient descent. Adam divides by the root of the mean square, so the first step is lr, whatever the gradient."},
	},
	right:  "The first step is lr for any gradient: that is why one step of a fresh D changes D(G(z)) so much. With β₁ = 0.5 the weight turns round at once when the sign of the gradient does.",
	within: 1e-5,
}
