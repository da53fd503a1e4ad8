package experiments

import (
	"path"

	"github.com/ganbook/ganbook/ganlib"
)

// NetworkTable is a network of an experiment as built, row by row.
type NetworkTable struct {
	ganlib.Network
	Rows  []NetworkRow
	Total int // trainable parameters
}

// NetworkRow is one layer with what the built network holds for it.
type NetworkRow struct {
	ganlib.Layer
	Weights    []int // shape of the layer's kernel, [n, kh, kw, c]
	Conv, Norm int   // trainable parameters of the layer and of its batch norm
}

// Networks builds the networks of an experiment with the user's wishes, from fresh weights, and returns their tables.
// Nothing is trained and no data is opened.
func Networks(id string, o Options) ([]NetworkTable, error) {
	_, s, gan, err := plan(id, o)
	if err != nil {
		return nil, err
	}
	b, err := newBackend(o.Backend)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	store := ganlib.NewStore(s.Seed)
	if err := ganlib.Build(b, store, gan); err != nil {
		return nil, err
	}
	var tables []NetworkTable
	for _, n := range gan.Networks {
		t := NetworkTable{Network: n}
		for _, l := range n.Layers {
			r := NetworkRow{Layer: l, Conv: n.Parameters(store, l.Scope)}
			if v := store.GetVariable(path.Join(n.Scope, l.Scope, "w")); v != nil {
				r.Weights = v.Shape().Dimensions
			}
			if l.NormScope != "" {
				r.Norm = n.Parameters(store, l.NormScope)
			}
			t.Rows = append(t.Rows, r)
		}
		_, t.Total = ganlib.Table(store, n.Scope)
		tables = append(tables, t)
	}
	return tables, nil
}
