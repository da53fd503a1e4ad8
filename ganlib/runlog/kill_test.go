package runlog

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// saveForever is the process that TestKill kills: points and snapshots as fast as they go, 1 MB each.
func saveForever(dir string) error {
	r, err := Resume(dir)
	if err != nil {
		return err
	}
	start := int64(0)
	if s, _, err := r.Latest(); err == nil {
		start = s.Images
		if err := r.Rewind(start); err != nil {
			return err
		}
	}
	values := make([]float32, 250_000)
	for i := start + 1; ; i++ {
		for j := range values {
			values[j] = float32(i)
		}
		if err := r.Point(Point{Iteration: i, Images: i, Values: Values{"D/loss": float64(i)}}); err != nil {
			return err
		}
		if err := r.Save(i, []Tensor{Float32s("w", []int{len(values)}, values)}, i, float64(i%7)); err != nil {
			return err
		}
	}
}

// TestKill kills a saving process at random moments, ten times or fifty with GANBOOK_LONG=1: each time the newest
// snapshot is whole, nothing is reported damaged, at most one snapshot interval of points is ahead of it, and the
// next process goes on.
func TestKill(t *testing.T) {
	r := newRun(t)
	must(t, r.Close())
	kills := 10
	if os.Getenv("GANBOOK_LONG") != "" {
		kills = 50
	}
	rng := rand.New(rand.NewPCG(1, 2))
	last := int64(0)
	for k := range kills {
		c := child("save", r.Dir())
		c.Stderr = os.Stderr
		must(t, c.Start())
		time.Sleep(time.Duration(100+rng.IntN(200))*time.Millisecond + time.Duration(rng.IntN(1000))*time.Microsecond)
		must(t, c.Process.Kill())
		c.Wait()
		reader, err := Open(r.Dir())
		must(t, err)
		if err := checkKilled(reader, &last); err != nil {
			t.Fatalf("kill %d: %v", k+1, err)
		}
	}
	if last < int64(kills) {
		t.Errorf("only %d snapshots in %d processes: the kills came too early to prove anything", last, kills)
	}
	again, err := Resume(r.Dir())
	must(t, err)
	defer again.Close()
	if left, _ := filepath.Glob(filepath.Join(r.Dir(), snapshotDir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Logf("%d kills, %d snapshots", kills, last)
}

func checkKilled(r *Run, last *int64) error {
	s, damaged, err := r.Latest()
	if err != nil && *last == 0 {
		return nil // killed before its first snapshot
	}
	if err != nil || len(damaged) > 0 {
		return fmt.Errorf("damaged %v, %v", damaged, err)
	}
	defer s.Close()
	values, err := s.Tensors[0].Float32s()
	if err != nil || values[0] != float32(s.Images) || values[len(values)-1] != float32(s.Images) || s.Images < *last {
		return fmt.Errorf("snapshot %d after %d holds %v", s.Images, *last, values[0])
	}
	points, err := r.Points()
	if err != nil || int64(len(points)) < s.Images || int64(len(points)) > s.Images+1 {
		return fmt.Errorf("%d points at snapshot %d, %v", len(points), s.Images, err)
	}
	*last = s.Images
	return nil
}
