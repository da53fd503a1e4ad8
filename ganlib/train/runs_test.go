package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// at calls do after an iteration.
type at struct {
	iteration int64
	do        func()
}

func (a at) Point(p runlog.Point) error {
	if p.Iteration == a.iteration {
		a.do()
	}
	return nil
}
func (at) Image(string, int64, image.Image) error { return nil }
func (at) Close() error                           { return nil }

// match is a training that the tests of resuming repeat.
type match struct {
	name string
	gan  func() *ganlib.GAN
	src  func(testing.TB) *data.Source
	opt  Options
}

// The first has a short last batch in every epoch: 22 images in batches of 5.
var matches = []match{
	{"dcgan", tinyGAN, func(t testing.TB) *data.Source { return blobs(t, 22, 8, 8) }, Options{Images: 66, BatchSize: 5, SampleEvery: 4}},
	{"anogan", func() *ganlib.GAN { return miniAnoGAN(20) }, func(t testing.TB) *data.Source { return blobs(t, 11, 28, 28) }, Options{Images: 40, BatchSize: 4, SampleEvery: 3}},
	{"omasgan", func() *ganlib.GAN { return miniOMASGAN(30) }, func(t testing.TB) *data.Source { return points(t, 22) }, Options{Images: 110, BatchSize: 6}},
	{"progan", miniProGAN, func(t testing.TB) *data.Source { return blobs(t, 22, 8, 8) }, Options{Images: 90, BatchSize: 5, SampleEvery: 3, SampleMode: Averaged}},
}

func (m match) options() Options {
	opt := m.opt
	opt.Seed, opt.SampleCount, opt.Sheet = 7, 3, greySheet
	return opt
}

// create makes an empty run in a folder of its own.
func create(t testing.TB) *runlog.Run {
	t.Helper()
	run, err := runlog.Create(t.TempDir(), runlog.Info{Experiment: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func reopen(t testing.TB, dir string) *runlog.Run {
	t.Helper()
	run, err := runlog.Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// sit trains in one sitting and gives the lock back.
func sit(t testing.TB, ctx context.Context, m match, run *runlog.Run, change func(*Options)) error {
	t.Helper()
	opt := m.options()
	opt.Run = run
	if change != nil {
		change(&opt)
	}
	trainer, err := New(gantest.Backend(t), m.gan(), opt)
	if err == nil {
		err = trainer.Run(ctx, m.src(t))
	}
	if e := run.Close(); e != nil {
		t.Fatal(e)
	}
	return err
}

// stopAfter trains until an iteration and is told to stop there.
func stopAfter(t testing.TB, m match, run *runlog.Run, iteration int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if iteration == 0 {
		cancel()
	}
	err := sit(t, ctx, m, run, func(o *Options) { o.Watch = []runlog.Sink{at{iteration, cancel}} })
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), fmt.Sprintf("stopped after iteration %d", iteration)) {
		t.Fatalf("stopping after iteration %d: %v", iteration, err)
	}
}

func finish(t testing.TB, m match, run *runlog.Run) string {
	t.Helper()
	if err := sit(t, t.Context(), m, run, nil); err != nil {
		t.Fatalf("%+v", err)
	}
	return run.Dir()
}

// record is what must be equal to the bit: the newest snapshot, the points without wall seconds, the findings, the sample sheets.
type record struct {
	tensors  map[string]string
	state    State
	points   []runlog.Point
	findings []runlog.Finding
	sheets   map[string][]byte
}

func read(t testing.TB, dir string) record {
	t.Helper()
	run, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	snap, damaged, err := run.Latest()
	if err != nil || len(damaged) > 0 {
		t.Fatalf("%s: %v %v", dir, damaged, err)
	}
	defer snap.Close()
	r := record{tensors: map[string]string{}, sheets: map[string][]byte{}}
	for _, e := range snap.Tensors {
		r.tensors[e.Name] = fmt.Sprint(e.DType, e.Shape, " ", string(e.Data))
	}
	if err := snap.DecodeState(&r.state); err != nil {
		t.Fatal(err)
	}
	r.state.Seconds = 0
	slices.Sort(r.state.Fixed)
	points, err := run.Points()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points {
		p.Seconds = 0
		r.points = append(r.points, p)
	}
	if r.findings, err = run.Findings(); err != nil {
		t.Fatal(err)
	}
	for _, s := range run.Samples() {
		if r.sheets[filepath.Base(s.Path)], err = os.ReadFile(s.Path); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// same reports every way in which two records differ.
func same(t testing.TB, what string, got, want record) {
	t.Helper()
	if !reflect.DeepEqual(got.state, want.state) {
		t.Errorf("%s: state %+v, want %+v", what, got.state, want.state)
	}
	names := slices.Sorted(maps.Keys(want.tensors))
	if !slices.Equal(slices.Sorted(maps.Keys(got.tensors)), names) {
		t.Errorf("%s: other variables", what)
	}
	for _, n := range names {
		if got.tensors[n] != want.tensors[n] {
			t.Errorf("%s: %s differs", what, n)
		}
	}
	if len(got.points) != len(want.points) {
		t.Errorf("%s: %d points, want %d", what, len(got.points), len(want.points))
	}
	for i := range min(len(got.points), len(want.points)) {
		if !reflect.DeepEqual(got.points[i], want.points[i]) {
			t.Errorf("%s: point %d is %v, want %v", what, i+1, got.points[i], want.points[i])
			break
		}
	}
	if !reflect.DeepEqual(got.findings, want.findings) {
		t.Errorf("%s: findings %+v, want %+v", what, got.findings, want.findings)
	}
	if !maps.EqualFunc(got.sheets, want.sheets, bytes.Equal) {
		t.Errorf("%s: sample sheets %v, want %v, and the same bytes", what, slices.Sorted(maps.Keys(got.sheets)), slices.Sorted(maps.Keys(want.sheets)))
	}
}

// copyRun copies a run folder as a kill would leave it, half-written snapshots included.
func copyRun(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(dir))
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, path)
		if err != nil || relErr != nil {
			return nil // a temporary folder that was there a moment ago
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		return os.WriteFile(filepath.Join(to, rel), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}
