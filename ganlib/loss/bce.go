package loss

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// BCEWithLogits is the mean binary cross-entropy of logits against one label in [0, 1]:
// −label·log D − (1−label)·log(1−D). Labels between 0 and 1 smooth.
func BCEWithLogits(logits *Node, label float64) *Node {
	return ReduceAllMean(crossEntropy(logits, label))
}

// crossEntropy per value: softplus(l) − label·l.
func crossEntropy(logits *Node, label float64) *Node {
	if label == 1 {
		return softplus(Neg(logits)) // the difference of two large numbers would lose digits
	}
	return Sub(softplus(logits), MulScalar(logits, label))
}

// softplus is log(1+eˣ) = max(x, 0) + log(1+e^−|x|), which neither overflows nor loses small values. Where takes one
// side at x = 0 too, so that all derivatives there are those of log(1+eˣ): ½, ¼ … It asks for negative values, not for
// positive ones, so that one that is not a number takes the side that keeps it: the backend's exponential is 0 there, and
// a training that diverged would have a loss.
func softplus(x *Node) *Node {
	zero := ScalarZero(x.Graph(), x.DType())
	negative := LessThan(x, zero)
	return Add(Where(negative, zero, x), Log1P(Exp(Where(negative, x, Neg(x)))))
}

// Discriminator is −log D(x) − log(1−D(G(z))), each a mean (Goodfellow et al. 2014, the discriminator's objective
// negated).
func Discriminator(real, fake *Node) *Node {
	return Add(BCEWithLogits(real, 1), BCEWithLogits(fake, 0))
}

// NonSaturating is −log D(G(z)): the generator's objective in practice (Goodfellow et al. 2014, section 3).
func NonSaturating(fake *Node) *Node {
	return BCEWithLogits(fake, 1)
}

// Minimax is log(1−D(G(z))): the generator's side of the minimax game. Its gradient vanishes where D is sure.
func Minimax(fake *Node) *Node {
	return Neg(BCEWithLogits(fake, 0))
}
