package train

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// stopped is a run of the tiny GAN with snapshots of iterations 8 and 9, ended there.
func stopped(t *testing.T) (match, string) {
	t.Helper()
	m, run := matches[0], create(t)
	stopAfter(t, m, run, 8)
	run = reopen(t, run.Dir())
	stopAfter(t, m, run, 9)
	return m, run.Dir()
}

// weightsOf lists the weight files of a run's snapshots, oldest first.
func weightsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "snapshots", "*", "weights.safetensors"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	return files
}

func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-9] ^= 0x10
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A damaged newest snapshot is named and the one before is used; the run still ends as if nothing had happened.
func TestDamagedSnapshot(t *testing.T) {
	m, dir := stopped(t)
	files := weightsOf(t, dir)
	if len(files) != 2 {
		t.Fatalf("%d snapshots, want 2", len(files))
	}
	newest := files[1]
	damage(t, newest)
	log := &bytes.Buffer{}
	if err := sit(t, t.Context(), m, reopen(t, dir), func(o *Options) { o.Log = log }); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, filepath.Dir(newest)) || !strings.Contains(text, "goes on from "+filepath.Dir(files[0])) {
		t.Errorf("the warning names not both snapshots: %s", text)
	}
	same(t, "from the one before", read(t, dir), read(t, finish(t, m, create(t))))
}

// With every snapshot damaged the run is not begun anew in silence.
func TestEverySnapshotDamaged(t *testing.T) {
	m, dir := stopped(t)
	for _, f := range weightsOf(t, dir) {
		damage(t, f)
	}
	err := sit(t, t.Context(), m, reopen(t, dir), nil)
	if !errors.Is(err, runlog.ErrNoSnapshot) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
	if points, _ := must(runlog.Open(dir))(t).Points(); len(points) != 9 {
		t.Errorf("%d points are left of 9", len(points))
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A snapshot of another game, of other widths, or without a network's variables is refused before anything moves, and
// stays as it is.
func TestForeignSnapshot(t *testing.T) {
	other := func(change func(*ganlib.GAN)) func() *ganlib.GAN {
		return func() *ganlib.GAN {
			gan := tinyGAN()
			change(gan)
			return gan
		}
	}
	wide := func(g *ganlib.GAN) { g.Prior = ganlib.Normal(6) }
	deep := func(g *ganlib.GAN) {
		generate := g.Generate
		g.Generate = func(in ganlib.Inputs) *Node {
			x := generate(in)
			return Add(x, nn.Conv2D(in.Scope(ganlib.ScopeGenerator).At("more"), x, nn.Conv{Out: 1, Kernel: 1, Stride: 1}))
		}
	}
	for want, gan := range map[string]func() *ganlib.GAN{
		`is of the game "tiny", not of big`: other(func(g *ganlib.GAN) { g.Name = "big" }),
		"/generator/dense/w has shape":      other(wide),
		"no variable /generator/more/w":     other(deep),
	} {
		m, dir := stopped(t)
		before := read(t, dir)
		m.gan = gan
		err := sit(t, t.Context(), m, reopen(t, dir), nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "train: ") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
		same(t, want, read(t, dir), before)
	}
}

// Two trainings cannot write one run.
func TestRunInUse(t *testing.T) {
	run := create(t)
	if _, err := runlog.Resume(run.Dir()); !errors.Is(err, runlog.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("want an error that names process %d, got %v", os.Getpid(), err)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
}

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
	if len(again) != len(snap.Tensors) {
		t.Fatalf("%d tensors, want %d", len(again), len(snap.Tensors))
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

// The sheet follows the training: same latents, other pictures; latents of a wrong length are an error.
func TestSheets(t *testing.T) {
	opt := matches[0].options()
	trainer := begin(t, tinyGAN(), opt)
	src := blobs(t, 22, 8, 8)
	s := src.Stream(7, trainer.State().Position)
	defer s.Close()
	var sheets [][]byte
	for range 3 {
		iterate(t, trainer, s, 1)
		before := contents(t, trainer.Store())
		sheet, err := trainer.sheet()
		if err != nil {
			t.Fatal(err)
		}
		unchanged(t, trainer.Store(), before, "drawing a sheet")
		buffer := &bytes.Buffer{}
		fmt.Fprint(buffer, sheet)
		sheets = append(sheets, buffer.Bytes())
	}
	if bytes.Equal(sheets[0], sheets[1]) || bytes.Equal(sheets[1], sheets[2]) {
		t.Error("the sheets show old weights")
	}
	// A stage that comes back draws with a sampler of its own.
	trainer.gan.Schedule = everyOther{}
	for range 3 {
		iterate(t, trainer, s, 1)
		if trainer.State().Iteration%2 == 0 {
			if _, err := trainer.sheet(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _, err := Generate(gantest.Backend(t), trainer.store, trainer.gan, trainer.phase, nil, make([]float32, 5))
	if err == nil || !strings.Contains(err.Error(), "5 numbers are no whole latents of length 4") {
		t.Errorf("%v", err)
	}
}

// everyOther changes its stage with every batch of the 22 images in batches of 5.
type everyOther struct{}

func (everyOther) At(images int64) ganlib.Phase {
	return ganlib.Phase{Alpha: 1, Stage: fmt.Sprint((images + 4) / 5 % 2)}
}
