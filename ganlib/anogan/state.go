package anogan

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// state is a search of a batch on its way.
type state struct {
	m       *Mapper
	b       *batch
	n       int // queries that count
	w       *tensors.Tensor
	moments          // of the present Adam
	stage   int      // 0: the early Adam, 1: the late one
	kept    *carried // where moments go instead of being forgotten; nil: they are
	losses  [][]float32
	frames  [][]Frame
}

func newState(m *Mapper, b *batch, n int, kept *carried) *state {
	return &state{m: m, b: b, n: n, kept: kept, losses: make([][]float32, n), frames: make([][]Frame, n)}
}

// moments are what an Adam remembers: both moments, and the steps it has made.
type moments struct {
	first, second *tensors.Tensor
	updates       int64
}

func (a *moments) free() {
	if a.first != nil {
		finalize(a.first, a.second)
	}
	*a = moments{}
}

// begin sets the latents, and an Adam that has seen nothing.
func (s *state) begin(w []float32) {
	s.w = s.rows(w)
	s.enter(0)
}

// enter begins the early or the late Adam: fresh moments, and the count of steps from zero, unless an earlier batch has
// left its own.
func (s *state) enter(stage int) {
	s.leave()
	s.stage = stage
	if s.kept != nil && s.kept[stage].first != nil {
		s.moments, s.kept[stage] = s.kept[stage], moments{}
		return
	}
	size := s.m.opt.Batch * s.m.gan.Prior.Size
	s.moments = moments{first: s.rows(make([]float32, size)), second: s.rows(make([]float32, size))}
}

// leave forgets the present Adam, or keeps it for the next batch.
func (s *state) leave() {
	if s.kept == nil || s.first == nil {
		s.moments.free()
		return
	}
	s.kept[s.stage], s.moments = s.moments, moments{}
}

func (s *state) rows(values []float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(values, s.m.opt.Batch, s.m.gan.Prior.Size)
}

// step records A and moves z once. It is done when no query is searched any further.
func (s *state) step(step int) (done bool, err error) {
	rate := s.m.search.Rate
	if late := s.m.search.LateStep; late > 0 && step >= late {
		rate = s.m.search.Late
		if step == late {
			s.enter(1)
		}
	}
	s.updates++
	a, eps := adam.Rates(s.updates, rate)
	rates := tensors.FromFlatDataAndDimensions([]float32{float32(a), float32(eps)}, 2)
	out, err := s.m.step.Call(s.b.x, s.b.fx, s.w, s.first, s.second, rates)
	finalize(rates)
	if err != nil {
		return false, fmt.Errorf("anogan: step %d of the search: %w", step, err)
	}
	finalize(s.w, s.first, s.second)
	s.w, s.first, s.second = out[0], out[1], out[2]
	return s.record(out[3])
}

// record keeps the losses of the queries that are still searched.
func (s *state) record(scores *tensors.Tensor) (done bool, err error) {
	defer finalize(scores)
	values, err := tensors.CopyFlatData[float32](scores)
	if err != nil {
		return false, err
	}
	done = true
	for i := range s.n {
		if s.stopped(i) {
			continue
		}
		s.losses[i] = append(s.losses[i], values[i])
		done = done && s.stopped(i)
	}
	return done, nil
}

// stopped says whether a query's search has ended before its last step.
func (s *state) stopped(i int) bool {
	n := len(s.losses[i])
	return s.m.search.Stop > 0 && n > 0 && s.losses[i][n-1] <= float32(s.m.search.Stop)
}

// seen is what the networks say of the present latents, row by row.
type seen struct {
	images, z                       []float32
	residual, discrimination, score []float32
}

func (s *state) look() (v seen, err error) {
	out, err := s.m.look.Call(s.b.x, s.b.fx, s.w)
	if err != nil {
		return v, fmt.Errorf("anogan: G(z): %w", err)
	}
	defer finalize(out...)
	for i, to := range []*[]float32{&v.images, &v.z, &v.residual, &v.discrimination, &v.score} {
		if *to, err = tensors.CopyFlatData[float32](out[i]); err != nil {
			return v, err
		}
	}
	return v, nil
}

// frame keeps the mapped images of the moment.
func (s *state) frame(step int) error {
	v, err := s.look()
	if err != nil {
		return err
	}
	size := s.m.pixels()
	for i := range s.n {
		if !s.stopped(i) {
			f := Frame{Step: step, Mapped: v.images[i*size : (i+1)*size : (i+1)*size], Residual: float64(v.residual[i]), Score: float64(v.score[i])}
			s.frames[i] = append(s.frames[i], f)
			if s.m.opt.Watch != nil {
				s.m.opt.Watch(s.b.from+i, f, s.losses[i])
			}
		}
	}
	return nil
}

// end looks at the last latents. A query that was stopped has its last loss recorded already.
func (s *state) end(start int) ([]Result, error) {
	v, err := s.look()
	if err != nil {
		return nil, err
	}
	size, latent := s.m.pixels(), s.m.gan.Prior.Size
	results := make([]Result, s.n)
	for i := range results {
		if !s.stopped(i) {
			s.losses[i] = append(s.losses[i], v.score[i])
		}
		results[i] = Result{
			Query: s.b.from + i, Start: start, Losses: s.losses[i], Frames: s.frames[i],
			Residual: float64(v.residual[i]), Discrimination: float64(v.discrimination[i]), Score: float64(v.score[i]), Logit: float64(s.b.logits[i]),
			Mapped: append([]float32(nil), v.images[i*size:(i+1)*size]...), Z: append([]float32(nil), v.z[i*latent:(i+1)*latent]...),
		}
	}
	return results, nil
}

func (s *state) free() {
	if s.w != nil {
		finalize(s.w)
		s.w = nil
	}
	s.leave()
}
