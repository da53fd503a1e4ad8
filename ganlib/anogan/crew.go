package anogan

import (
	"math"

	"github.com/ganbook/ganbook/ganlib/frozen"
)

// crew is up to [frozen.Lanes] queries of a batch, with x and f(x) as the chain has them.
type crew struct {
	e       *lanes
	from, n int
	x, fx   []float32
}

func (c *crew) know(m *frozen.Memory, pictures []float32, k known) {
	e := c.e
	c.x = e.chain.Pack(e.image, pictures)
	copy(m.Values(e.image), c.x)
	m.Forward(e.image, e.last)
	c.fx = append([]float32(nil), m.Values(e.feature)...)
	c.take(e.chain, e.last, m.Values(e.last), k.logits)
	if e.encoder != nil {
		last, guess := e.encoder.Layers(), e.encoder.NewMemory()
		copy(guess.Values(0), e.encoder.Pack(0, pictures))
		guess.Forward(0, last)
		c.take(e.encoder, last, guess.Values(last), k.guess)
	}
}

// take writes activations of the crew's queries into their rows.
func (c *crew) take(net *frozen.Net, i int, packed, rows []float32) {
	size := net.Size(i)
	for lane := range c.n {
		net.Take(i, packed, lane, rows[(c.from+lane)*size:(c.from+lane+1)*size])
	}
}

// mapping computes G(z) and f(G(z)) from w, and R, D and A of the crew's queries. The gradient of A by f(G(z)) is left in
// memory, where [crew.gradient] begins.
func (c *crew) mapping(m *frozen.Memory, w []float32) seen {
	e := c.e
	z := m.Values(0)
	copy(z, w)
	if e.search.Bound == "tanh" {
		for i, v := range z {
			z[i] = float32(math.Tanh(float64(v)))
		}
	}
	m.Forward(0, e.feature)
	lambda := float32(e.search.Lambda)
	v := seen{score: make([]float32, c.n)}
	v.residual = c.distance(e.image, m.Values(e.image), c.x, nil, 0)
	v.discrimination = c.distance(e.feature, m.Values(e.feature), c.fx, cleared(m.Gradient(e.feature)), lambda)
	for i := range v.score {
		v.score[i] = float32((1-lambda)*v.residual[i]) + float32(lambda*v.discrimination[i])
	}
	return v
}

func cleared(values []float32) []float32 {
	clear(values)
	return values
}

// distance is the mean, or the sum, over the elements of an activation of the crew's queries; weight times its gradient is
// added to gradient.
func (c *crew) distance(i int, y, x, gradient []float32, weight float32) []float32 {
	per := float32(1)
	if !c.e.search.Sums {
		per = 1 / float32(c.e.chain.Size(i))
	}
	sums := make([]float32, frozen.Lanes())
	frozen.Distance(sums, y, x, gradient, weight*per, c.e.search.Squares)
	for k := range sums {
		sums[k] *= per
	}
	return sums[:c.n]
}

// gradient is that of A by w, after [crew.mapping].
func (c *crew) gradient(m *frozen.Memory) []float32 {
	e := c.e
	m.Backward(e.feature, e.image)
	c.distance(e.image, m.Values(e.image), c.x, m.Gradient(e.image), 1-float32(e.search.Lambda))
	m.Backward(e.image, 0)
	g := m.Gradient(0)
	if e.search.Bound == "tanh" {
		for i, z := range m.Values(0) {
			g[i] *= 1 - float32(z*z)
		}
	}
	return g
}

// update is one step of Adam on the latents of a crew, as [ganlib.Adam.Next] makes it. Every product is rounded, so that it
// is the same on processors for which Go would join it with the sum.
func (e *lanes) update(w, gradient, first, second, scores []float32, rate, eps float32) {
	beta1, beta2 := float32(adam.Beta1), float32(adam.Beta2)
	rest1, rest2 := float32(1-adam.Beta1), float32(1-adam.Beta2)
	for i, g := range gradient {
		first[i] = float32(beta1*first[i]) + float32(rest1*g)
		second[i] = float32(beta2*second[i]) + float32(rest2*float32(g*g))
		if lane := i % frozen.Lanes(); e.search.Stop > 0 && lane < len(scores) && !(scores[lane] > float32(e.search.Stop)) {
			continue
		}
		w[i] -= float32(rate * (first[i] / (float32(math.Sqrt(float64(second[i]))) + eps)))
		if e.search.Bound == "clip" {
			w[i] = max(-1, min(1, w[i]))
		}
	}
}
