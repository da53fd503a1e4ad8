package anogan

import (
	"fmt"
	"sync"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/frozen"
	"github.com/gomlx/gomlx/ml/model"
)

// lanes is the engine of the host: a crew of queries at a time, each in a lane of the vector registers from its first
// step to its last. G and D are one chain of layers, z → G(z) → f(G(z)) → logit.
type lanes struct {
	search               Search
	chain, encoder       *frozen.Net // encoder nil: the search does not begin at E(x)
	image, feature, last int         // numbers of the chain's activations
	batch                int
	memory               chan *frozen.Memory // one for every core, nil until it is needed
}

// Up to how many multiplications, for one query once through G and D to f(x), a search is in lanes: these numbers lie
// between nets that were measured, many queries at a time and one alone. The blog's nets have 0.6 million; in lanes many take
// a fifth of the backend's time, and one takes as long. Nets of DCGAN's size have 12 million; there many take three quarters,
// and one three times as long. The paper's have several hundred million; with the portable tiles they took 1.3 times as long
// in lanes, and were not measured with the others.
const (
	productsOfCrews = 20_000_000
	productsOfOne   = 4_000_000
)

// laned says whether the engine is for these networks, in batches of that size. Fully connected ones are matrix products,
// which the backend does well.
func (c Config) laned(batch int) bool {
	if c.Dense {
		return false
	}
	products := 0
	for _, l := range bare(append(c.generatorBlocks(), c.discriminatorBlocks()[:c.Feature]...), c.latentShape()) {
		products += l.Products()
	}
	return products < productsOfOne || products < productsOfCrews && batch >= frozen.Lanes()
}

func (c Config) latentShape() frozen.Shape { return frozen.Shape{Height: 1, Width: 1, Maps: c.Latent} }

func newLanes(store *model.Store, c Config, search Search, opt MapperOptions) (*lanes, error) {
	g, d := c.generatorBlocks(), c.discriminatorBlocks()
	e := &lanes{search: search, batch: opt.Batch, image: len(g), feature: len(g) + c.Feature, last: len(g) + len(d)}
	generator, err := c.freeze(store, ganlib.ScopeGenerator, g, c.latentShape())
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
	e.memory = make(chan *frozen.Memory, opt.Cores)
	for range opt.Cores {
		e.memory <- nil
	}
	return e, nil
}

func (e *lanes) name() string     { return EngineLanes }
func (e *lanes) featureSize() int { return e.chain.Size(e.feature) }
func (e *lanes) close()           {}

// atOnce is batches for all cores, and one more, since a batch waits for the last of its crews after every step.
func (e *lanes) atOnce() int {
	crews := (e.batch + frozen.Lanes() - 1) / frozen.Lanes()
	return 1 + (cap(e.memory)+crews-1)/crews
}

// compute waits for a core and its memory, which a crew needs for a step and does not keep.
func (e *lanes) compute(do func(m *frozen.Memory)) {
	m := <-e.memory
	if m == nil {
		m = e.chain.NewMemory()
	}
	defer func() { e.memory <- m }()
	do(m)
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
		e.compute(func(m *frozen.Memory) { c.know(m, fed[c.from*size:(c.from+c.n)*size], k) })
		t.crews[i] = c
	})
	return t, k, nil
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
	rows := make([]float32, t.n*t.e.featureSize())
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

func (s *laneWalk) eachCrew(do func(i int, c *crew, m *frozen.Memory)) {
	each(len(s.t.crews), func(i int) {
		s.t.e.compute(func(m *frozen.Memory) { do(i, s.t.crews[i], m) })
	})
}

func (s *laneWalk) step(rate, eps float32) ([]float32, error) {
	scores := make([]float32, s.t.n)
	s.eachCrew(func(i int, c *crew, m *frozen.Memory) {
		v := c.mapping(m, s.w[i])
		copy(scores[c.from:], v.score)
		c.e.update(s.w[i], c.gradient(m), s.moments.first[i], s.moments.second[i], v.score, rate, eps)
	})
	return scores, nil
}

func (s *laneWalk) look() (seen, error) {
	e, n := s.t.e, s.t.n
	v := seen{
		images: make([]float32, n*e.chain.Size(e.image)), z: make([]float32, n*e.chain.Size(0)),
		residual: make([]float32, n), discrimination: make([]float32, n), score: make([]float32, n),
	}
	s.eachCrew(func(i int, c *crew, m *frozen.Memory) {
		now := c.mapping(m, s.w[i])
		c.take(e.chain, 0, m.Values(0), v.z)
		c.take(e.chain, e.image, m.Values(e.image), v.images)
		copy(v.residual[c.from:], now.residual)
		copy(v.discrimination[c.from:], now.discrimination)
		copy(v.score[c.from:], now.score)
	})
	return v, nil
}
