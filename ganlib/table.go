package ganlib

import (
	"strings"

	"github.com/gomlx/gomlx/ml/model"
)

// Network describes one network of a game for people: its tables are printed as the documents print them.
type Network struct {
	Name   string // "generator"
	Scope  string
	Layers []Layer
}

// Layer is one row of such a table. How many parameters it has is not said here but counted in the store.
type Layer struct {
	Op                                     string // "transposed conv"
	Scope, NormScope                       string // below the network's; NormScope "" without batch norm
	Kernel, Stride, Padding, OutputPadding int
	Out                                    Image
	Activation                             string
}

// Row is one trainable variable of a network.
type Row struct {
	Name  string // path below the network's scope: "conv1/w"
	Shape []int
	Size  int
}

// Table lists the trainable variables of a network and their total, for comparison with a paper's table.
func Table(store *model.Store, scope string) (rows []Row, total int) {
	for v := range store.IterVariables() {
		if !v.Trainable || !below(v.Path(), scope) {
			continue
		}
		rows = append(rows, Row{
			Name:  strings.TrimPrefix(v.Path(), scope+"/"),
			Shape: v.Shape().Dimensions,
			Size:  v.Shape().Size(),
		})
		total += v.Shape().Size()
	}
	return rows, total
}

// Parameters counts the trainable numbers below a network's sub-scope.
func (n Network) Parameters(store *model.Store, sub string) int {
	_, total := Table(store, n.Scope+"/"+sub)
	return total
}
