package anogan

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// MapperOptions are the settings of a search that change no score beyond rounding, but for the seed.
type MapperOptions struct {
	Batch int   // queries searched together; 0: 64. Every search is padded to it
	Seed  int64 // of the first latents
	Every int   // keep the mapped image of every so many steps; 0: the last alone

	// AtOnce is how many batches are searched at the same time: the operations of one use the processor's cores while
	// those of another cannot. 0: 2 on the host, 1 on a device. It is 1 where batches are watched or depend on each other.
	AtOnce int

	// Watch, if not nil, sees every frame as it is kept, with A before each step so far: what a live view shows.
	Watch func(query int, f Frame, losses []float32)
}

// Mapper searches latents with the networks of a store frozen and batch norm in inference mode. A whole batch of queries
// is searched at once, each with its own z and its own moments of Adam, and nothing of one query meets another: the
// batch always has one size, and z starts from a stream that the seed and the picture itself decide. A query's result is
// therefore the same to the bit alone, in any company and in any order, on one machine and backend; [Slips] say which
// settings give that up.
//
// Several searches may go on at the same time. Their memory does not grow with the number of queries.
type Mapper struct {
	search   Search
	gan      *ganlib.GAN
	opt      MapperOptions
	features int // numbers in f(x)

	know, step, look *model.Exec
}

// defaultBatch keeps the activations of a step in the processor's caches.
const defaultBatch = 64

