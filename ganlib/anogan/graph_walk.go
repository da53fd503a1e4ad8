package anogan

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

func (e *graphs) know(fed []float32, n int) (target, known, error) {
	im := e.gan.Image
	x := tensors.FromFlatDataAndDimensions(fed, e.batch, im.Height, im.Width, im.Channels)
	out, err := e.knowing.Call(x)
	if err != nil {
		finalize(x)
		return nil, known{}, fmt.Errorf("anogan: f(x): %w", err)
	}
	defer finalize(out[1:]...)
	t := &graphTarget{e: e, x: x, fx: out[0]}
	var k known
	for i, to := range []*[]float32{&k.logits, &k.guess}[:len(out)-1] {
		if *to, err = tensors.CopyFlatData[float32](out[i+1]); err != nil {
			t.free()
			return nil, known{}, fmt.Errorf("anogan: D(x), E(x): %w", err)
		}
	}
	return t, k, nil
}

// graphTarget is x and f(x) on the backend.
type graphTarget struct {
	e     *graphs
	x, fx *tensors.Tensor
}

func (t *graphTarget) features() ([]float32, error) {
	values, err := tensors.CopyFlatData[float32](t.fx)
	if err != nil {
		return nil, fmt.Errorf("anogan: f(x): %w", err)
	}
	return values, nil
}

func (t *graphTarget) free() { finalize(t.x, t.fx) }

func (t *graphTarget) start(w []float32) walk { return &graphWalk{t: t, w: t.rows(w)} }

func (t *graphTarget) rows(values []float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(values, t.e.batch, t.e.gan.Prior.Size)
}

// graphWalk is w and its Adam on the backend.
type graphWalk struct {
	t       *graphTarget
	w       *tensors.Tensor
	moments *tensorMoments
}

type tensorMoments struct{ first, second *tensors.Tensor }

func (a *tensorMoments) free() { finalize(a.first, a.second) }

func (s *graphWalk) resume(m moments) {
	s.moments, _ = m.(*tensorMoments)
	if s.moments == nil {
		size := s.t.e.batch * s.t.e.gan.Prior.Size
		s.moments = &tensorMoments{s.t.rows(make([]float32, size)), s.t.rows(make([]float32, size))}
	}
}

func (s *graphWalk) leave() moments {
	if s.moments == nil {
		return nil
	}
	m := s.moments
	s.moments = nil
	return m
}

func (s *graphWalk) step(rate, eps float32) ([]float32, error) {
	rates := tensors.FromFlatDataAndDimensions([]float32{rate, eps}, 2)
	out, err := s.t.e.stepping.Call(s.t.x, s.t.fx, s.w, s.moments.first, s.moments.second, rates)
	finalize(rates)
	if err != nil {
		return nil, err
	}
	defer finalize(out[3])
	finalize(s.w, s.moments.first, s.moments.second)
	s.w, s.moments.first, s.moments.second = out[0], out[1], out[2]
	return tensors.CopyFlatData[float32](out[3])
}

func (s *graphWalk) look() (v seen, err error) {
	out, err := s.t.e.looking.Call(s.t.x, s.t.fx, s.w)
	if err != nil {
		return v, err
	}
	defer finalize(out...)
	for i, to := range []*[]float32{&v.images, &v.z, &v.residual, &v.discrimination, &v.score} {
		if *to, err = tensors.CopyFlatData[float32](out[i]); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (s *graphWalk) free() { finalize(s.w) }

func finalize(list ...*tensors.Tensor) {
	for _, t := range list {
		t.FinalizeAll()
	}
}
