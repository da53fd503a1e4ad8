// Package loss holds adversarial objectives. Arguments are what a discriminator or critic puts out before any
// sigmoid (logits l, critic values f), of any shape; results are scalars, means over all values, to be minimised.
//
// D(x) = σ(l) is the probability of "real". Objectives are written with softplus(l) = log(1+eˡ), in which
// −log D = softplus(−l) and −log(1−D) = softplus(l): exact where a sigmoid would round to 0 or 1.
package loss
