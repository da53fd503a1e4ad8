package ganlib

import (
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Average moves the averaged generator towards the generator: w̄ ← decay·w̄ + (1−decay)·w, for every variable that the
// store holds, batch norm's averages included. A variable seen for the first time (a stage that has just grown) starts
// as a copy.
func Average(store *model.Store, g *graph.Graph, decay float64) {
	var vars []*model.Variable
	for v := range store.IterVariables() {
		if below(v.Path(), ScopeGenerator) {
			vars = append(vars, v)
		}
	}
	for _, v := range vars {
		path := ScopeGeneratorEMA + strings.TrimPrefix(v.Path(), ScopeGenerator)
		mean := store.GetVariable(path)
		if mean == nil {
			if err := copyVariable(store, v, path); err != nil {
				panic(err)
			}
			mean = store.GetVariable(path)
		}
		mean.SetTrainable(false)
		mean.SetNodeValue(Add(MulScalar(mean.NodeValue(g), decay), MulScalar(v.NodeValue(g), 1-decay)))
	}
}
