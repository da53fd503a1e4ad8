package loss

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Critic is E f(G(z)) − E f(x): what the critic minimises (Arjovsky et al. 2017). Its negative estimates the
// Wasserstein distance times the critic's Lipschitz constant.
func Critic(real, fake *Node) *Node {
	return Sub(ReduceAllMean(fake), ReduceAllMean(real))
}

// CriticGenerator is −E f(G(z)): what the generator minimises against a critic.
func CriticGenerator(fake *Node) *Node {
	return Neg(ReduceAllMean(fake))
}

// GradientPenalty is the mean over examples of (‖∇f(x̂)‖ − target)² / target², ‖·‖ over all axes but the first
// (Gulrajani et al. 2017 with target 1; Karras et al. 2018 divide by target²). critic must treat the examples of
// mixed independently: it is differentiated through the sum of its outputs. The result is itself differentiable.
func GradientPenalty(critic func(x *Node) *Node, mixed *Node, target float64) *Node {
	norm := safeSqrt(squaredGradient(critic, mixed))
	return ReduceAllMean(Square(MulScalar(AddScalar(norm, -target), 1/target)))
}

// R1 is ½·E‖∇D(x)‖² on real examples (Mescheder et al. 2018), to be weighted by γ.
func R1(critic func(x *Node) *Node, real *Node) *Node {
	return MulScalar(ReduceAllMean(squaredGradient(critic, real)), 0.5)
}

// squaredGradient is ‖∂f/∂x‖² of every example, [batch].
func squaredGradient(critic func(x *Node) *Node, x *Node) *Node {
	batch := x.Shape().Dimensions[0]
	gradient := Gradient(ReduceAllSum(critic(x)), x)[0]
	return ReduceSum(Reshape(Square(gradient), batch, -1), 1)
}

// safeSqrt is √x with derivative 0 instead of infinity at x = 0.
func safeSqrt(x *Node) *Node {
	positive := GreaterThan(x, ScalarZero(x.Graph(), x.DType()))
	root := Sqrt(Where(positive, x, ScalarOne(x.Graph(), x.DType())))
	return Where(positive, root, ScalarZero(x.Graph(), x.DType()))
}
