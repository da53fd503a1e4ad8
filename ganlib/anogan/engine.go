package anogan

import (
	"reflect"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// Engines by name, as [Mapper.Engine] has them.
const (
	EngineLanes  = "lanes"
	EngineGraphs = "graphs"
)

// engine computes what a search needs of the networks, for a batch of queries at a time. Several batches may be on their
// way.
type engine interface {
	name() string
	featureSize() int // numbers in f(x)
	atOnce() int      // batches on their way that keep it busy
	// know looks at a batch of pictures [Batch, H, W, C], of which the first n are queries and the others fill it up. It
	// and all that comes of it have at least n rows.
	know(fed []float32, n int) (target, known, error)
	close()
}

// known is what the networks say of queries that no step changes: D's logits, and E(x) where the search begins there.
type known struct{ logits, guess []float32 }

// target is the queries of a batch, with f(x), to which latents are searched.
type target interface {
	features() ([]float32, error) // row by row
	start(w []float32) walk       // from latents [Batch, Z]; without an Adam yet
	free()
}

// walk is the latents of a batch on their way, with the Adam that moves them.
type walk interface {
	resume(m moments)                                     // go on with the moments of an Adam; nil: of one that has seen nothing
	leave() moments                                       // give them away; nil: there are none
	step(rate, eps float32) (scores []float32, err error) // A, and then one step of Adam
	look() (seen, error)
	free() // after the moments are gone
}

// moments are both moments of an Adam.
type moments interface{ free() }

// seen is what the networks say of latents, row by row.
type seen struct {
	images, z                       []float32
	residual, discrimination, score []float32
}

// adam is the optimiser of z.
var adam = ganlib.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, EpsilonHat: true}

// newEngine is the faster one for the networks and the backend. In a build without SIMD lanes are slower by half, but there
// the backend's products round by where in a batch a query is.
func newEngine(b compute.Backend, store *model.Store, gan *ganlib.GAN, search Search, opt MapperOptions) (engine, error) {
	if c, ok := gan.Config.(Config); ok && !nn.OnXLA(b) && c.laned(opt.Batch) && c.made(gan) && search.Mode != SearchTraining {
		return newLanes(store, c, search, opt)
	}
	return newGraphs(b, store, gan, search, opt.Batch)
}

// made says whether the networks are those of [New], and not a user's in their place.
func (c Config) made(gan *ganlib.GAN) bool {
	same := func(f, g any) bool { return reflect.ValueOf(f).Pointer() == reflect.ValueOf(g).Pointer() }
	return same(gan.Generate, c.generator) && same(gan.Discriminate, c.discriminator) && (gan.Encode == nil || same(gan.Encode, c.encoder))
}
