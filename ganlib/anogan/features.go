package anogan

import (
	"context"
	"fmt"
)

// FeatureSize is how many numbers f(x) has for a picture.
func (m *Mapper) FeatureSize() int { return m.engine.featureSize() }

// Features returns f(x) of each query, D's activations that the search compares: [queries, FeatureSize], one after the
// other. They need no search. The pictures are checked as [Mapper.Search] checks them.
func (m *Mapper) Features(ctx context.Context, q Queries) ([]float32, error) {
	if err := m.check(q); err != nil {
		return nil, err
	}
	var all []float32
	for from := 0; from < q.Len(); from += m.opt.Batch {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("anogan: features of queries from %d on: %w", from, context.Cause(ctx))
		}
		to := min(from+m.opt.Batch, q.Len())
		b, err := m.load(q, from, to)
		if err != nil {
			return nil, err
		}
		values, err := b.target.features()
		b.free()
		if err != nil {
			return nil, err
		}
		all = append(all, values[:(to-from)*m.FeatureSize()]...)
	}
	return all, nil
}
