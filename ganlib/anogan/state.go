package anogan

import "fmt"

// state is a search of a batch on its way.
type state struct {
	m       *Mapper
	b       *batch
	n       int // queries that count
	walk    walk
	stage   int      // 0: the early Adam, 1: the late one
	updates int64    // that it has made
	kept    *carried // where moments go instead of being forgotten; nil: they are
	losses  [][]float32
	frames  [][]Frame
}

func newState(m *Mapper, b *batch, n int, kept *carried) *state {
	return &state{m: m, b: b, n: n, kept: kept, losses: make([][]float32, n), frames: make([][]Frame, n)}
}

// begin sets the latents, and an Adam that has seen nothing.
func (s *state) begin(w []float32) {
	s.walk = s.b.target.start(w)
	s.enter(0)
}

// enter begins the early or the late Adam: fresh moments, and the count of steps from zero, unless an earlier batch has
// left its own.
func (s *state) enter(stage int) {
	s.leave()
	s.stage, s.updates = stage, 0
	if s.kept == nil {
		s.walk.resume(nil)
		return
	}
	s.updates = s.kept[stage].updates
	s.walk.resume(s.kept.take(stage))
}

// leave forgets the present Adam, or keeps it for the next batch.
func (s *state) leave() {
	m := s.walk.leave()
	switch {
	case m == nil:
	case s.kept == nil:
		m.free()
	default:
		s.kept[s.stage] = adamState{m, s.updates}
	}
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
	scores, err := s.walk.step(float32(a), float32(eps))
	if err != nil {
		return false, fmt.Errorf("anogan: step %d of the search: %w", step, err)
	}
	return s.record(scores), nil
}

// record keeps the losses of the queries that are still searched.
func (s *state) record(scores []float32) (done bool) {
	done = true
	for i := range s.n {
		if s.stopped(i) {
			continue
		}
		s.losses[i] = append(s.losses[i], scores[i])
		done = done && s.stopped(i)
	}
	return done
}

// stopped says whether a query's search has ended before its last step.
func (s *state) stopped(i int) bool {
	n := len(s.losses[i])
	return s.m.search.Stop > 0 && n > 0 && s.losses[i][n-1] <= float32(s.m.search.Stop)
}

func (s *state) look() (seen, error) {
	v, err := s.walk.look()
	if err != nil {
		return v, fmt.Errorf("anogan: G(z): %w", err)
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
	if s.walk != nil {
		s.leave()
		s.walk.free()
		s.walk = nil
	}
}
