package train

import (
	"context"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// beginner counts the points that come after it was handed the run, and those that come before.
type beginner struct {
	at
	run           *runlog.Run
	early, points int
}

func (b *beginner) Began(run *runlog.Run) { b.run = run }

func (b *beginner) Point(runlog.Point) error {
	b.points++
	if b.run == nil {
		b.early++
	}
	return nil
}

// A sink that wants to know the run is handed it before the first point.
func TestWatcherIsHandedTheRun(t *testing.T) {
	m := matches[0]
	run := create(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := &beginner{}
	sit(t, ctx, m, run, func(o *Options) { o.Watch = []runlog.Sink{b, at{1, cancel}} })
	if b.run != run || b.points == 0 || b.early > 0 {
		t.Errorf("handed %p, want %p; %d points, %d of them before", b.run, run, b.points, b.early)
	}
}
