package train

import (
	"maps"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/gomlx/core/tensors"
)

// plainNets are the networks of the miniature OMASGAN in float64, by the paths of their variables.
type plainNets map[string][]float64

// slope is the derivative of a function of the networks by every number of one variable, by central differences.
func (n plainNets) slope(f func(plainNets) float64, path string) []float64 {
	const h = 1e-5 // truncation about 1e-10, rounding about 1e-11
	moved := maps.Clone(n)
	out := make([]float64, len(n[path]))
	for i, v := range n[path] {
		moved[path] = slices.Clone(n[path])
		moved[path][i] = v + h
		ahead := f(moved)
		moved[path][i] = v - h
		out[i] = (ahead - f(moved)) / (2 * h)
	}
	return out
}

func rows(values []float64) [][2]float64 {
	out := make([][2]float64, len(values)/2)
	for i := range out {
		out[i] = [2]float64{values[2*i], values[2*i+1]}
	}
	return out
}

// hidden is tanh(xW + b).
func (n plainNets) hidden(scope string, x [2]float64) []float64 {
	w, b := n[scope+"/a/w"], n[scope+"/a/b"]
	h := make([]float64, len(b))
	for j := range h {
		h[j] = math.Tanh(x[0]*w[j] + x[1]*w[len(b)+j] + b[j])
	}
	return h
}

func (n plainNets) generate(scope string, z [][2]float64) [][2]float64 {
	w, b := n[scope+"/b/w"], n[scope+"/b/b"]
	out := slices.Clone(z)
	for i := range out {
		for j, h := range n.hidden(scope, z[i]) {
			out[i][0] += h * w[2*j]
			out[i][1] += h * w[2*j+1]
		}
		out[i][0] += b[0]
		out[i][1] += b[1]
	}
	return out
}

// value is v(x), and its squared gradient with respect to x.
func (n plainNets) value(scope string, x [2]float64) (v, squared float64) {
	in, out := n[scope+"/a/w"], n[scope+"/b/w"]
	v = n[scope+"/b/b"][0]
	d0, d1 := 0.0, 0.0
	for j, h := range n.hidden(scope, x) {
		v += h * out[j]
		d0 += (1 - h*h) * out[j] * in[j]
		d1 += (1 - h*h) * out[j] * in[len(out)+j]
	}
	return v, d0*d0 + d1*d1
}

// mean of f over the critic's values of a batch.
func (n plainNets) mean(scope string, x [][2]float64, f func(v float64) float64) float64 {
	sum := 0.0
	for _, p := range x {
		v, _ := n.value(scope, p)
		sum += f(v)
	}
	return sum / float64(len(x))
}

func (n plainNets) conjugate(scope string, x [][2]float64) float64 {
	return n.mean(scope, x, func(v float64) float64 { return v*v/4 + v })
}

func (n plainNets) average(scope string, x [][2]float64) float64 {
	return n.mean(scope, x, func(v float64) float64 { return v })
}

// penalty is omaGamma·½·E‖∇v‖².
func (n plainNets) penalty(scope string, x [][2]float64) float64 {
	sum := 0.0
	for _, p := range x {
		_, squared := n.value(scope, p)
		sum += squared
	}
	return omaGamma * 0.5 * sum / float64(len(x))
}

func (n plainNets) critic(critic, generator string, z, x [][2]float64) float64 {
	return n.conjugate(critic, n.generate(generator, z)) - n.average(critic, x) + n.penalty(critic, x)
}

// nearest is E min‖b − x‖².
func nearest(b, x [][2]float64) float64 {
	sum := 0.0
	for _, p := range b {
		best := math.Inf(1)
		for _, q := range x {
			best = min(best, (p[0]-q[0])*(p[0]-q[0])+(p[1]-q[1])*(p[1]-q[1]))
		}
		sum += best
	}
	return sum / float64(len(b))
}

// plainLoss is the loss of a step.
func plainLoss(step string, n plainNets, z, x [][2]float64) float64 {
	switch step {
	case "G":
		return -n.conjugate(ganlib.ScopeDiscriminator, n.generate(ganlib.ScopeGenerator, z))
	case "D":
		return n.critic(ganlib.ScopeDiscriminator, ganlib.ScopeGenerator, z, x)
	case "B":
		b := n.generate(ganlib.ScopeBoundary, z)
		return n.conjugate(scopeBoundaryCritic, b) + 1.5*nearest(b, x)
	case "DB":
		return n.critic(scopeBoundaryCritic, ganlib.ScopeBoundary, z, x)
	case "C":
		const c = scopeRetrainedCritic
		return n.conjugate(c, n.generate(scopeRetrained, z)) + 0.7*n.conjugate(c, n.generate(ganlib.ScopeBoundary, z)) -
			0.3*n.average(c, x) - 0.4*n.average(c, n.generate(ganlib.ScopeGenerator, z)) + n.penalty(c, x)
	case "G'":
		return -n.conjugate(scopeRetrainedCritic, n.generate(scopeRetrained, z))
	case "J":
		return 0.5*n.conjugate(scopeJudge, n.generate(scopeRetrained, z)) + 0.5*n.conjugate(scopeJudge, x) -
			n.average(scopeJudge, n.generate(ganlib.ScopeBoundary, z))
	}
	panic("no step " + step)
}

// firstLatentsOf are the latents that a trainer's next iteration feeds to its first call.
func firstLatentsOf(t *Trainer, n int) *tensors.Tensor {
	z := t.gan.Prior.Sample(seed.Rand(t.opt.Seed, "z", t.state.Iteration, 0), n)
	return tensors.FromFlatDataAndDimensions(z, n, t.gan.Prior.Size)
}
