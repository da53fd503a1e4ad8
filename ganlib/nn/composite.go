package nn

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// gradient gives, for the cotangent v of a value, the cotangents of the inputs it was computed from.
// It may return fewer than there are inputs: the rest, kept only for the formula, get none.
type gradient func(inputs []*graph.Node, v *graph.Node) []*graph.Node

// outGradient is a gradient that also uses the value out.
type outGradient func(inputs []*graph.Node, out, v *graph.Node) []*graph.Node

// graphState is what this package knows about one graph. It is attached to the graph and collected with it.
type graphState struct {
	composites map[*graph.Node]outGradient // by the marker among a barrier's inputs
	native     map[*graph.Node]gradient    // by the ConvGeneral node
	indices    map[indexKey]*graph.Node    // constants
	biased     map[*graph.Node]biasedSum   // by the sum
	forced     map[string]string           // lowering by primitive, for tests
}

type graphStateKey struct{}

func stateOf(g *graph.Graph) *graphState {
	if s, ok := g.State(graphStateKey{}).(*graphState); ok {
		return s
	}
	s := &graphState{
		composites: map[*graph.Node]outGradient{},
		native:     map[*graph.Node]gradient{},
		indices:    map[indexKey]*graph.Node{},
		biased:     map[*graph.Node]biasedSum{},
		forced:     map[string]string{},
	}
	g.AttachState(graphStateKey{}, s)
	return s
}

// composite returns raw, a value computed from inputs, with the gradient given by a formula instead of the
// chain rule through the operations that made raw.
//
// GoMLX offers custom gradients for one input of the same shape only. A scheduling barrier takes any inputs and
// hands its first one through; here its last input marks which formula replaces the barrier's own gradient. The
// marker, not the barrier, is the key, because recomputation (graph.Node.Checkpoint) clones the barrier; the
// formula gets the inputs of the node at hand, the recomputed ones then.
//
// What passes the barrier has the shape in which it is computed; the formula sees the shapes that were given. The inputs
// are depended on as they are: somebody may differentiate with respect to one that is a reshape.
func composite(raw *graph.Node, grad gradient, inputs ...*graph.Node) *graph.Node {
	return compositeOf(raw, func(in []*graph.Node, _, v *graph.Node) []*graph.Node { return grad(in, v) }, inputs...)
}

// compositeOf is composite with a formula that also wants the value itself, out. It must not be among the inputs: the
// backend copies what passes a barrier and is used elsewhere.
func compositeOf(raw *graph.Node, grad outGradient, inputs ...*graph.Node) *graph.Node {
	g, dims := raw.Graph(), raw.Shape().Dimensions
	marker := graph.Identity(graph.Scalar(g, dtypes.Int32, 0))
	dependencies := append(append(make([]*graph.Node, 0, len(inputs)+1), inputs...), marker)
	stateOf(g).composites[marker] = func(in []*graph.Node, out, v *graph.Node) []*graph.Node {
		return grad(in, inShape(out, dims...), inShape(v, dims...))
	}
	return inShape(graph.SchedulingBarrier(seen(raw), dependencies...), dims...)
}

// withGradient is composite where that is for free. XLA fuses by itself, and its barrier adds 0·x of every input,
// which is NaN for an infinite one: there raw keeps the gradient of the operations it is made of.
func withGradient(raw *graph.Node, grad gradient, inputs ...*graph.Node) *graph.Node {
	if isXLA(raw.Graph()) {
		return raw
	}
	return composite(raw, grad, inputs...)
}

func init() {
	barrier := graph.VJPRegistration[graph.NodeTypeSchedulingBarrier]
	graph.VJPRegistration[graph.NodeTypeSchedulingBarrier] = func(node *graph.Node, v []*graph.Node, root shapes.Shape) []*graph.Node {
		inputs := node.Inputs()
		last := len(inputs) - 1
		grad := stateOf(node.Graph()).composites[inputs[last]]
		if grad == nil {
			return barrier(node, v, root)
		}
		cotangents := make([]*graph.Node, len(inputs)) // none for raw and marker
		copy(cotangents[1:last], grad(inputs[1:last], node, v[0]))
		return cotangents
	}

	convolution := graph.VJPRegistration[graph.NodeTypeConvGeneral]
	graph.VJPRegistration[graph.NodeTypeConvGeneral] = func(node *graph.Node, v []*graph.Node, root shapes.Shape) []*graph.Node {
		state := stateOf(node.Graph())
		if grad := state.native[node]; grad != nil {
			return grad(node.Inputs(), v[0])
		}
		if len(state.native) > 0 {
			// A clone made by Checkpoint, or a stock convolution beside ours: its own gradient may be wrong.
			exceptions.Panicf("nn: no exact gradient known for %s: use nn.Convolve, and no Checkpoint around it on this backend", node)
		}
		return convolution(node, v, root)
	}
}
