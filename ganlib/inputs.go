package ganlib

import (
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Inputs is what a network or a loss is given: the batch, the state of the schedule, and access to the weights.
// It is a value; the With methods return changed copies.
type Inputs struct {
	Mode       nn.Mode // what batch norm does
	Stage      string  // static: Phase.Stage
	Resolution int     // static: a new value builds a new graph
	Alpha      *Node   // fed: scalar in [0, 1], fade-in weight of the newest resolution
	Real       *Node   // [B, R, R, C] in [-1, 1]; nil when sampling and in steps that see latents only
	Z          *Node   // [B, Z], a fresh draw of p(z)

	call     *call
	redirect map[string]string // by Redirect
}

// call is what all steps compiled into one graph share.
type call struct {
	store *model.Store
	rng   *Node            // state of the graph's own random numbers; nil: none may be drawn
	kept  map[string]*Node // by Once
}

// NewInputs starts the inputs of one compiled call. rng, [3]uint64, feeds Uniform and may be nil.
func NewInputs(store *model.Store, rng *Node) Inputs {
	return Inputs{Mode: nn.Training, call: &call{store: store, rng: rng, kept: map[string]*Node{}}}
}

// Scope returns a fresh view of a network's variables, so that a network may be applied several times in a graph.
func (in Inputs) Scope(path string) *model.Scope {
	if to, ok := in.redirect[path]; ok {
		path = to
	}
	return in.call.store.Scope(path)
}

// Redirect makes Scope(from) answer with scope to: sampling from the averaged generator, say.
func (in Inputs) Redirect(from, to string) Inputs {
	redirect := map[string]string{from: to}
	for k, v := range in.redirect {
		if k != from {
			redirect[k] = v
		}
	}
	in.redirect = redirect
	return in
}

// WithMode returns the same inputs with batch norm in another mode.
func (in Inputs) WithMode(m nn.Mode) Inputs { in.Mode = m; return in }

// WithZ returns the same inputs with other latents: G(E(x)), an interpolation.
func (in Inputs) WithZ(z *Node) Inputs { in.Z = z; return in }

// Once builds a value the first time a name is asked for and returns the same node to later steps of the call.
// DCGAN's G step looks at the very fakes that D has just seen.
func (in Inputs) Once(name string, build func() *Node) *Node {
	if n, ok := in.call.kept[name]; ok {
		return n
	}
	n := build()
	in.call.kept[name] = n
	return n
}

// Uniform draws from U(0, 1) inside the graph: the mixing factors of a gradient penalty. The numbers depend on the
// master seed, the iteration and the order of the draws in the call, and on nothing else.
func (in Inputs) Uniform(dims ...int) *Node {
	if in.call.rng == nil {
		exceptions.Panicf("ganlib: no random numbers may be drawn here: sampling must depend on z alone")
	}
	state, u := RandomUniform(in.call.rng, shapes.Make(dtypes.Float32, dims...))
	in.call.rng = state
	return u
}
