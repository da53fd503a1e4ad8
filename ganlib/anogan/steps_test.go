package anogan

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// tinySearch is a search of few steps on small nets.
func tinySearch(t *testing.T, s Search) *Mapper {
	c := Post()
	c.GenMaps, c.DiscMaps, c.Latent = []int{4, 3, 2}, []int{3, 4}, 6
	gan, store := built(t, c)
	return mapper(t, store, gan, s, MapperOptions{Batch: 3})
}

// Step by step come the losses of the search, to the bit, but for the last; a query that is stopped stays where it is.
func TestSteps(t *testing.T) {
	queries := blobs(t, 3, 28)
	free := search(t, tinySearch(t, few()), queries)
	stopped := few()
	stopped.Stop = float64(min(free[0].Losses[0], free[1].Losses[0], free[2].Losses[0])) // at once for one of them
	for name, s := range map[string]Search{"to the end": few(), "stopped": stopped} {
		m := tinySearch(t, s)
		want := search(t, m, queries)
		step := 0
		for scores, err := range m.Steps(t.Context(), queries) {
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range scores {
				losses := want[i].Losses
				if a != losses[min(step, len(losses)-1)] {
					t.Errorf("%s: step %d, query %d: A is %v, the search's %v", name, step, i, a, losses)
				}
			}
			step++
		}
		if step != s.Steps {
			t.Errorf("%s: %d steps, want %d", name, step, s.Steps)
		}
	}
}

// It can be left, is ended by its context, and refuses what is no batch.
func TestStepsEnd(t *testing.T) {
	m := tinySearch(t, few())
	steps := 0
	for _, err := range m.Steps(t.Context(), blobs(t, 2, 28)) {
		if err != nil {
			t.Fatal(err)
		}
		if steps++; steps == 2 {
			break
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("enough")
	for _, err := range m.Steps(ctx, blobs(t, 3, 28)) {
		if steps++; steps == 3 {
			cancel(why)
		} else if !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
	}
	if steps != 4 {
		t.Errorf("%d steps and an error, want 4", steps)
	}
	for _, tc := range []struct {
		n, size int
		want    string
	}{{4, 28, "4 queries for a batch of 3"}, {2, 20, "20×20"}} {
		for _, err := range m.Steps(t.Context(), blobs(t, tc.n, tc.size)) {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		}
	}
}
