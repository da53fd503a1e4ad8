package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Mode says which statistics batch normalisation uses.
type Mode int

const (
	Inference       Mode = iota // running averages
	BatchStatistics             // those of the batch; the running averages are left alone
	Training                    // those of the batch; the running averages move
)

// NormRule is a framework's convention for epsilon and for the running averages. All normalise by the biased batch
// variance; they differ in what enters the running one.
type NormRule int

const (
	TorchRule  NormRule = iota // ε 1e-5, keeps 0.9, unbiased variance
	TF1Fused                   // ε 1e-3, keeps 0.99, unbiased variance (tf.layers on images)
	TF1Unfused                 // ε 1e-3, keeps 0.99, biased variance (tf.layers on vectors)
	Debiased                   // ε 1e-3, keeps min(0.99, 1−1/t) at the t-th update, biased variance
)

// Epsilon is what the rule adds to a variance.
func (r NormRule) Epsilon() float64 {
	if r == TorchRule {
		return 1e-5
	}
	return 1e-3
}

func (r NormRule) keep() float64 {
	if r == TorchRule {
		return 0.9
	}
	return 0.99
}

func (r NormRule) unbiased() bool { return r == TorchRule || r == TF1Fused }

// BatchNormOptions describes a batch normalisation.
type BatchNormOptions struct {
	Mode      Mode
	Rule      NormRule
	Epsilon   float64     // 0: the rule's
	GammaInit Initializer // nil: 1
	NoAffine  bool        // no gamma and beta
}

// BatchNorm normalises x over all axes but the last (Ioffe and Szegedy 2015), y = γ·(x−μ)/√(σ²+ε) + β, with per
// channel: trainable gamma and beta, and the running averages moving_mean and moving_variance, in scope s.
func BatchNorm(s *model.Scope, x *graph.Node, o BatchNormOptions) *graph.Node {
	if x.Rank() < 2 {
		exceptions.Panicf("nn: BatchNorm: want [batch, …, channels], got %s", x.Shape())
	}
	g, channels := x.Graph(), x.Shape().Dimensions[x.Rank()-1]
	keepVariables(s.Store(), g)
	epsilon := o.Epsilon
	if epsilon == 0 {
		epsilon = o.Rule.Epsilon()
	}
	gamma, beta := graph.Ones(g, shapeOf(x, channels)), graph.Zeros(g, shapeOf(x, channels))
	if !o.NoAffine {
		init := o.GammaInit
		if init == nil {
			init = Constant(1)
		}
		gamma = Variable(s, g, "gamma", x.DType(), init, channels)
		beta = Variable(s, g, "beta", x.DType(), Constant(0), channels)
	}
	average := averages{
		mean:     untrained(s, "moving_mean", x.DType(), 0, channels),
		variance: untrained(s, "moving_variance", x.DType(), 1, channels),
	}
	if o.Mode == Inference {
		return normalizeFixed(x, gamma, beta, average.mean.NodeValue(g), average.variance.NodeValue(g), epsilon)
	}
	x, bias := withoutBias(x)
	y, mean, variance := normalizeBatch(x, gamma, beta, epsilon)
	if o.Mode == Training {
		if bias != nil {
			mean = graph.Add(mean, bias)
		}
		average.update(s, o.Rule, mean, variance, x.Shape().Size()/channels)
	}
	return y
}

// withoutBias takes the bias off a layer's output. The statistics of a batch take every constant out again, so that the
// bias in front of them changes nothing but the mean, and its gradient is exactly zero: adding it is two passes over
// memory for rounding errors that Adam would follow.
func withoutBias(x *graph.Node) (product, bias *graph.Node) {
	if sum, ok := stateOf(x.Graph()).biased[x]; ok {
		return sum.product, sum.bias
	}
	return x, nil
}

// normalizeFixed uses statistics that do not depend on x: y = (x−μ)·f + β with f = γ/√(σ²+ε). After a convolution with
// bias b this is the convolution with the kernel f·W, plus one vector, (b−μ)·f + β: no pass over memory of its own.
func normalizeFixed(x, gamma, beta, mean, variance *graph.Node, epsilon float64) *graph.Node {
	factor := graph.Mul(gamma, reciprocalRoot(variance, epsilon))
	if sum := stateOf(x.Graph()).biased[x]; sum.scaled != nil {
		return addVector(sum.scaled(factor), graph.Add(graph.Mul(graph.Sub(sum.bias, mean), factor), beta))
	}
	return addVector(multiplyVector(x, factor), graph.Sub(beta, graph.Mul(mean, factor)))
}

