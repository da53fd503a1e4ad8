package ganlib

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Adam is the optimiser of one step (Kingma & Ba 2015, algorithm 1).
type Adam struct {
	LearningRate float64
	Beta1, Beta2 float64
	Epsilon      float64
	// EpsilonHat adds Epsilon after the bias correction is folded into the rate, as TensorFlow 1 does
	// (Kingma & Ba, end of section 2); otherwise it is added to the corrected root, as torch does.
	EpsilonHat bool
}

// Rates returns the two numbers by which update t (counted from 1) differs from the others, computed in float64:
//
//	w ← w − rate · m / (√v + eps)
//
// With r = √(1−β₂ᵗ), both forms of Adam are this one line: rate = lr·r/(1−β₁ᵗ), and eps is ε (EpsilonHat) or ε·r.
func (a Adam) Rates(t int64, learningRate float64) (rate, eps float64) {
	r := math.Sqrt(1 - math.Pow(a.Beta2, float64(t)))
	rate = learningRate * r / (1 - math.Pow(a.Beta1, float64(t)))
	if a.EpsilonHat {
		return rate, a.Epsilon
	}
	return rate, a.Epsilon * r
}

// Next returns the values after one update: the parameter w, and the moments m and v.
// rate and eps are scalars from [Adam.Rates].
func (a Adam) Next(w, grad, m, v, rate, eps *Node) (w2, m2, v2 *Node) {
	m2 = Add(MulScalar(m, a.Beta1), MulScalar(grad, 1-a.Beta1))
	v2 = Add(MulScalar(v, a.Beta2), MulScalar(Square(grad), 1-a.Beta2))
	w2 = Sub(w, Mul(rate, Div(m2, Add(Sqrt(v2), eps))))
	return w2, m2, v2
}

// Parameters returns the trainable variables below a scope that the graph has used, in the store's order.
func Parameters(store *model.Store, g *graph.Graph, scope string) []*model.Variable {
	var vars []*model.Variable
	for v := range store.IterVariables() {
		if v.Trainable && below(v.Path(), scope) && v.InUseByGraph(g) {
			vars = append(vars, v)
		}
	}
	return vars
}

// Update moves the variables by their gradients. The moments live in the store, under the step's name.
//
// The new values depend on the gradients: whoever differentiates a later loss through them must cut the gradients off
// first, as package train does, or trains an unrolled GAN.
func (a Adam) Update(store *model.Store, step string, vars []*model.Variable, grads []*Node, rate, eps *Node) {
	for i, v := range vars {
		g := grads[i].Graph()
		m, s := moment(store, step, v, "m"), moment(store, step, v, "v")
		w2, m2, s2 := a.Next(v.NodeValue(g), grads[i], m.NodeValue(g), s.NodeValue(g), rate, eps)
		v.SetNodeValue(w2)
		m.SetNodeValue(m2)
		s.SetNodeValue(s2)
	}
}

// moment returns Adam's first ("m") or second ("v") moment of a variable, zero at first.
func moment(store *model.Store, step string, v *model.Variable, which string) *model.Variable {
	path := model.JoinPath(scopeAdam, step, v.Path(), which)
	if m := store.GetVariable(path); m != nil {
		return m.SetTrainable(false)
	}
	return store.VariableWithValue(path, tensors.FromShape(v.Shape())).SetTrainable(false)
}

// ResetAdam sets every moment in the store to zero.
func ResetAdam(store *model.Store) error {
	for v := range store.IterVariables() {
		if below(v.Path(), scopeAdam) {
			if err := v.SetValue(tensors.FromShape(v.Shape())); err != nil {
				return err
			}
		}
	}
	return nil
}
