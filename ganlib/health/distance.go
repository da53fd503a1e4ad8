package health

import "math"

// Distance is the mean distance between two of n images, over all pairs: the root mean square over their pixels, 0 for
// equal images and 2 for black and white ones when pixels are in [−1, 1]. pixels holds the images one after the other.
// Of fewer than two images it is 0.
func Distance(pixels []float32, n int) float64 {
	if n < 2 {
		return 0
	}
	size, sum := len(pixels)/n, 0.0
	for i := range n {
		a := pixels[i*size : (i+1)*size]
		for j := range i {
			sum += math.Sqrt(squares(a, pixels[j*size:(j+1)*size]) / float64(size))
		}
	}
	return sum / float64(n*(n-1)/2)
}

// squares is Σ(a−b)². Four sums beside each other, because one alone would wait for its last addition.
func squares(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	for len(a) >= 4 && len(b) >= 4 {
		d0, d1, d2, d3 := float64(a[0]-b[0]), float64(a[1]-b[1]), float64(a[2]-b[2]), float64(a[3]-b[3])
		s0, s1, s2, s3 = s0+d0*d0, s1+d1*d1, s2+d2*d2, s3+d3*d3
		a, b = a[4:], b[4:]
	}
	for k := range a {
		d := float64(a[k] - b[k])
		s0 += d * d
	}
	return s0 + s1 + s2 + s3
}
