package anogan

import (
	"context"
	"fmt"
	"iter"
)

// Steps is the search of one batch, step by step, for those who measure it: it yields A of every query before each step,
// in the order of the queries and valid until the next one. These are the Losses of [Mapper.Search] from the first start,
// but for the last of them. Where a query is searched no further, its last A is repeated. The sequence ends with its
// first error.
func (m *Mapper) Steps(ctx context.Context, q Queries) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		if err := m.steps(ctx, q, func(scores []float32) bool { return yield(scores, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (m *Mapper) steps(ctx context.Context, q Queries, yield func([]float32) bool) error {
	if err := m.check(q); err != nil {
		return err
	}
	if q.Len() < 1 || q.Len() > m.opt.Batch {
		return fmt.Errorf("anogan: %d queries for a batch of %d; step by step it is one batch that is searched", q.Len(), m.opt.Batch)
	}
	b, err := m.load(q, 0, q.Len())
	if err != nil {
		return err
	}
	defer b.free()
	s := newState(m, b, q.Len(), nil)
	defer s.free()
	s.begin(m.latents(b, 0))
	scores := make([]float32, q.Len())
	for step := range m.search.Steps {
		if ctx.Err() != nil {
			return fmt.Errorf("anogan: search stopped at step %d: %w", step, context.Cause(ctx))
		}
		done, err := s.step(step)
		if err != nil {
			return err
		}
		for i, losses := range s.losses {
			scores[i] = losses[len(losses)-1]
		}
		if !yield(scores) || done {
			return nil
		}
	}
	return nil
}
