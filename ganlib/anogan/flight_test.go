package anogan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// How many batches are on their way at the same time changes no bit and no order, and neither does a query's company.
func TestBatchesAtOnce(t *testing.T) {
	s := few()
	s.Restarts = 2
	gan, store := built(t, tiny())
	queries := blobs(t, 11, tiny().ImageSize)
	var want []Result
	for _, n := range []int{1, 2, 5} {
		m := mapper(t, store, gan, s, MapperOptions{Batch: 3, AtOnce: n})
		got := search(t, m, queries)
		if n == 1 {
			want = got
		}
		for i, r := range got {
			if r.Query != i {
				t.Errorf("%d at once: query %d in place %d", n, r.Query, i)
			}
			same(t, fmt.Sprintf("%d at once, query %d", n, i), r, want[i])
		}
	}
	kept := few()
	kept.KeepAdam = true
	for what, m := range map[string]*Mapper{
		"Adam is kept": mapper(t, store, gan, kept, MapperOptions{Batch: 3, AtOnce: 4}),
		"watched":      mapper(t, store, gan, few(), MapperOptions{Batch: 3, AtOnce: 4, Watch: func(int, Frame, []float32) {}}),
	} {
		if m.opt.AtOnce != 1 {
			t.Errorf("%s: %d batches at once depend on each other", what, m.opt.AtOnce)
		}
	}
}

// dirty are queries of which one is out of range.
type dirty struct {
	Queries
	query int
}

func (d dirty) Fill(dst []float32, indices []int) {
	d.Queries.Fill(dst, indices)
	for k, i := range indices {
		if i == d.query {
			dst[k*d.Height()*d.Width()] = 7
		}
	}
}

// An error in one batch comes after the results of those before it, and whoever stops listening may close the mapper.
func TestBatchesAtOnceEnd(t *testing.T) {
	gan, store := built(t, tiny())
	queries := blobs(t, 12, tiny().ImageSize)
	m, err := NewMapper(gantest.Backend(t), store, gan, few(), MapperOptions{Batch: 2, AtOnce: 4})
	if err != nil {
		t.Fatal(err)
	}
	results, last := 0, error(nil)
	for r, err := range m.Search(t.Context(), dirty{queries, 7}) {
		if last = err; err == nil && r.Query != results {
			t.Errorf("query %d in place %d", r.Query, results)
		}
		if err == nil {
			results++
		}
	}
	if results != 6 || last == nil || !strings.Contains(last.Error(), "query 7 holds 7") {
		t.Errorf("%d results, then %v", results, last)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("enough")
	for _, err := range m.Search(ctx, queries) {
		cancel(why)
		last = err
	}
	if !errors.Is(last, why) {
		t.Errorf("told to stop: %v", last)
	}
	for range m.Search(t.Context(), queries) {
		break
	}
	m.Close()
}
