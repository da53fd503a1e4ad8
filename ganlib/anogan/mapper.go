package anogan

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// MapperOptions are the settings of a search that change no score beyond rounding, but for the seed.
type MapperOptions struct {
	Batch int   // queries searched together; 0: 64. A search as graphs is padded to it
	Seed  int64 // of the first latents
	Every int   // keep the mapped image of every so many steps; 0: the last alone

	// AtOnce is how many batches are searched at the same time: one uses the processor's cores while another cannot.
	// 0: what the engine keeps busy. It is 1 where batches are watched or depend on each other.
	AtOnce int

	Cores int // on which networks without a backend are computed; 0: all

	// Watch, if not nil, sees every frame as it is kept, with A before each step so far: what a live view shows.
	Watch func(query int, f Frame, losses []float32)
}

// Mapper searches latents with the networks of a store frozen and batch norm in inference mode. A whole batch of queries
// is searched at once, each with its own z and its own moments of Adam, and nothing of one query meets another: the
// batch always has one size, or each query a lane of its own, and z starts from a stream that the seed and the picture
// itself decide. A query's result is therefore the same to the bit alone, in any company and in any order, on one machine
// and backend, but for large networks in a build without SIMD; [Slips] say which settings give that up, too.
//
// The steps are computed by an engine: on the host, convolutional networks by one that has each query in a lane of the
// vector registers (package frozen), and everything else as graphs of the backend. The two differ by rounding. Weights are
// those that the store has when the mapper is made, and must stay until it is closed.
//
// Several searches may go on at the same time. Their memory does not grow with the number of queries.
type Mapper struct {
	search Search
	gan    *ganlib.GAN
	opt    MapperOptions
	engine engine
}

// defaultBatch keeps the activations of a step in the processor's caches.
const defaultBatch = 64

// NewMapper compiles a search. The store must hold every variable of the networks: one of another architecture, or with
// weights missing, is an error, and is left as it was.
func NewMapper(b compute.Backend, store *model.Store, gan *ganlib.GAN, search Search, opt MapperOptions) (*Mapper, error) {
	if opt.Batch == 0 {
		opt.Batch = defaultBatch
	}
	if opt.Cores == 0 {
		opt.Cores = runtime.GOMAXPROCS(0)
	}
	if opt.Batch < 1 || opt.Every < 0 || opt.AtOnce < 0 || opt.Cores < 0 {
		return nil, fmt.Errorf("anogan: batch %d, every %d, at once %d, on %d cores; a search needs a batch of at least 1, and the others must not be negative",
			opt.Batch, opt.Every, opt.AtOnce, opt.Cores)
	}
	if err := search.validate(priorName(gan.Prior)); err != nil {
		return nil, err
	}
	if search.From == FromEncoder && gan.Encode == nil {
		return nil, fmt.Errorf("anogan: search_from encoder: %s has no encoder", gan.Name)
	}
	if err := complete(b, store, gan); err != nil {
		return nil, err
	}
	e, err := newEngine(b, store, gan, search, opt)
	if err != nil {
		return nil, err
	}
	switch {
	case opt.Watch != nil || search.KeepAdam:
		opt.AtOnce = 1
	case opt.AtOnce == 0:
		opt.AtOnce = e.atOnce()
	}
	return &Mapper{search: search, gan: gan, opt: opt, engine: e}, nil
}

// Close gives the memory of the search back.
func (m *Mapper) Close() { m.engine.close() }

// Engine names what computes the steps: [EngineLanes] or [EngineGraphs].
func (m *Mapper) Engine() string { return m.engine.name() }

// Describe says in a line how latents are searched, λ in both conventions.
func (m *Mapper) Describe() string { return m.search.describe(m.pixels(), m.engine.featureSize()) }

func (m *Mapper) pixels() int { return m.gan.Image.Height * m.gan.Image.Width * m.gan.Image.Channels }

// priorName tells a prior that lies in [−1, 1], which a bound on z can keep, from others.
func priorName(p ganlib.Prior) string {
	if p.Name == ganlib.Uniform(1).Name {
		return "uniform"
	}
	return "normal"
}

// complete builds the networks in a store of its own and refuses one that lacks any of their variables, or has one with
// numbers that are not finite: some functions of a backend turn NaN into numbers, so that no score would tell.
func complete(b compute.Backend, store *model.Store, gan *ganlib.GAN) error {
	fresh := ganlib.NewStore(0)
	if err := ganlib.Build(b, fresh, gan); err != nil {
		return err
	}
	for v := range fresh.IterVariables() {
		had := store.GetVariable(v.Path())
		if had == nil {
			return fmt.Errorf("anogan: the networks have a variable %s that the snapshot lacks: it is of another architecture", v.Path())
		}
		if !had.Shape().Equal(v.Shape()) {
			return fmt.Errorf("anogan: variable %s is %s in the snapshot and %s in the networks: it is of another architecture", v.Path(), had.Shape(), v.Shape())
		}
		if err := finiteVariable(had); err != nil {
			return err
		}
	}
	return nil
}

func finiteVariable(v *model.Variable) error {
	value, err := v.Value()
	if err != nil {
		return fmt.Errorf("anogan: variable %s: %w", v.Path(), err)
	}
	numbers, err := tensors.CopyFlatData[float32](value)
	if err != nil {
		return fmt.Errorf("anogan: variable %s: %w", v.Path(), err)
	}
	if i := slices.IndexFunc(numbers, func(x float32) bool { return !finite(x) }); i >= 0 {
		return fmt.Errorf("anogan: variable %s holds %v; take an earlier snapshot", v.Path(), numbers[i])
	}
	return nil
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
