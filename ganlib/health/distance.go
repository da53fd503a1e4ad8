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
			b := pixels[j*size : (j+1)*size]
			square := 0.0
			for k := range a {
				d := float64(a[k] - b[k])
				square += d * d
			}
			sum += math.Sqrt(square / float64(size))
		}
	}
	return sum / float64(n*(n-1)/2)
}
