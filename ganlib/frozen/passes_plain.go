//go:build !goexperiment.simd

package frozen

import "math"

func leaky(x []float32, slope float32) {
	for i, v := range x {
		x[i] = max(v, slope*v)
	}
}

func leakyBack(v, y []float32, slope float32) {
	for i := range v {
		if !(y[i] > 0) {
			v[i] *= slope
		}
	}
}

func tanh(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Tanh(float64(v)))
	}
}

func tanhBack(v, y []float32) {
	for i, t := range y {
		v[i] *= 1 - t*t
	}
}

func add(x, b []float32) {
	for i, v := range b {
		x[i] += v
	}
}

func absoluteDistance(sums, y, x, gradient []float32, weight float32) {
	sums[0] = 0
	for i, v := range y {
		d := v - x[i]
		sums[0] += float32(math.Abs(float64(d)))
		if gradient != nil && d > 0 {
			gradient[i] += weight
		} else if gradient != nil && d < 0 {
			gradient[i] -= weight
		}
	}
}

func squaredDistance(sums, y, x, gradient []float32, weight float32) {
	sums[0] = 0
	for i, v := range y {
		d := v - x[i]
		sums[0] += d * d
		if gradient != nil {
			gradient[i] += weight * d
		}
	}
}
