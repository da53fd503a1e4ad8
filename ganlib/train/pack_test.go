package train

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/gomlx/core/tensors"
)

// What a snapshot brings back is what was saved: values, types, shapes, and which variables no optimiser moves.
func TestLoad(t *testing.T) {
	_, dir := stopped(t)
	store := ganlib.NewStore(0)
	state, err := Load(must(runlog.Open(dir))(t), store)
	if err != nil {
		t.Fatal(err)
	}
	if state.Game != "tiny" || state.Iteration != 9 || state.Images != 42 || !reflect.DeepEqual(state.Updates, map[string]int64{"D": 9, "G": 9}) {
		t.Errorf("%+v", state)
	}
	if rows, total := ganlib.Table(store, ganlib.ScopeGenerator); total != 4*64+4+4+16*4 {
		t.Errorf("the loaded generator has %d trainable parameters: %v", total, rows)
	}
	again, err := Pack(store)
	if err != nil {
		t.Fatal(err)
	}
	snap, _, err := must(runlog.Open(dir))(t).Latest()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	if want := networks(snap); len(again) != len(want) || len(want) == len(snap.Tensors) {
		t.Fatalf("%d tensors, want the %d of the networks among %d", len(again), len(want), len(snap.Tensors))
	}
	for _, e := range again {
		saved, ok := snap.Tensor(e.Name)
		if !ok || !bytes.Equal(saved.Data, e.Data) || saved.DType != e.DType || !reflect.DeepEqual(saved.Shape, e.Shape) {
			t.Errorf("%s is not what was saved", e.Name)
		}
	}
}

func TestPackEveryType(t *testing.T) {
	store := ganlib.NewStore(0)
	for name, value := range map[string]*tensors.Tensor{
		"f32": tensors.FromValue([]float32{1, -2}), "f64": tensors.FromValue([][]float64{{1}, {math64}}), "i64": tensors.FromValue(int64(-7)),
		"i32": tensors.FromValue([]int32{3}), "u64": tensors.FromValue([]uint64{1 << 63}),
	} {
		if _, err := store.CreateVariable("/x/"+name, value); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Pack(store)
	if err != nil {
		t.Fatal(err)
	}
	back := ganlib.NewStore(0)
	if err := Unpack(back, entries); err != nil {
		t.Fatal(err)
	}
	for v := range store.IterVariables() {
		if got := back.GetVariable(v.Path()); got == nil || !got.MustValue().Equal(v.MustValue()) {
			t.Errorf("%s came back as %v", v.Path(), got)
		}
	}
	if _, err := store.CreateVariable("/x/bool", tensors.FromValue([]bool{true})); err != nil {
		t.Fatal(err)
	}
	if _, err := Pack(store); err == nil || !strings.Contains(err.Error(), "/x/bool") {
		t.Errorf("packing a type that snapshots do not have: %v", err)
	}
	for want, e := range map[string]runlog.Tensor{
		"type BF16":             {Name: "a", DType: "BF16", Shape: []int{1}, Data: []byte{0, 0}},
		"7 bytes for shape [2]": {Name: "a", DType: "F32", Shape: []int{2}, Data: make([]byte, 7)},
	} {
		if err := Unpack(ganlib.NewStore(0), []runlog.Tensor{e}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

const math64 = 1 + 1.0/(1<<40) // needs float64
