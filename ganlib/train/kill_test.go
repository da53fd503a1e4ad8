package train

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

const (
	killInterval = 100 * time.Millisecond // between snapshots
	killPause    = 4 * time.Millisecond   // an iteration of a network of any use takes longer still
	killAfter    = 60                     // iterations at most in one life
)

// killMatch is long enough for the kills: every life advances by killAfter iterations at most, and a few more until the
// kill arrives.
func killMatch(kills int) match {
	m := matches[0]
	m.opt.Images, m.opt.SampleEvery = int64(kills*2*killAfter*5), 40
	return m
}

// trainUntilKilled is the child: it goes on with the run and says when an iteration is done.
func trainUntilKilled(dir string) error {
	run, err := runlog.Resume(dir)
	if err != nil {
		return err
	}
	b, err := backend.New("go:num_executors=1")
	if err != nil {
		return err
	}
	m := killMatch(kills())
	opt := m.options()
	opt.Run, opt.SnapshotEvery, opt.Watch = run, killInterval, []runlog.Sink{pacer{}}
	trainer, err := New(b, m.gan(), opt)
	if err != nil {
		return err
	}
	return trainer.Run(context.Background(), m.src(&testing.B{}))
}

// pacer slows the child down and prints a line an iteration.
type pacer struct{}

func (pacer) Point(p runlog.Point) error {
	time.Sleep(killPause)
	_, err := fmt.Println(p.Iteration)
	return err
}
func (pacer) Image(string, int64, image.Image) error { return nil }
func (pacer) Close() error                           { return nil }

func kills() int {
	if os.Getenv("GANBOOK_LONG") == "1" {
		return 50
	}
	return 10
}

// TestKill kills a training at random moments, ten times or fifty with GANBOOK_LONG=1. Each time the run opens and has
// lost less than one snapshot interval, one iteration and the time of writing a snapshot; at the end it is finished and
// equals, to the bit, a run that nobody killed.
func TestKill(t *testing.T) {
	m := killMatch(kills())
	run := create(t)
	writing := timeOfSnapshot(t)
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("moments of the kills drawn from seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for k := range kills() {
		killOnce(t, run.Dir(), rng)
		checkKilled(t, fmt.Sprintf("kill %d", k+1), run.Dir(), killInterval+writing)
	}
	if opened, err := runlog.Open(run.Dir()); err != nil || len(opened.Snapshots()) == 0 {
		t.Fatalf("no snapshot in %d lives: %v", kills(), err)
	}
	want := read(t, finish(t, m, create(t)))
	same(t, "after the kills", read(t, finish(t, m, reopen(t, run.Dir()))), want)
}

// killOnce starts the child and kills it a moment after a random number of iterations, none included.
func killOnce(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childVariable+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range rng.IntN(killAfter + 1) {
		if !lines.Scan() {
			t.Fatalf("the child ended by itself: %v", child.Wait())
		}
	}
	time.Sleep(time.Duration(rng.IntN(int(20 * time.Millisecond))))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

// checkKilled measures, in seconds of training, how far the newest snapshot is behind the newest point.
func checkKilled(t *testing.T, what, dir string, allowed time.Duration) {
	t.Helper()
	run, err := runlog.Open(dir)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	points, err := run.Points()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if len(points) == 0 {
		return
	}
	var state State
	snap, damaged, err := run.Latest()
	if len(damaged) > 0 {
		t.Errorf("%s: damaged: %v", what, damaged)
	}
	if err == nil {
		defer snap.Close()
		if err := snap.DecodeState(&state); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	last, longest, before := points[len(points)-1], 0.0, state.Seconds
	for _, p := range points {
		if p.Iteration > state.Iteration {
			longest, before = max(longest, p.Seconds-before), p.Seconds
		}
	}
	lost := time.Duration((last.Seconds - state.Seconds) * float64(time.Second))
	if limit := allowed + time.Duration(longest*float64(time.Second)); lost > limit {
		t.Errorf("%s: lost %v of training, allowed %v; snapshot at iteration %d, last point %d", what, lost, limit, state.Iteration, last.Iteration)
	}
}

// timeOfSnapshot is generous: five times the slowest of a few, for a busy disk.
func timeOfSnapshot(t *testing.T) time.Duration {
	t.Helper()
	run := create(t)
	slowest := 10 * time.Millisecond
	for i := range 3 {
		started := time.Now()
		if err := run.Save(int64(i), []runlog.Tensor{runlog.Float32s("x", []int{1000}, make([]float32, 1000))}, State{}, 0); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(started))
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	return 5 * slowest
}
