package train

import (
	"context"
	"errors"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
)

// hooked calls do before a batch, counted from 1; an error of do is the stream's.
type hooked struct {
	Stream
	n  int
	do func(ctx context.Context, n int) error
}

func (h *hooked) Next(ctx context.Context, batch, resolution int) (data.Batch, error) {
	h.n++
	if err := h.do(ctx, h.n); err != nil {
		return data.Batch{}, err
	}
	return h.Stream.Next(ctx, batch, resolution)
}

// An iteration of several calls is all or nothing: told to stop in its midst, it is finished; where it cannot be, no
// snapshot of the half is taken.
func TestHalfAnIteration(t *testing.T) {
	gan := tinyGAN()
	gan.Steps[1].Batch = ganlib.FreshBatch // two batches an iteration
	inner := blobs(t, 40, 8, 8).Stream(1, data.Position{})
	defer inner.Close()
	ctx, cancel := context.WithCancel(t.Context())
	trainer := begin(t, gan, Options{BatchSize: 4, Images: 100})
	s := &hooked{Stream: inner, do: func(ctx context.Context, n int) error {
		if n == 2 {
			cancel()
		}
		return ctx.Err()
	}}
	if _, err := trainer.Iterate(ctx, s); err != nil || trainer.State().Iteration != 1 || trainer.broken {
		t.Errorf("told to stop in the midst of an iteration: %v, %d done", err, trainer.State().Iteration)
	}
	before := contents(t, trainer.Store())
	if _, err := trainer.Iterate(ctx, s); !errors.Is(err, context.Canceled) || trainer.broken {
		t.Errorf("told to stop before an iteration: %v, broken %v", err, trainer.broken)
	}
	unchanged(t, trainer.Store(), before, "an iteration that was not begun")
	if state := trainer.State(); state.Images != 8 || state.Updates["D"] != 1 || state.Updates["G"] != 1 {
		t.Errorf("%+v counts an iteration that was not begun", state)
	}
	s.n, s.do = 0, func(_ context.Context, n int) error {
		if n == 2 {
			return errors.New("the file is gone")
		}
		return nil
	}
	if _, err := trainer.Iterate(t.Context(), s); err == nil || !trainer.broken {
		t.Errorf("half an iteration: %v, broken %v", err, trainer.broken)
	}
}
