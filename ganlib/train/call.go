package train

import (
	"fmt"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// compiled is a call's executor and the names of the numbers it returns.
type compiled struct {
	exec  *model.Exec
	terms []term // the reported scalars, in order; known once a graph was built
}

// term is a scalar that a call returns.
type term struct {
	name, step string
	gradient   bool // the norm of the step's gradient: its squares may overflow where the loss does not
}

// The scalars fed to a call: the fade-in alpha, then rate and epsilon of every step.
const scalarAlpha, scalarSteps = 0, 1

// compile prepares the executor of a call. The graph itself is built at the first execution of each batch shape.
func (t *Trainer) compile(c callPlan, phase ganlib.Phase) (*compiled, error) {
	out := &compiled{}
	build := func(s *model.Scope, fed []*Node) []*Node {
		in := ganlib.NewInputs(s.Store(), fed[1])
		in.Stage, in.Resolution = phase.Stage, phase.Resolution
		in.Alpha, in.Z = scalar(fed[0], scalarAlpha), fed[2]
		if c.needReal {
			in.Real = fed[3]
		}
		out.terms = nil
		known := t.store.NumVariables()
		reported := t.buildSteps(in, c, fed[0], out)
		t.checkComplete(known)
		return []*Node{Concatenate(reported, 0)}
	}
	exec, err := model.NewExec(t.backend, t.store, build)
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", c.name, err)
	}
	out.exec = exec.WithName(c.name)
	return out, nil
}

// buildSteps builds the passes of a call in order: all losses and gradients of a pass, then its updates, so that the
// steps of the next pass see the weights just updated.
func (t *Trainer) buildSteps(in ganlib.Inputs, c callPlan, scalars *Node, out *compiled) []*Node {
	var reported []*Node
	report := func(t term, value *Node) {
		out.terms = append(out.terms, t)
		reported = append(reported, Reshape(ConvertDType(value, dtypes.Float32), 1))
	}
	g := scalars.Graph()
	index := 0
	for n, pass := range c.passes {
		vars := make([][]*model.Variable, len(pass))
		grads := make([][]*Node, len(pass))
		for i, step := range pass {
			view := in
			if step.LatentOnly {
				view.Real = nil
			}
			loss, terms := step.Loss(view)
			report(term{name: step.Name + "/loss", step: step.Name}, loss)
			for _, extra := range terms {
				report(term{name: extra.Name, step: step.Name}, extra.Value)
			}
			vars[i], grads[i] = gradients(t.store, g, loss, step)
			if n < len(c.passes)-1 {
				grads[i] = constants(grads[i])
			}
			report(term{name: step.Name + "/gradient", step: step.Name, gradient: true}, norm(grads[i]))
		}
		for i, step := range pass {
			rate, eps := scalar(scalars, scalarSteps+2*index), scalar(scalars, scalarSteps+2*index+1)
			step.Adam.Update(t.store, step.Name, vars[i], grads[i], rate, eps)
			index++
		}
	}
	if c.average {
		ganlib.Average(t.store, g, t.gan.EMA.Decay)
	}
	return reported
}

// checkComplete panics, while a graph is built and before anything moved, when it had to make variables that a
// snapshot taken in this very phase would hold.
func (t *Trainer) checkComplete(known int) {
	if !t.whole || t.store.NumVariables() == known {
		return
	}
	i := 0
	for v := range t.store.IterVariables() {
		if i == known {
			exceptions.Panicf("train: the snapshot has no variable %s, and %d more are missing: it is of another game or of other settings",
				v.Path(), t.store.NumVariables()-known-1)
		}
		i++
	}
}

// gradients differentiates a step's loss with respect to the step's own variables and nothing else.
func gradients(store *model.Store, g *graph.Graph, loss *Node, step ganlib.Step) ([]*model.Variable, []*Node) {
	vars := ganlib.Parameters(store, g, step.Scope)
	if len(vars) == 0 {
		exceptions.Panicf("train: step %s: the loss uses no trainable variable below %s", step.Name, step.Scope)
	}
	nodes := make([]*Node, len(vars))
	for i, v := range vars {
		nodes[i] = v.NodeValue(g)
	}
	return vars, Gradient(loss, nodes...)
}

// norm is the length of a whole gradient, ‖∇‖₂ over all of a step's variables.
func norm(grads []*Node) *Node {
	var sum *Node
	for _, g := range grads {
		square := ReduceAllSum(Square(g))
		if sum == nil {
			sum = square
		} else {
			sum = Add(sum, square)
		}
	}
	return Sqrt(sum)
}

// constants cuts gradients off from what they were computed from. The next pass of the call sees the moved weights, but
// must not differentiate through how they were moved: that would be an unrolled GAN. Nothing else may use the gradients
// before, or the backend copies them.
func constants(grads []*Node) []*Node {
	cut := make([]*Node, len(grads))
	for i, g := range grads {
		cut[i] = StopGradient(g)
	}
	return cut
}

// scalar takes element i of a vector.
func scalar(vector *Node, i int) *Node {
	return Reshape(Slice(vector, AxisRange(i, i+1)))
}

// feed draws the latents of a call and puts its inputs together. A latent is a function of the seed, the iteration
// and the call's place in it.
func (t *Trainer) feed(c callPlan, place int, pixels *tensors.Tensor, n int) []any {
	scalars := []float32{float32(t.phase.Alpha)}
	for _, step := range c.steps() {
		t.state.Updates[step.Name]++
		lr, ok := t.phase.LearningRate[step.Name]
		if !ok {
			lr = step.Adam.LearningRate
		}
		rate, eps := step.Adam.Rates(t.state.Updates[step.Name], lr)
		scalars = append(scalars, float32(rate), float32(eps))
	}
	at, position := t.state.Iteration, int64(place)
	rng := make([]uint64, 3)
	for i := range rng {
		rng[i] = seed.Key(t.opt.Seed, "graph", at, position, int64(i))
	}
	z := t.gan.Prior.Sample(seed.Rand(t.opt.Seed, "z", at, position), n)
	inputs := []any{
		tensors.FromFlatDataAndDimensions(scalars, len(scalars)),
		tensors.FromFlatDataAndDimensions(rng, len(rng)),
		tensors.FromFlatDataAndDimensions(z, n, t.gan.Prior.Size),
	}
	if pixels != nil {
		inputs = append(inputs, pixels)
	}
	return inputs
}

// run executes a call. What its steps report is added to the reading and stays where it was computed.
func (t *Trainer) run(k *compiled, inputs []any, r *reading) error {
	outputs, err := k.exec.Call(inputs...)
	for _, in := range inputs {
		in.(*tensors.Tensor).FinalizeAll()
	}
	if err != nil {
		t.broken = true
		if t.whole {
			return fmt.Errorf("train: %s: the first iteration from the snapshot failed; was it saved with other settings? %w", k.exec.Name(), err)
		}
		return fmt.Errorf("train: %s: %w", k.exec.Name(), err)
	}
	r.calls = append(r.calls, report{of: k.exec.Name(), terms: k.terms, numbers: outputs[0]})
	return nil
}