// NewMapper compiles a search. The store must hold every variable of the networks: one of another architecture, or with
// weights missing, is an error, and is left as it was.
func NewMapper(b compute.Backend, store *model.Store, gan *ganlib.GAN, search Search, opt MapperOptions) (*Mapper, error) {
	if opt.Batch == 0 {
		opt.Batch = defaultBatch
	}
	if opt.Batch < 1 || opt.Every < 0 || opt.AtOnce < 0 {
		return nil, fmt.Errorf("anogan: batch %d, every %d, at once %d; a search needs a batch of at least 1, and the others must not be negative", opt.Batch, opt.Every, opt.AtOnce)
	}
	opt.AtOnce = atOnce(b, opt, search)
	if err := search.validate(priorName(gan.Prior)); err != nil {
		return nil, err
	}
	if search.From == FromEncoder && gan.Encode == nil {
		return nil, fmt.Errorf("anogan: search_from encoder: %s has no encoder", gan.Name)
	}
	if err := complete(b, store, gan); err != nil {
		return nil, err
	}
	m := &Mapper{search: search, gan: gan, opt: opt}
	var errs [3]error
	m.know, errs[0] = compile(b, store, gan.Name+"/know", m.buildKnow)
	m.step, errs[1] = compile(b, store, gan.Name+"/step", m.buildStep)
	m.look, errs[2] = compile(b, store, gan.Name+"/look", m.buildLook)
	err := errors.Join(errs[:]...)
	if err == nil {
		err = m.measure()
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// atOnce is how many batches are searched at the same time.
func atOnce(b compute.Backend, opt MapperOptions, search Search) int {
	switch {
	case opt.Watch != nil || search.KeepAdam:
		return 1
	case opt.AtOnce > 0:
		return opt.AtOnce
	case nn.OnXLA(b):
		return 1
	}
	return 2
}

func compile[F model.ExecGraphFn](b compute.Backend, store *model.Store, name string, build F) (*model.Exec, error) {
	exec, err := model.NewExec(b, store, build)
	if err != nil {
		return nil, fmt.Errorf("anogan: %s: %w", name, err)
	}
	return exec.WithName(name), nil
}

// Close gives the memory of the compiled graphs back.
func (m *Mapper) Close() {
	for _, exec := range []*model.Exec{m.know, m.step, m.look} {
		if exec != nil {
			exec.Finalize()
		}
	}
}

// Describe says in a line how latents are searched, λ in both conventions.
func (m *Mapper) Describe() string { return m.search.describe(m.pixels(), m.features) }

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

// measure learns the size of f(x) from one batch of nothing, and builds the other graphs with it: what builds one must
// not meet a batch that is being searched.
func (m *Mapper) measure() error {
	im, latent := m.gan.Image, m.gan.Prior.Size
	zeros := func(dims ...int) *tensors.Tensor { return tensors.FromShape(shapes.Make(dtypes.Float32, dims...)) }
	x, w, rates := zeros(m.opt.Batch, im.Height, im.Width, im.Channels), zeros(m.opt.Batch, latent), zeros(2)
	defer finalize(x, w, rates)
	known, err := m.know.Call(x)
	if err != nil {
		return fmt.Errorf("anogan: f(x): %w", err)
	}
	defer finalize(known...)
	m.features = known[0].Shape().Size() / m.opt.Batch
	stepped, err := m.step.Call(x, known[0], w, w, w, rates)
	if err != nil {
		return fmt.Errorf("anogan: a step of the search: %w", err)
	}
	finalize(stepped...)
	looked, err := m.look.Call(x, known[0], w)
	if err != nil {
		return fmt.Errorf("anogan: G(z): %w", err)
	}
	finalize(looked...)
	return nil
}

// inputs are those of the frozen networks. The mode that uses a batch's statistics moves no average.
func (m *Mapper) inputs(s *model.Scope, g *graph.Graph) ganlib.Inputs {
	in := ganlib.NewInputs(s.Store(), nil).WithMode(nn.Inference)
	if m.search.Mode == SearchTraining {
		in = in.WithMode(nn.BatchStatistics)
	}
	in.Alpha = ScalarOne(g, dtypes.Float32)
	return in
}

// buildKnow: x → f(x) and D's logit, which no step changes, and E(x) where the search begins there.
func (m *Mapper) buildKnow(s *model.Scope, x *Node) []*Node {
	in := m.inputs(s, x.Graph())
	scores := m.gan.Discriminate(in, x)
	known := []*Node{scores.Features, Reshape(scores.Logits, -1)}
	if m.search.From == FromEncoder {
		known = append(known, m.gan.Encode(in, x))
	}
	return known
}

// mapping is what is minimised (spec §5), one number a query:
//
//	R = M|x − G(z)|,  D = M|f(x) − f(G(z))|,  A = (1−λ)·R + λ·D
//
// with M the mean, or the sum, over an image's elements, and squares for |·| where the search is of squares.
func (m *Mapper) mapping(s *model.Scope, x, fx, z *Node) (y, residual, discrimination, score *Node) {
	in := m.inputs(s, x.Graph())
	over := func(d *Node) *Node {
		if m.search.Squares {
			d = Square(d)
		} else {
			d = Abs(d)
		}
		if m.search.Sums {
			return ReduceSum(d, 1, 2, 3)
		}
		return ReduceMean(d, 1, 2, 3)
	}
	y = m.gan.Generate(in.WithZ(z))
	residual = over(Sub(x, y))
	discrimination = over(Sub(fx, m.gan.Discriminate(in, y).Features))
	score = Add(MulScalar(residual, 1-m.search.Lambda), MulScalar(discrimination, m.search.Lambda))
	return y, residual, discrimination, score
}

// adam is the optimiser of z.
var adam = ganlib.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, EpsilonHat: true}

// latent is z as the optimiser's variable has it.
func (m *Mapper) latent(w *Node) *Node {
	if m.search.Bound == "tanh" {
		return Tanh(w)
	}
	return w
}

// buildStep: one step of Adam on each row of w, and A before it. The sum over the batch gives each row its own gradient.
func (m *Mapper) buildStep(s *model.Scope, in []*Node) []*Node {
	x, fx, w, first, second, rates := in[0], in[1], in[2], in[3], in[4], in[5]
	_, _, _, score := m.mapping(s, x, fx, m.latent(w))
	gradient := Gradient(ReduceAllSum(score), w)[0]
	at := func(i int) *Node { return Reshape(Slice(rates, AxisRange(i, i+1))) }
	w2, first, second := adam.Next(w, gradient, first, second, at(0), at(1))
	if m.search.Bound == "clip" {
		w2 = ClipScalar(w2, -1, 1)
	}
	if m.search.Stop > 0 {
		on := GreaterThan(score, Scalar(x.Graph(), score.DType(), m.search.Stop))
		w2 = Where(BroadcastToDims(Reshape(on, -1, 1), w.Shape().Dimensions...), w2, w)
	}
	return []*Node{w2, first, second, score}
}

// buildLook: G(z), z, R, D and A.
func (m *Mapper) buildLook(s *model.Scope, x, fx, w *Node) []*Node {
	z := m.latent(w)
	y, residual, discrimination, score := m.mapping(s, x, fx, z)
	return []*Node{y, z, residual, discrimination, score}
}

func finalize(list ...*tensors.Tensor) {
	for _, t := range list {
		t.FinalizeAll()
	}
}
