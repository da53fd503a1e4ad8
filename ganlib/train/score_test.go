package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// lossOfG scores by one reported number, so that a test can do the same sum.
func lossOfG(values map[string]float64) float64 { return -values["G/loss"] }

func snapshotAt(t *testing.T, run *runlog.Run, images int64) *runlog.Snapshot {
	t.Helper()
	snap, err := run.Snapshot(images)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close() })
	return snap
}

// meanOf is the mean score of iterations from (exclusive) to (inclusive), summed in their order.
func meanOf(t *testing.T, run *runlog.Run, from, to int64) float64 {
	t.Helper()
	points, err := run.Points()
	if err != nil {
		t.Fatal(err)
	}
	var m Mean
	for _, p := range points[from:to] {
		m.Add(lossOfG(p.Values))
	}
	return m.Value()
}

// A snapshot's score is the mean of the iterations since the one before, to the bit also over a resumption, and the
// best snapshot outlives newer ones.
func TestScore(t *testing.T) {
	m, run := matches[0], create(t)
	score := func(o *Options) { o.Score = lossOfG }
	for _, until := range []int64{22, 44, 66} {
		m.opt.Images = until
		if err := sit(t, t.Context(), m, run, score); err != nil {
			t.Fatal(err)
		}
		run = reopen(t, run.Dir())
		iterations := until / 22 * 5 // an epoch is 5, 5, 5, 5 and 2 images
		if got, want := snapshotAt(t, run, until).Score, meanOf(t, run, iterations-5, iterations); got != want {
			t.Errorf("at %d images the score is %v, want %v", until, got, want)
		}
	}
	// Saved again where nothing was done since, the score stays.
	before := snapshotAt(t, run, 66).Score
	if err := sit(t, t.Context(), m, run, score); err != nil {
		t.Fatal(err)
	}
	if got := snapshotAt(t, run, 66).Score; got != before {
		t.Errorf("saved again, the score is %v, was %v", got, before)
	}
}

// With a score that falls, the first scored snapshot is the best and is kept for good.
func TestBestSnapshotIsKept(t *testing.T) {
	m, run := matches[0], create(t)
	fell := 0.0
	for _, until := range []int64{10, 20, 30, 40, 50} {
		m.opt.Images = until
		err := sit(t, t.Context(), m, run, func(o *Options) {
			o.Score = func(map[string]float64) float64 { fell--; return fell }
		})
		if err != nil {
			t.Fatal(err)
		}
		run = reopen(t, run.Dir())
	}
	if got, want := run.Snapshots(), []int64{54, 42, 10}; !slices.Equal(got, want) {
		t.Errorf("snapshots at %v, want %v", got, want)
	}
	best, err := Best(run)
	if err != nil || best != 10 {
		t.Errorf("the best snapshot is at %d images, %v; want 10", best, err)
	}
}

// Numbers that are not finite do not count, and no number is no score.
func TestMean(t *testing.T) {
	var m Mean
	if !math.IsNaN(m.Value()) {
		t.Errorf("the mean of nothing is %v", m.Value())
	}
	for _, x := range []float64{1, math.NaN(), math.Inf(1), 4} {
		m.Add(x)
	}
	if m.Value() != 2.5 || m.Count != 2 {
		t.Errorf("%+v", m)
	}
}
