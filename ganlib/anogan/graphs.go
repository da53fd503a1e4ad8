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

	knowing, stepping, looking *model.Exec
}

func newGraphs(b compute.Backend, store *model.Store, gan *ganlib.GAN, search Search, batch int) (*graphs, error) {
	e := &graphs{search: search, gan: gan, batch: batch}
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

func (e *graphs) features() int { return e.size }

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

func (e *graphs) know(fed []float32, n int) (target, known, error) {
	im := e.gan.Image
	x := tensors.FromFlatDataAndDimensions(fed, e.batch, im.Height, im.Width, im.Channels)
	out, err := e.knowing.Call(x)
	if err != nil {
		finalize(x)
		return nil, known{}, fmt.Errorf("anogan: f(x): %w", err)
	}
	defer finalize(out[1:]...)
	t := &graphTarget{e: e, x: x, fx: out[0]}
	var k known
	for i, to := range []*[]float32{&k.logits, &k.guess}[:len(out)-1] {
		if *to, err = tensors.CopyFlatData[float32](out[i+1]); err != nil {
			t.free()
			return nil, known{}, fmt.Errorf("anogan: D(x), E(x): %w", err)
		}
	}
	return t, k, nil
}

// graphTarget is x and f(x) on the backend.
type graphTarget struct {
	e     *graphs
	x, fx *tensors.Tensor
}

func (t *graphTarget) features() ([]float32, error) {
	values, err := tensors.CopyFlatData[float32](t.fx)
	if err != nil {
		return nil, fmt.Errorf("anogan: f(x): %w", err)
	}
	return values, nil
}

func (t *graphTarget) free() { finalize(t.x, t.fx) }

func (t *graphTarget) start(w []float32) walk { return &graphWalk{t: t, w: t.rows(w)} }

func (t *graphTarget) rows(values []float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(values, t.e.batch, t.e.gan.Prior.Size)
}

// graphWalk is w and its Adam on the backend.
type graphWalk struct {
	t *graphTarget
	w *tensors.Tensor
	*tensorMoments
}

type tensorMoments struct{ first, second *tensors.Tensor }

func (a *tensorMoments) free() { finalize(a.first, a.second) }

func (s *graphWalk) resume(m moments) {
	s.tensorMoments, _ = m.(*tensorMoments)
	if s.tensorMoments == nil {
		size := s.t.e.batch * s.t.e.gan.Prior.Size
		s.tensorMoments = &tensorMoments{s.t.rows(make([]float32, size)), s.t.rows(make([]float32, size))}
	}
}

func (s *graphWalk) leave() moments {
	if s.tensorMoments == nil {
		return nil
	}
	m := s.tensorMoments
	s.tensorMoments = nil
	return m
}

func (s *graphWalk) step(rate, eps float32) ([]float32, error) {
	rates := tensors.FromFlatDataAndDimensions([]float32{rate, eps}, 2)
	out, err := s.t.e.stepping.Call(s.t.x, s.t.fx, s.w, s.first, s.second, rates)
	finalize(rates)
	if err != nil {
		return nil, err
	}
	defer finalize(out[3])
	finalize(s.w, s.first, s.second)
	s.w, s.first, s.second = out[0], out[1], out[2]
	return tensors.CopyFlatData[float32](out[3])
}

func (s *graphWalk) look() (v seen, err error) {
	out, err := s.t.e.looking.Call(s.t.x, s.t.fx, s.w)
	if err != nil {
		return v, err
	}
	defer finalize(out...)
	for i, to := range []*[]float32{&v.images, &v.z, &v.residual, &v.discrimination, &v.score} {
		if *to, err = tensors.CopyFlatData[float32](out[i]); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (s *graphWalk) free() { finalize(s.w) }

func finalize(list ...*tensors.Tensor) {
	for _, t := range list {
		t.FinalizeAll()
	}
}
