package anogan_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/testdata/papers"
	"github.com/gomlx/gomlx/ml/model"
)

// The blog's tables, row by row, and what they add up to.
func TestTablesAsPrinted(t *testing.T) {
	paper, err := papers.Load("anogan.json")
	if err != nil {
		t.Fatal(err)
	}
	gan, err := anogan.New(anogan.Post())
	if err != nil {
		t.Fatal(err)
	}
	store := ganlib.NewStore(1)
	if err := ganlib.Build(gantest.Backend(t), store, gan); err != nil {
		t.Fatal(err)
	}
	if len(paper.Networks) != len(gan.Networks) {
		t.Fatalf("%d tables printed, %d networks built", len(paper.Networks), len(gan.Networks))
	}
	for i, printed := range paper.Networks {
		n := gan.Networks[i]
		if n.Name != printed.Name || len(n.Layers) != len(printed.Rows) {
			t.Fatalf("network %s has %d layers, printed %s with %d", n.Name, len(n.Layers), printed.Name, len(printed.Rows))
		}
		conv, norm := 0, 0
		for j, row := range printed.Rows {
			if got := builtRow(store, n, n.Layers[j], row.Block); fmt.Sprint(got) != fmt.Sprint(row) {
				t.Errorf("%s block %d:\n got     %+v\n printed %+v", n.Name, row.Block, got, row)
			}
			conv, norm = conv+row.Conv, norm+row.Norm
		}
		if _, total := ganlib.Table(store, n.Scope); total != printed.Total || conv+norm != printed.Total || conv != printed.Conv || norm != printed.Norm {
			t.Errorf("%s: %d trainable parameters, printed %d, rows add up to %d + %d", n.Name, total, printed.Total, conv, norm)
		}
		if r := running(store, n.Scope); r != printed.Running {
			t.Errorf("%s: %d running averages, printed %d", n.Name, r, printed.Running)
		}
	}
}

// builtRow is a layer as built, axes as the document orders them.
func builtRow(store *model.Store, n ganlib.Network, l ganlib.Layer, block int) papers.Row {
	row := papers.Row{
		Block: block, Op: l.Op, Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, OutputPadding: l.OutputPadding,
		Out: []int{l.Out.Channels, l.Out.Height, l.Out.Width}, Activation: l.Activation, Conv: n.Parameters(store, l.Scope),
	}
	if l.NormScope != "" {
		row.Norm = n.Parameters(store, l.NormScope)
	}
	row.Weights = store.GetVariable(path.Join(n.Scope, l.Scope, "w")).Shape().Dimensions
	if d := row.Weights; len(d) == 4 {
		row.Weights = []int{d[0], d[3], d[1], d[2]}
	}
	return row
}

func running(store *model.Store, scope string) int {
	count := 0
	for v := range store.IterVariables() {
		if !v.Trainable && strings.HasPrefix(v.Path(), scope+"/") {
			count += v.Shape().Size()
		}
	}
	return count
}
