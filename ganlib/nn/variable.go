package nn

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// seedParam is where a store keeps its master seed.
const seedParam = "ganbook_seed"

// SetSeed sets the master seed of a store: initial weights are a function of it and of each variable's path.
// Call it before the first graph is built. Without it the seed is 0.
func SetSeed(store *model.Store, master int64) { store.SetParam(seedParam, master) }

// SeedOf returns the master seed of a store.
func SeedOf(store *model.Store) int64 { return model.GetRootParamOr(store, seedParam, int64(0)) }

// blankParam says that a store's variables get no first values.
const blankParam = "ganbook_blank"

// LeaveBlank makes the variables that graphs create in a store zero instead of drawing them: for graphs that are looked
// at and never computed.
func LeaveBlank(store *model.Store) { store.SetParam(blankParam, true) }

// Variable returns the trainable variable of that name in scope s, creating it on first use. Its first value is
// drawn on the host from the stream "weights"+path, so that it depends neither on the backend nor on the order in
// which variables are created.
func Variable(s *model.Scope, g *graph.Graph, name string, dtype dtypes.DType, init Initializer, dims ...int) *graph.Node {
	keepVariables(s.Store(), g)
	return variable(s, name, dtype, init, dims...).NodeValue(g)
}

// keepVariables makes a graph read its variables at every call. The Go backend otherwise freezes those that have a value
// into constants, unless the graph is marked as training: every step would start from the same weights again, and
// every sample sheet would show them.
func keepVariables(store *model.Store, g *graph.Graph) { store.SetTraining(g, true) }

func variable(s *model.Scope, name string, dtype dtypes.DType, init Initializer, dims ...int) *model.Variable {
	if v := s.GetVariable(name); v != nil {
		if v.DType() != dtype || !slices.Equal(v.Shape().Dimensions, dims) {
			exceptions.Panicf("nn: variable %s has shape %s, wanted (%s)%v", v.Path(), v.Shape(), dtype, dims)
		}
		return v
	}
	values := make([]float32, size(dims))
	path := model.JoinPath(s.Scope(), name)
	if !model.GetRootParamOr(s.Store(), blankParam, false) {
		init(seed.Rand(SeedOf(s.Store()), "weights"+path), dims, values)
	}
	return s.VariableWithValue(name, hostTensor(path, dtype, dims, values))
}

// untrained returns a variable that training rules change but no optimizer does.
func untrained(s *model.Scope, name string, dtype dtypes.DType, value float32, dims ...int) *model.Variable {
	return variable(s, name, dtype, Constant(value), dims...).SetTrainable(false)
}

func hostTensor(path string, dtype dtypes.DType, dims []int, values []float32) *tensors.Tensor {
	switch dtype {
	case dtypes.Float32:
		return tensors.FromFlatDataAndDimensions(values, dims...)
	case dtypes.Float64:
		wide := make([]float64, len(values))
		for i, v := range values {
			wide[i] = float64(v)
		}
		return tensors.FromFlatDataAndDimensions(wide, dims...)
	default:
		exceptions.Panicf("nn: variable %s: type %s, want Float32 or Float64", path, dtype)
		return nil
	}
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
