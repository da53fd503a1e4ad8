package runlog

import (
	"context"
	"os"
	"testing"
)

func TestObserver(t *testing.T) {
	Observe(t.Context(), "unheard") // nobody listens
	var seen []string
	ctx := WithObserver(t.Context(), func(dir string) { seen = append(seen, dir) })
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	Observe(inner, "runs/00001-dcgan")
	if len(seen) != 1 || seen[0] != "runs/00001-dcgan" {
		t.Errorf("observed %q", seen)
	}
}

// The holder is this process while the run is open for writing, and nobody afterwards.
func TestHolder(t *testing.T) {
	r := newRun(t)
	reader, err := Open(r.Dir())
	must(t, err)
	host, _ := os.Hostname()
	if h, ok := reader.Holder(); !ok || h.PID != os.Getpid() || h.Host != host || h.Started.IsZero() {
		t.Errorf("holder %v, %v", h, ok)
	}
	must(t, r.Close())
	if h, ok := reader.Holder(); ok {
		t.Errorf("a closed run is held by %v", h)
	}
}

func TestGoal(t *testing.T) {
	for _, tc := range []struct {
		config any
		want   int64
	}{
		{map[string]any{"images": 80_000}, 80_000},
		{struct{ Width int }{32}, 0},
		{nil, 0},
		{"no settings", 0},
	} {
		if got := (Info{Config: tc.config}).Goal(); got != tc.want {
			t.Errorf("goal of %v: %d, want %d", tc.config, got, tc.want)
		}
	}
}
