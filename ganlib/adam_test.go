package ganlib_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// adamCases is the schema of adam.json: one parameter, its gradients, and what several settings make of them.
type adamCases struct {
	Param gantest.Numbers
	Grads []gantest.Numbers
	Rows  []struct {
		LR, Beta1, Beta2, Eps float64
		Torch                 []gantest.Numbers `json:"param_after_each_step"`
		TF1                   []gantest.Numbers `json:"tf1_epsilon_hat_after_each_step"`
	}
}

func TestAdamGolden(t *testing.T) {
	var file adamCases
	gantest.Golden(t, "adam", &file)
	if len(file.Rows) == 0 || len(file.Grads) == 0 {
		t.Fatal("adam.json has no case")
	}
	for _, row := range file.Rows {
		adam := ganlib.Adam{LearningRate: row.LR, Beta1: row.Beta1, Beta2: row.Beta2, Epsilon: row.Eps}
		name := fmt.Sprintf("lr=%g,b1=%g,b2=%g,eps=%g", row.LR, row.Beta1, row.Beta2, row.Eps)
		t.Run(name+"/torch", func(t *testing.T) { followAdam(t, adam, file, row.Torch) })
		adam.EpsilonHat = true
		t.Run(name+"/tf1", func(t *testing.T) { followAdam(t, adam, file, row.TF1) })
	}
}

// followAdam feeds the gradients one after the other and compares the parameter after each.
func followAdam(t *testing.T, adam ganlib.Adam, file adamCases, want []gantest.Numbers) {
	if len(want) != len(file.Grads) {
		t.Fatalf("%d results for %d gradients", len(want), len(file.Grads))
	}
	exec, err := NewExec(gantest.Backend(t), func(in []*Node) []*Node {
		w, m, v := adam.Next(in[0], in[1], in[2], in[3], in[4], in[5])
		return []*Node{w, m, v}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	w := file.Param.Tensor(dtypes.Float32)
	m, v := tensors.FromShape(w.Shape()), tensors.FromShape(w.Shape())
	for i, grad := range file.Grads {
		rate, eps := adam.Rates(int64(i+1), adam.LearningRate)
		out, err := exec.Call(w, grad.Tensor(dtypes.Float32), m, v, float32(rate), float32(eps))
		if err != nil {
			t.Fatal(err)
		}
		w, m, v = out[0], out[1], out[2]
		want[i].Close(t, fmt.Sprintf("parameter after step %d", i+1), gantest.Flat(t, w), gantest.Tolerance)
	}
}

// The two forms differ by less than float32 shows in a parameter, so they are compared with the formulas as printed in
// float64, for gradients from far above ε to far below it.
func TestAdamForms(t *testing.T) {
	const lr, beta1, beta2, epsilon = 1e-3, 0.9, 0.99, 1e-4
	for _, g := range []float64{3, 1e-3, -1e-4, 1e-6} {
		m, v := 0.0, 0.0
		for step := int64(1); step <= 4; step++ {
			m, v = beta1*m+(1-beta1)*g, beta2*v+(1-beta2)*g*g
			b1, b2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
			for hat, want := range map[bool]float64{
				false: lr * (m / b1) / (math.Sqrt(v/b2) + epsilon),            // torch
				true:  lr * math.Sqrt(b2) / b1 * m / (math.Sqrt(v) + epsilon), // TensorFlow 1
			} {
				adam := ganlib.Adam{LearningRate: lr, Beta1: beta1, Beta2: beta2, Epsilon: epsilon, EpsilonHat: hat}
				rate, eps := adam.Rates(step, lr)
				if got := rate * m / (math.Sqrt(v) + eps); math.Abs(got-want) > 1e-12*math.Abs(want) {
					t.Errorf("gradient %v, update %d, epsilon hat %v: moves by %v, want %v", g, step, hat, got, want)
				}
			}
		}
	}
}

// Update moves the variables it is given and keeps their moments apart from the networks, by step.
func TestAdamUpdate(t *testing.T) {
	adam := ganlib.Adam{LearningRate: 0.5, Beta1: 0.5, Beta2: 0.75, Epsilon: 1e-8}
	store := ganlib.NewStore(1)
	rate, eps := adam.Rates(1, adam.LearningRate)
	call(t, store, func(s *model.Scope, g *Graph) *Node {
		x := s.At("a").VariableWithValue("x", []float32{1, -2, 0})
		s.At("a").VariableWithValue("unused", []float32{7})
		s.At("b").VariableWithValue("y", []float32{5}).NodeValue(g)
		loss := ReduceAllSum(Square(x.NodeValue(g))) // ∂ = 2x
		vars := ganlib.Parameters(store, g, "/a")
		if len(vars) != 1 || vars[0] != x {
			t.Errorf("Parameters found %v, want /a/x alone", vars)
		}
		grads := Gradient(loss, x.NodeValue(g))
		adam.Update(store, "A", vars, grads, Scalar(g, dtypes.Float32, rate), Scalar(g, dtypes.Float32, eps))
		return loss
	})
	// The first update of Adam is one learning rate against the sign of the gradient; none where that is zero.
	gantest.Close(t, "x", value(t, store, "/a/x"), []float64{0.5, -1.5, 0}, 1e-6)
	gantest.Close(t, "m", value(t, store, "/adam/A/a/x/m"), []float64{1, -2, 0}, 1e-6)
	gantest.Close(t, "v", value(t, store, "/adam/A/a/x/v"), []float64{1, 4, 0}, 1e-6)
	if v := store.GetVariable("/adam/A/a/x/m"); v.Trainable || !ganlib.IsOptimizer(v.Path()) || ganlib.IsOptimizer("/a/x") {
		t.Error("a moment must be the optimiser's and untrainable, a weight neither")
	}
	if err := ganlib.ResetAdam(store); err != nil {
		t.Fatal(err)
	}
	gantest.Close(t, "m after reset", value(t, store, "/adam/A/a/x/m"), []float64{0, 0, 0}, 0)
	gantest.Close(t, "v after reset", value(t, store, "/adam/A/a/x/v"), []float64{0, 0, 0}, 0)
	gantest.Close(t, "x after reset", value(t, store, "/a/x"), []float64{0.5, -1.5, 0}, 1e-6)
}

// call runs a graph over a store once.
func call(t *testing.T, store *model.Store, build func(s *model.Scope, g *Graph) *Node) float64 {
	t.Helper()
	out, err := model.CallOnce(gantest.Backend(t), store, build)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return gantest.Flat(t, out)[0]
}

// value reads a variable.
func value(t *testing.T, store *model.Store, path string) []float64 {
	t.Helper()
	v := store.GetVariable(path)
	if v == nil {
		t.Fatalf("there is no variable %s", path)
	}
	return gantest.Flat(t, v.MustValue())
}
