package work

// layers are the multiplications of a network's layers for one image, from the input on. Each is done once forward,
// once back to the layer's input and once to its weights.
type layers []int64

func (l layers) sum() (n int64) {
	for _, m := range l {
		n += m
	}
	return n
}

func (l layers) first() int64 { return l[0] }
func (l layers) last() int64  { return l[len(l)-1] }

// trained: forward, to all weights, back to all inputs but the first.
func (l layers) trained() int64 { return 3*l.sum() - l.first() }

// through: forward and back to the first input, to no weights.
func (l layers) through() int64 { return 2 * l.sum() }

// penalised is what the square of the gradient with respect to the input, or a function of it, costs beside the
// forward pass: the gradient itself, then back through the chain of its layers, from the input to the output, to all
// weights and all cotangents but the one it began with. Where activations are piecewise linear nothing goes back
// through the forward pass.
func (l layers) penalised() int64 { return 3*l.sum() - l.last() }

// conv is a k×k convolution with side² pixels of output, and the same count for a transposed one with side² of input.
func conv(side, k, in, out int) int64 {
	return int64(side) * int64(side) * int64(k) * int64(k) * dense(in, out)
}

func dense(in, out int) int64 { return int64(in) * int64(out) }
