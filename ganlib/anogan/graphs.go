package anogan

import (
	"errors"
	"fmt"

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

// graphs is the engine of every backend and every network. The latents of a batch stay with the backend.
type graphs struct {
	search Search
	gan    *ganlib.GAN
	batch  int
	size   int // numbers in f(x)
	device bool

	knowing, stepping, looking *model.Exec
}

func newGraphs(b compute.Backend, store *model.Store, gan *ganlib.GAN, search Search, batch int) (*graphs, error) {
	e := &graphs{search: search, gan: gan, batch: batch, device: nn.OnXLA(b)}
	var errs [3]error
	e.knowing, errs[0] = compile(b, store, gan.Name+"/know", e.buildKnow)
	e.stepping, errs[1] = compile(b, store, gan.Name+"/step", e.buildStep)
	e.looking, errs[2] = compile(b, store, gan.Name+"/look", e.buildLook)
	err := errors.Join(errs[:]...)
	if err == nil {
		err = e.measure()
	}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func compile[F model.ExecGraphFn](b compute.Backend, store *model.Store, name string, build F) (*model.Exec, error) {
	exec, err := model.NewExec(b, store, build)
	if err != nil {
		return nil, fmt.Errorf("anogan: %s: %w", name, err)
	}
	return exec.WithName(name), nil
}

func (e *graphs) name() string     { return EngineGraphs }
func (e *graphs) featureSize() int { return e.size }

// atOnce is 2 on the host: the operations of one batch use the cores while those of the other cannot.
func (e *graphs) atOnce() int {
	if e.device {
		return 1
	}
	return 2
}

func (e *graphs) close() {
	for _, exec := range []*model.Exec{e.knowing, e.stepping, e.looking} {
		if exec != nil {
			exec.Finalize()
		}
	}
}

// measure learns the size of f(x) from one batch of nothing, and builds the other graphs with it: what builds one must
// not meet a batch that is being searched.
func (e *graphs) measure() error {
	im, latent := e.gan.Image, e.gan.Prior.Size
	zeros := func(dims ...int) *tensors.Tensor { return tensors.FromShape(shapes.Make(dtypes.Float32, dims...)) }
	x, w, rates := zeros(e.batch, im.Height, im.Width, im.Channels), zeros(e.batch, latent), zeros(2)
	defer finalize(x, w, rates)
	known, err := e.knowing.Call(x)
	if err != nil {
		return fmt.Errorf("anogan: f(x): %w", err)
	}
	defer finalize(known...)
	e.size = known[0].Shape().Size() / e.batch
	stepped, err := e.stepping.Call(x, known[0], w, w, w, rates)
	if err != nil {
		return fmt.Errorf("anogan: a step of the search: %w", err)
	}
	finalize(stepped...)
	looked, err := e.looking.Call(x, known[0], w)
	if err != nil {
		return fmt.Errorf("anogan: G(z): %w", err)
	}
	finalize(looked...)
	return nil
}

// inputs are those of the frozen networks. The mode that uses a batch's statistics moves no average.
func (e *graphs) inputs(s *model.Scope, g *graph.Graph) ganlib.Inputs {
	in := ganlib.NewInputs(s.Store(), nil).WithMode(nn.Inference)
	if e.search.Mode == SearchTraining {
		in = in.WithMode(nn.BatchStatistics)
	}
	in.Alpha = ScalarOne(g, dtypes.Float32)
	return in
}

// buildKnow: x → f(x) and D's logit, which no step changes, and E(x) where the search begins there.
func (e *graphs) buildKnow(s *model.Scope, x *Node) []*Node {
	in := e.inputs(s, x.Graph())
	scores := e.gan.Discriminate(in, x)
	known := []*Node{scores.Features, Reshape(scores.Logits, -1)}
	if e.search.From == FromEncoder {
		known = append(known, e.gan.Encode(in, x))
	}
	return known
}

// mapping is what is minimised (spec §5), one number a query:
//
//	R = M|x − G(z)|,  D = M|f(x) − f(G(z))|,  A = (1−λ)·R + λ·D
//
// with M the mean, or the sum, over an image's elements, and squares for |·| where the search is of squares.
func (e *graphs) mapping(s *model.Scope, x, fx, z *Node) (y, residual, discrimination, score *Node) {
	in := e.inputs(s, x.Graph())
	over := func(d *Node) *Node {
		if e.search.Squares {
			d = Square(d)
		} else {
			d = Abs(d)
		}
		if e.search.Sums {
			return ReduceSum(d, 1, 2, 3)
		}
		return ReduceMean(d, 1, 2, 3)
	}
	y = e.gan.Generate(in.WithZ(z))
	residual = over(Sub(x, y))
	discrimination = over(Sub(fx, e.gan.Discriminate(in, y).Features))
	score = Add(MulScalar(residual, 1-e.search.Lambda), MulScalar(discrimination, e.search.Lambda))
	return y, residual, discrimination, score
}

// latent is z as the optimiser's variable has it.
func (e *graphs) latent(w *Node) *Node {
	if e.search.Bound == "tanh" {
		return Tanh(w)
	}
	return w
}

// buildStep: one step of Adam on each row of w, and A before it. The sum over the batch gives each row its own gradient.
func (e *graphs) buildStep(s *model.Scope, in []*Node) []*Node {
	x, fx, w, first, second, rates := in[0], in[1], in[2], in[3], in[4], in[5]
	_, _, _, score := e.mapping(s, x, fx, e.latent(w))
	gradient := Gradient(ReduceAllSum(score), w)[0]
	at := func(i int) *Node { return Reshape(Slice(rates, AxisRange(i, i+1))) }
	w2, first, second := adam.Next(w, gradient, first, second, at(0), at(1))
	if e.search.Bound == "clip" {
		w2 = ClipScalar(w2, -1, 1)
	}
	if e.search.Stop > 0 {
		on := GreaterThan(score, Scalar(x.Graph(), score.DType(), e.search.Stop))
		w2 = Where(BroadcastToDims(Reshape(on, -1, 1), w.Shape().Dimensions...), w2, w)
	}
	return []*Node{w2, first, second, score}
}

// buildLook: G(z), z, R, D and A.
func (e *graphs) buildLook(s *model.Scope, x, fx, w *Node) []*Node {
	z := e.latent(w)
	y, residual, discrimination, score := e.mapping(s, x, fx, z)
	return []*Node{y, z, residual, discrimination, score}
}
