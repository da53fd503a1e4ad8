package frozen

// Distance is Σ|y−x| of each example, or Σ(y−x)², over the elements of two sets of values. weight times its gradient by y
// is added to gradient, unless that is nil. The gradient of |0| is 0.
func Distance(sums, y, x, gradient []float32, weight float32, squares bool) {
	if squares {
		squaredDistance(sums, y, x, gradient, 2*weight)
	} else {
		absoluteDistance(sums, y, x, gradient, weight)
	}
}
