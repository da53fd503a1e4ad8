package train

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	. "github.com/gomlx/gomlx/core/graph"
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