// multiplyVector multiplies the last axis of x by v [channels].
func multiplyVector(x, v *graph.Node) *graph.Node {
	l := lanesOf(x)
	return withGradient(l.back(graph.Mul(l.rows(x), l.wide(v))), func(in []*graph.Node, u *graph.Node) []*graph.Node {
		return []*graph.Node{multiplyVector(u, in[1]), l.sum(graph.Mul(l.rows(u), l.rows(in[0])))}
	}, x, v)
}

// normalizeBatch uses the statistics of x. With d = x−μ, r = 1/√(σ²+ε), N values per channel, S₁ = Σv and S₂ = Σv·d:
//
//	∂x = γr·v − γr·S₁/N − γr³·S₂/N · d,  ∂γ = r·S₂,  ∂β = S₁
func normalizeBatch(x, gamma, beta *graph.Node, epsilon float64) (y, mean, variance *graph.Node) {
	l := lanesOf(x)
	perN := float64(gamma.Shape().Size()) / float64(x.Shape().Size()) // 1/N

	rows := l.rows(x)
	mean = graph.MulScalar(l.sum(rows), perN)
	d := graph.Sub(rows, l.wide(mean))
	variance = graph.MulScalar(l.sum(graph.Square(d)), perN)
	r := reciprocalRoot(variance, epsilon)
	y = l.back(graph.Add(graph.Mul(d, l.wide(graph.Mul(gamma, r))), l.wide(beta)))

	y = withGradient(y, func(in []*graph.Node, v *graph.Node) []*graph.Node {
		gamma, d, r := in[1], in[3], in[4]
		v = l.rows(v)
		s1, s2 := l.sum(v), l.sum(graph.Mul(v, d))
		scale := graph.Mul(gamma, r)
		ofV := graph.Mul(v, l.wide(scale))
		ofD := graph.Mul(d, l.wide(graph.MulScalar(graph.Mul(scale, graph.Mul(graph.Square(r), s2)), -perN)))
		constant := l.wide(graph.MulScalar(graph.Mul(scale, s1), -perN))
		return []*graph.Node{l.back(graph.Add(graph.Add(ofV, ofD), constant)), graph.Mul(r, s2), s1}
	}, x, gamma, beta, d, r)
	return y, mean, variance
}

// reciprocalRoot is 1/√(σ²+ε); graph.Rsqrt has no gradient.
func reciprocalRoot(variance *graph.Node, epsilon float64) *graph.Node {
	return graph.Reciprocal(graph.Sqrt(graph.AddScalar(variance, epsilon)))
}

// averages are the running statistics of one layer.
type averages struct{ mean, variance *model.Variable }

// update moves the averages towards the statistics of a batch with n values per channel:
// average ← keep·average + (1−keep)·batch. Applying a layer twice in a graph moves them twice, in order.
func (a averages) update(s *model.Scope, rule NormRule, mean, variance *graph.Node, n int) {
	g := mean.Graph()
	if rule.unbiased() {
		if n < 2 {
			exceptions.Panicf("nn: BatchNorm in %s: one value per channel has no unbiased variance; use a larger batch", s.Scope())
		}
		variance = graph.MulScalar(variance, float64(n)/float64(n-1))
	}
	keep := graph.Scalar(g, mean.DType(), rule.keep())
	if rule == Debiased {
		updates := untrained(s, "moving_updates", mean.DType(), 0)
		t := graph.OnePlus(updates.NodeValue(g))
		updates.SetNodeValue(t)
		keep = graph.Min(keep, graph.OneMinus(graph.Reciprocal(t)))
	}
	move := func(average *model.Variable, batch *graph.Node) {
		old := graph.Mul(average.NodeValue(g), keep)
		average.SetNodeValue(graph.StopGradient(graph.Add(old, graph.Mul(batch, graph.OneMinus(keep)))))
	}
	move(a.mean, mean)
	move(a.variance, variance)
}
