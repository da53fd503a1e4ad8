package anogan

import (
	"fmt"
	"math"
	"path"
	"runtime"
	"sync"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/frozen"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// lanes is the engine of the host: a crew of queries at a time, each in a lane of the vector registers from its first
// step to its last. G and D are one chain of layers, z → G(z) → f(G(z)) → logit.
type lanes struct {
	search               Search
	chain, encoder       *frozen.Net // encoder nil: the search does not begin at E(x)
	image, feature, last int         // numbers of the chain's activations
	memory               chan *frozen.Memory
}

// laned says whether the engine has the networks' layers. Fully connected ones are matrix products, which the backend
// does well.
func (c Config) laned() bool { return !c.Dense }

func newLanes(store *model.Store, c Config, search Search) (*lanes, error) {
	g, d := c.generatorBlocks(), c.discriminatorBlocks()
	e := &lanes{search: search, image: len(g), feature: len(g) + c.Feature, last: len(g) + len(d)}
	generator, err := c.freeze(store, ganlib.ScopeGenerator, g, frozen.Shape{Height: 1, Width: 1, Maps: c.Latent})
	if err != nil {
		return nil, err
	}
	image := frozen.Shape{Height: c.ImageSize, Width: c.ImageSize, Maps: c.Channels}
	discriminator, err := c.freeze(store, ganlib.ScopeDiscriminator, d, image)
	if err != nil {
		return nil, err
	}
	if e.chain, err = frozen.New(append(generator, discriminator...)); err != nil {
		return nil, fmt.Errorf("anogan: G and D: %w", err)
	}
	if search.From == FromEncoder {
		encoder, err := c.freeze(store, ganlib.ScopeEncoder, c.encoderBlocks(), image)
		if err != nil {
			return nil, err
		}
		if e.encoder, err = frozen.New(encoder); err != nil {
			return nil, fmt.Errorf("anogan: E: %w", err)
		}
	}
	e.memory = make(chan *frozen.Memory, runtime.GOMAXPROCS(0))
	return e, nil
}

// freeze reads the weights of a network, whose input has this shape.
func (c Config) freeze(store *model.Store, scope string, blocks []block, in frozen.Shape) ([]frozen.Layer, error) {
	var layers []frozen.Layer
	for _, b := range blocks {
		l := frozen.Layer{
			Op: b.frozenOp(), In: in, Out: frozen.Shape{Height: b.size, Width: b.size, Maps: b.out},
			Kernel: b.kernel, Stride: b.stride, Before: b.pad[0][0], Slope: 1,
		}
		switch b.activation {
		case "ReLU", "LeakyReLU":
			l.Slope = float32(b.slope)
		case "tanh":
			l.Activation = frozen.Tanh
		}
		numbers := []named{{path.Join(scope, b.name, "w"), &l.Weights}, {path.Join(scope, b.name, "b"), &l.Bias}}
		if b.norm != "" {
			n := &frozen.Norm{Epsilon: normRules[c.Norm].Epsilon()}
			at := path.Join(scope, b.norm)
			numbers = append(numbers, named{at + "/gamma", &n.Gamma}, named{at + "/beta", &n.Beta},
				named{at + "/moving_mean", &n.Mean}, named{at + "/moving_variance", &n.Variance})
			l.Norm = n
		}
		for _, v := range numbers {
			if err := v.read(store); err != nil {
				return nil, err
			}
		}
		layers, in = append(layers, l), l.Out
	}
	return layers, nil
}

func (b block) frozenOp() frozen.Op {
	switch b.op {
	case "dense":
		return frozen.Dense
	case "transposed conv":
		return frozen.Transposed
	}
	return frozen.Convolution
}

// named is where the numbers of a variable go.
type named struct {
	path string
	to   *[]float32
}

func (v named) read(store *model.Store) error {
	value, err := store.GetVariable(v.path).Value()
	if err == nil {
		*v.to, err = tensors.CopyFlatData[float32](value)
	}
	if err != nil {
		return fmt.Errorf("anogan: variable %s: %w", v.path, err)
	}
	return nil
}

func (e *lanes) features() int { return e.chain.Size(e.feature) }
func (e *lanes) close()        {}

// borrow takes memory to compute in, which a crew needs for a step and does not keep.
func (e *lanes) borrow() *frozen.Memory {
	select {
	case m := <-e.memory:
		return m
	default:
		return e.chain.NewMemory()
	}
}

func (e *lanes) giveBack(m *frozen.Memory) {
	select {
	case e.memory <- m:
	default:
	}
}

// crew is up to [frozen.Lanes] queries of a batch, with x and f(x) as the chain has them.
type crew struct {
	e       *lanes
	from, n int
	x, fx   []float32
}

// know forms crews of the queries; what fills the batch up is left alone.
func (e *lanes) know(fed []float32, n int) (target, known, error) {
	t := &laneTarget{e: e, n: n, crews: make([]*crew, (n+frozen.Lanes()-1)/frozen.Lanes())}
	k := known{logits: make([]float32, n)}
	if e.encoder != nil {
		k.guess = make([]float32, n*e.chain.Size(0))
	}
	size := e.chain.Size(e.image)
	each(len(t.crews), func(i int) {
		c := &crew{e: e, from: i * frozen.Lanes()}
		c.n = min(frozen.Lanes(), n-c.from)
		c.know(fed[c.from*size:(c.from+c.n)*size], k)
		t.crews[i] = c
	})
	return t, k, nil
}

func (c *crew) know(pictures []float32, k known) {
	e := c.e
	m := e.borrow()
	defer e.giveBack(m)
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

// each calls do for every number below n, at the same time.
func each(n int, do func(i int)) {
	if n == 1 {
		do(0)
		return
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// laneTarget is the crews of a batch.
type laneTarget struct {
	e     *lanes
	n     int
	crews []*crew
}

func (t *laneTarget) free() {}

func (t *laneTarget) features() ([]float32, error) {
	rows := make([]float32, t.n*t.e.features())
	for _, c := range t.crews {
		c.take(t.e.chain, t.e.feature, c.fx, rows)
	}
	return rows, nil
}

func (t *laneTarget) start(w []float32) walk {
	s := &laneWalk{t: t, w: make([][]float32, len(t.crews))}
	size := t.e.chain.Size(0)
	for i, c := range t.crews {
		s.w[i] = t.e.chain.Pack(0, w[c.from*size:(c.from+c.n)*size])
	}
	return s
}

// laneWalk is the latents of the crews and their Adam.
type laneWalk struct {
	t       *laneTarget
	w       [][]float32
	moments *laneMoments
}

// laneMoments are those of each crew.
type laneMoments struct{ first, second [][]float32 }

func (*laneMoments) free() {}

func (s *laneWalk) resume(m moments) {
	s.moments, _ = m.(*laneMoments)
	if s.moments == nil {
		s.moments = &laneMoments{zerosLike(s.w), zerosLike(s.w)}
	}
}

func zerosLike(list [][]float32) [][]float32 {
	zeros := make([][]float32, len(list))
	for i, values := range list {
		zeros[i] = make([]float32, len(values))
	}
	return zeros
}

func (s *laneWalk) leave() moments {
	if s.moments == nil {
		return nil
	}
	m := s.moments
	s.moments = nil
	return m
}

func (s *laneWalk) free() {}

func (s *laneWalk) step(rate, eps float32) ([]float32, error) {
	scores := make([]float32, s.t.n)
	each(len(s.t.crews), func(i int) {
		c := s.t.crews[i]
		m := s.t.e.borrow()
		defer s.t.e.giveBack(m)
		v := c.mapping(m, s.w[i])
		copy(scores[c.from:], v.score)
		s.t.e.update(s.w[i], c.gradient(m), s.moments.first[i], s.moments.second[i], v.score, rate, eps)
	})
	return scores, nil
}

func (s *laneWalk) look() (seen, error) {
	e, n := s.t.e, s.t.n
	v := seen{
		images: make([]float32, n*e.chain.Size(e.image)), z: make([]float32, n*e.chain.Size(0)),
		residual: make([]float32, n), discrimination: make([]float32, n), score: make([]float32, n),
	}
	each(len(s.t.crews), func(i int) {
		c := s.t.crews[i]
		m := e.borrow()
		defer e.giveBack(m)
		now := c.mapping(m, s.w[i])
		c.take(e.chain, 0, m.Values(0), v.z)
		c.take(e.chain, e.image, m.Values(e.image), v.images)
		copy(v.residual[c.from:], now.residual)
		copy(v.discrimination[c.from:], now.discrimination)
		copy(v.score[c.from:], now.score)
	})
	return v, nil
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
		v.score[i] = (1-lambda)*v.residual[i] + lambda*v.discrimination[i]
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
			g[i] *= 1 - z*z
		}
	}
	return g
}

// update is one step of Adam on the latents of a crew, as [ganlib.Adam.Next] makes it.
func (e *lanes) update(w, gradient, first, second, scores []float32, rate, eps float32) {
	beta1, beta2 := float32(adam.Beta1), float32(adam.Beta2)
	rest1, rest2 := float32(1-adam.Beta1), float32(1-adam.Beta2)
	for i, g := range gradient {
		first[i] = beta1*first[i] + rest1*g
		second[i] = beta2*second[i] + rest2*(g*g)
		if lane := i % frozen.Lanes(); e.search.Stop > 0 && lane < len(scores) && !(scores[lane] > float32(e.search.Stop)) {
			continue
		}
		w[i] -= rate * (first[i] / (float32(math.Sqrt(float64(second[i]))) + eps))
		if e.search.Bound == "clip" {
			w[i] = max(-1, min(1, w[i]))
		}
	}
}
