package experiments_test

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// stopper ends a training at its first number.
type stopper struct{ stop func() }

func (s stopper) Point(runlog.Point) error             { s.stop(); return nil }
func (stopper) Image(string, int64, image.Image) error { return nil }
func (stopper) Close() error                           { return nil }

// short is the smallest training there is.
func short(out string) experiments.Options {
	return experiments.Options{
		Scale: experiments.Smoke, Images: 16, Out: out,
		Set: map[string]string{"image_size": "16", "ngf": "4", "ndf": "4"},
	}
}

// stopped trains one iteration on a backend.
func stopped(t *testing.T, out, config string) *runlog.Run {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := short(out)
	o.Backend = config
	o.Watch = func(*runlog.Run, experiments.Settings) []runlog.Sink { return []runlog.Sink{stopper{cancel}} }
	run, err := experiments.Train(ctx, "dcgan", o)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return run
}

// A run goes on with the backend it began with, whatever the environment says, and its record tells of no change; on
// another backend it says which.
func TestResumeUsesTheBackendOfTheRecord(t *testing.T) {
	const began = "go:num_executors=1"
	for _, tc := range []struct{ wish, variable, changes string }{
		{"", "", ""},
		{"", "go:num_executors=3", ""},
		{"go:num_executors=2", "", "backend: was go:num_executors=1, is go:num_executors=2; executors: was 1, is 2"},
	} {
		t.Setenv(backend.Variable, tc.variable)
		run := stopped(t, t.TempDir(), began)
		if i := run.Info(); i.Backend != began || i.Executors != 1 {
			t.Fatalf("the record says %s with %d executors", i.Backend, i.Executors)
		}
		var log strings.Builder
		run, err := experiments.Resume(t.Context(), run.Dir(), experiments.Options{Backend: tc.wish, Log: &log})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(run.Info().Resumed[0].Changes, "; "); got != tc.changes || strings.Contains(log.String(), "not to the bit") != (tc.changes != "") {
			t.Errorf("%+v: changes %q, want %q; log %q", tc, got, tc.changes, &log)
		}
	}
}

// A damaged neighbour does not hide a good run, and is named when there is no other.
func TestNewestBesideADamagedRun(t *testing.T) {
	out := t.TempDir()
	run := stopped(t, out, "")
	damaged := filepath.Join(out, "00007-dcgan")
	if err := os.MkdirAll(damaged, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, "run.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	opened, err := experiments.Newest("dcgan", out)
	if err != nil || opened.Run.Dir() != run.Dir() {
		t.Errorf("%v", err)
	}
	if _, err := experiments.Newest("dcgan/radford2015", out); err == nil || !strings.Contains(err.Error(), "there is no run of dcgan/radford2015") ||
		!strings.Contains(err.Error(), damaged) {
		t.Errorf("%v", err)
	}
}
