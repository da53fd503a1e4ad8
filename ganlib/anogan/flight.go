package anogan

import "context"

// flight is the batches of a search that are on their way at the same time, in their order.
type flight struct {
	ctx     context.Context
	cancel  context.CancelFunc
	m       *Mapper
	q       Queries
	kept    *carried
	begun   int // queries whose batch has begun
	batches []chan found
}

// found is what the search of a batch brought: the results before its first error.
type found struct {
	results []Result
	err     error
}

func newFlight(ctx context.Context, m *Mapper, q Queries) *flight {
	f := &flight{m: m, q: q, kept: m.search.carry()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

// more says whether there are results to come.
func (f *flight) more() bool { return f.begun < f.q.Len() || len(f.batches) > 0 }

// next keeps as many batches on their way as may be, and waits for the first of them.
func (f *flight) next() found {
	for f.begun < f.q.Len() && len(f.batches) < f.m.opt.AtOnce {
		f.begin()
	}
	first := <-f.batches[0]
	f.batches = f.batches[1:]
	return first
}

func (f *flight) begin() {
	from := f.begun
	f.begun = min(from+f.m.opt.Batch, f.q.Len())
	to, out := f.begun, make(chan found, 1)
	f.batches = append(f.batches, out)
	go func() {
		results, err := f.m.searchBatch(f.ctx, f.q, from, to, f.kept)
		out <- found{results, err}
	}()
}

// land ends the batches that nobody waits for any more, so that the mapper may be closed.
func (f *flight) land() {
	f.cancel()
	for _, b := range f.batches {
		<-b
	}
	f.kept.free()
}
