package nn

// ConvSize is the output size of a convolution along one axis, kernel k dilated by d (1: not dilated):
// ⌊(in + before + after − d(k−1) − 1)/s⌋ + 1. It is zero or less when the kernel does not fit.
func ConvSize(in, k, s, before, after, d int) int {
	return floorDiv(in+before+after-d*(k-1)-1, s) + 1
}

// TransposedSize is the output size of a transposed convolution along one axis, padding p on both sides, output
// padding a at the end: (in−1)s − 2p + d(k−1) + a + 1.
func TransposedSize(in, k, s, p, d, a int) int {
	return (in-1)*s - 2*p + d*(k-1) + a + 1
}

// SameSize is the output size of a convolution with TensorFlow's "same" padding: ⌈in/s⌉.
func SameSize(in, s int) int { return (in + s - 1) / s }

// SamePad is that padding: max((out−1)s + k − in, 0) in total, the odd one after.
func SamePad(in, k, s int) (before, after int) {
	total := max((SameSize(in, s)-1)*s+k-in, 0)
	return total / 2, total - total/2
}

// floorDiv rounds towards minus infinity, as ⌊⌋ does and Go's / does not.
func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
