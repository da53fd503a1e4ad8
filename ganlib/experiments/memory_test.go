package experiments

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// withMemory makes the machine one with so many bytes left.
func withMemory(t *testing.T, bytes int64) {
	before := availableMemory
	availableMemory = func() int64 { return bytes }
	t.Cleanup(func() { availableMemory = before })
}

// smoke is the smallest training there is: one batch.
func smoke(t *testing.T, log *bytes.Buffer) Options {
	if !gantest.OnGo(t) {
		t.Skip("XLA does not say what its graphs need")
	}
	return Options{Scale: Smoke, Out: filepath.Join(t.TempDir(), "runs"), Images: 8, Backend: "go", Log: log}
}

// What is needed is said and recorded beside what there is.
func TestMemoryIsSaid(t *testing.T) {
	var log bytes.Buffer
	withMemory(t, 8e9)
	run, err := Train(context.Background(), "dcgan", smoke(t, &log))
	if err != nil {
		t.Fatal(err)
	}
	m := run.Info().Memory
	if m.Needed < 50<<20 || m.Needed > 500<<20 || m.Available != 8e9 {
		t.Errorf("recorded: %+v", m)
	}
	if want := "memory: about " + inBytes(m.Needed) + " are needed, 8.0 GB are available\n"; !strings.Contains(log.String(), want) {
		t.Errorf("want %q in:\n%s", want, &log)
	}
}

// A training that does not fit is refused before there is a run, with the largest batch that does; that batch is
// accepted, and so is the refused one when it is to be tried all the same. A resume cannot change its batch.
func TestMemoryThatIsNotThere(t *testing.T) {
	var log bytes.Buffer
	withMemory(t, 100<<20)
	o := smoke(t, &log)
	o.Batch, o.Images = 64, 64
	_, err := Train(context.Background(), "dcgan", o)
	if err == nil {
		t.Fatal("a batch of 64 was accepted in 100 MB")
	}
	found := regexp.MustCompile(`needs about \d+ MB of memory, and 105 MB are available; the largest batch that fits is (\d+): --batch (\d+); --ignore-memory`).FindStringSubmatch(err.Error())
	if found == nil || found[1] != found[2] {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(o.Out); !os.IsNotExist(err) {
		t.Errorf("the refused training left a run: %v", err)
	}
	if o.Batch, err = strconv.Atoi(found[1]); err != nil || o.Batch >= 64 || o.Batch < 2 {
		t.Fatalf("a batch of %s fits", found[1])
	}
	o.Images = int64(o.Batch)
	if _, err := Train(context.Background(), "dcgan", o); err != nil {
		t.Errorf("batch %d: %v", o.Batch, err)
	}
	withMemory(t, 1<<20)
	if _, err := Train(context.Background(), "dcgan", o); err == nil || !strings.Contains(err.Error(), "not even a batch of 2 fits") {
		t.Errorf("in a megabyte: %v", err)
	}
	o.IgnoreMemory = true
	run, err := Train(context.Background(), "dcgan", o)
	if err != nil {
		t.Fatalf("ignored: %v", err)
	}
	again := Options{Images: 2 * o.Images}
	if _, err := Resume(context.Background(), run.Dir(), again); err == nil || !strings.Contains(err.Error(), "resume it where there is more") {
		t.Errorf("resumed: %v", err)
	}
	again.IgnoreMemory = true
	if _, err := Resume(context.Background(), run.Dir(), again); err != nil {
		t.Errorf("resumed, ignored: %v", err)
	}
	if m := must(runlog.Open(run.Dir()))(t).Info().Memory; m.Available != 1<<20 {
		t.Errorf("recorded: %+v", m)
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
