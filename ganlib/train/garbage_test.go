package train

import (
	"runtime/debug"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The limit is set once the buffers are there, follows when collections become hectic, and goes with the graphs.
func TestGarbageLimit(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	none := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(none)
	now := func() int64 { return debug.SetMemoryLimit(-1) }
	var g garbage
	for range settled - 1 {
		g.stepped()
	}
	if now() != none {
		t.Errorf("after %d iterations the limit is %d", settled-1, now())
	}
	g.stepped()
	set := now()
	if used := mapped(); set < used || set > used+2*garbageAllowed {
		t.Errorf("the limit is %d, with %d in use", set, used)
	}
	if g.stepped(); now() != set {
		t.Errorf("a quiet iteration moved the limit from %d to %d", set, now())
	}
	g.cycles -= hectic + 1
	if g.stepped(); now() != set+set/4 {
		t.Errorf("a hectic iteration moved the limit from %d to %d", set, now())
	}
	if g.lift(); now() != none {
		t.Errorf("after the graphs are gone the limit is %d", now())
	}
}

// Trainers of one process keep one limit, which goes with the last of them, whoever that is.
func TestGarbageLimitIsShared(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	none := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(none)
	var first, second garbage
	for range settled {
		first.stepped()
		second.stepped()
	}
	first.lift()
	if now := debug.SetMemoryLimit(-1); now == none {
		t.Error("the limit is gone while one of two trains")
	}
	second.lift()
	if now := debug.SetMemoryLimit(-1); now != none {
		t.Errorf("after both are gone the limit is %d", now)
	}
}

// A training that has ended leaves no limit behind, whether its trainer is closed or not.
func TestGarbageLimitEndsWithTheTraining(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	none := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(none)
	limited := false
	watch := at{2 * settled, func() { limited = debug.SetMemoryLimit(-1) != none }}
	if err := sit(t, t.Context(), matches[0], create(t), func(o *Options) { o.Watch = []runlog.Sink{watch} }); err != nil {
		t.Fatal(err)
	}
	if now := debug.SetMemoryLimit(-1); !limited || now != none {
		t.Errorf("limited while it trained: %v; afterwards the limit is %d", limited, now)
	}
}

// Whoever sets Go's collector keeps it.
func TestGarbageIsTheUsersChoice(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	for _, variable := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(variable, "100")
			var g garbage
			for range settled + 2 {
				g.stepped()
			}
			if now := debug.SetMemoryLimit(-1); now != before {
				t.Errorf("the limit was moved from %d to %d", before, now)
			}
		})
	}
}
