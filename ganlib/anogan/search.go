package anogan

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"math"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// Search maps queries, in their order. The sequence ends with its first error: pictures of another size than the
// networks', a picture that is not in [−1, 1], a score that is not finite ([NotFinite], which names the query), ctx.
func (m *Mapper) Search(ctx context.Context, q Queries) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if err := m.check(q); err != nil {
			yield(Result{}, err)
			return
		}
		f := newFlight(ctx, m, q)
		defer f.land()
		for f.more() {
			found := f.next()
			for _, r := range found.results {
				if !yield(r, nil) {
					return
				}
			}
			if found.err != nil {
				yield(Result{}, found.err)
				return
			}
		}
	}
}

// All is Search with the results in a slice.
func (m *Mapper) All(ctx context.Context, q Queries) ([]Result, error) {
	var all []Result
	for r, err := range m.Search(ctx, q) {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func (m *Mapper) check(q Queries) error {
	im := m.gan.Image
	if q.Height() != im.Height || q.Width() != im.Width || q.Channels() != im.Channels {
		return fmt.Errorf("anogan: queries of %d×%d×%d for networks of %d×%d×%d; open the pictures at that size",
			q.Height(), q.Width(), q.Channels(), im.Height, im.Width, im.Channels)
	}
	return nil
}

// batch is what the searches of a batch of queries share.
type batch struct {
	from   int       // index of its first query
	pixels []float32 // in [−1, 1], whatever the networks are fed with
	target target
	known
}

func (b *batch) free() { b.target.free() }

// searchBatch maps queries [from, to), as many as fit into a batch, and keeps each one's best start, a broken one only
// where all are. Results before a broken one are returned with its error. kept is what the batch before has left, and is nil but for [Slips.KeepAdam].
func (m *Mapper) searchBatch(ctx context.Context, q Queries, from, to int, kept *carried) ([]Result, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("anogan: search stopped before queries %d to %d: %w", from, to-1, context.Cause(ctx))
	}
	b, err := m.load(q, from, to)
	if err != nil {
		return nil, err
	}
	defer b.free()
	best := make([]Result, to-from)
	for start := range m.search.Restarts {
		found, err := m.searchFrom(ctx, b, start, to-from, kept)
		if err != nil {
			return nil, err
		}
		for i, r := range found {
			if start == 0 || r.betterThan(best[i]) {
				best[i] = r
			}
		}
	}
	for i, r := range best {
		if err := r.check(); err != nil {
			return best[:i], err
		}
	}
	return best, nil
}

// load reads a batch, padded with its first query, and what the networks say of it.
func (m *Mapper) load(q Queries, from, to int) (*batch, error) {
	size := m.pixels()
	indices := make([]int, m.opt.Batch)
	for k := range indices {
		indices[k] = from
		if from+k < to {
			indices[k] = from + k
		}
	}
	b := &batch{from: from, pixels: make([]float32, m.opt.Batch*size)}
	q.Fill(b.pixels, indices)
	for i := range to - from {
		if err := checkQuery(from+i, b.pixels[i*size:(i+1)*size]); err != nil {
			return nil, err
		}
	}
	var err error
	b.target, b.known, err = m.engine.know(m.search.Range.Feed(b.pixels), to-from)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// searchFrom maps a batch from its latents of one start and returns the first n results.
func (m *Mapper) searchFrom(ctx context.Context, b *batch, start, n int, kept *carried) ([]Result, error) {
	s := newState(m, b, n, kept)
	defer s.free()
	s.begin(m.latents(b, start))
	for step := range m.search.Steps {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("anogan: search stopped at step %d of queries %d to %d: %w", step, b.from, b.from+n-1, context.Cause(ctx))
		}
		if m.opt.Every > 0 && step%m.opt.Every == 0 {
			if err := s.frame(step); err != nil {
				return nil, err
			}
		}
		done, err := s.step(step)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	return s.end(start)
}

// latents are the first z of every query of a batch: the encoder's for the first start where the search says so, else
// drawn from the seed, the picture and the number of the start.
func (m *Mapper) latents(b *batch, start int) []float32 {
	size, latent := m.pixels(), m.gan.Prior.Size
	w := make([]float32, 0, m.opt.Batch*latent)
	if start == 0 {
		w = append(w, b.guess...)
	}
	for i := len(w) / latent; i < m.opt.Batch; i++ {
		key := fingerprint(b.pixels[i*size : (i+1)*size])
		w = append(w, m.gan.Prior.Sample(seed.Rand(m.opt.Seed, "search", int64(key), int64(start)), 1)...)
	}
	if m.search.Bound == "tanh" {
		const edge = 1 - 1e-6 // whose inverse is finite
		for i, z := range w {
			w[i] = float32(math.Atanh(max(-edge, min(edge, float64(z)))))
		}
	}
	return w
}

// fingerprint tells pictures apart.
func fingerprint(pixels []float32) uint64 {
	h := fnv.New64a()
	var b [4]byte
	for _, v := range pixels {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		h.Write(b[:])
	}
	return h.Sum64()
}
