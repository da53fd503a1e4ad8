package frozen

// Distance writes Σ|y−x| of each example, or Σ(y−x)², into sums [Lanes], for packed activations y and x of one layer.
// weight times its gradient by y is added to gradient, which is packed alike, unless that is nil. The gradient of |0| is 0.
func Distance(sums, y, x, gradient []float32, weight float32, squares bool) {
	if squares {
		squaredDistance(sums, y, x, gradient, 2*weight)
	} else {
		absoluteDistance(sums, y, x, gradient, weight)
	}
}
