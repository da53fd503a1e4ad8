package train

import (
	"context"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/gomlx/gomlx/core/tensors"
)

// drawn is a batch that is ready to be fed: on a device, it has been carried there.
type drawn struct {
	asked  request
	batch  data.Batch // without its pixels
	pixels *tensors.Tensor
	err    error
}

// request is what a call asks of the stream.
type request struct{ images, resolution int }

// draw returns the next batch: the one drawn ahead, or now. Where the stream had none to give ahead, it is asked again.
func (t *Trainer) draw(ctx context.Context, stream Stream, r request) drawn {
	defer func(began time.Time) { t.waited += time.Since(began) }(time.Now())
	if t.ahead == nil {
		return t.drawNow(ctx, stream, r)
	}
	d := <-t.ahead
	t.ahead = nil
	switch {
	case d.err != nil && d.batch.N == 0:
		return t.drawNow(ctx, stream, r)
	case d.err == nil && d.asked != r:
		d.pixels.FinalizeAll()
		d.err = fmt.Errorf("train: %s: a batch of %+v was drawn ahead, %+v is needed; the schedule depends on more than the images shown", t.gan.Name, d.asked, r)
	}
	return d
}

// drawNow takes a batch out of the stream. One that cannot be carried to the device is an error that has a batch.
func (t *Trainer) drawNow(ctx context.Context, stream Stream, r request) drawn {
	batch, err := stream.Next(ctx, r.images, r.resolution)
	if err != nil {
		return drawn{err: fmt.Errorf("train: %s: %w", t.gan.Name, err)}
	}
	d := drawn{asked: r, pixels: tensors.FromFlatDataAndDimensions(batch.Pixels, batch.N, batch.Height, batch.Width, batch.Channels)}
	stream.Recycle(batch)
	d.batch, d.batch.Pixels = batch, nil
	if !t.early {
		return d
	}
	if err := d.pixels.MaterializeOnDevice(t.backend, false, 0); err != nil {
		d.pixels.FinalizeAll()
		d.err = fmt.Errorf("train: %s: a batch of %d images could not be carried to the device: %w", t.gan.Name, d.batch.N, err)
	}
	return d
}

// drawAhead begins to draw the batch of the next call that sees real images, while the device works on this one.
func (t *Trainer) drawAhead(ctx context.Context, stream Stream, place int) {
	if !t.early {
		return
	}
	r, ok := t.nextRequest(place)
	if !ok {
		return
	}
	t.ahead = make(chan drawn, 1)
	go func(out chan<- drawn) { out <- t.drawNow(ctx, stream, r) }(t.ahead)
}

// nextRequest is what the call after this one that sees real images will ask for; not ok where none will be made.
func (t *Trainer) nextRequest(place int) (r request, ok bool) {
	for _, c := range t.plan[place+1:] {
		if c.needReal {
			return t.requestIn(t.phase), true
		}
	}
	if t.state.Images >= t.opt.Images {
		return r, false
	}
	_, next := t.phaseOf(t.state.Iteration+1, t.state.Images)
	return t.requestIn(next), true
}

// forgetAhead waits for the batch drawn ahead and gives it up, so that the stream may be closed.
func (t *Trainer) forgetAhead() {
	if t.ahead != nil {
		if d := <-t.ahead; d.err == nil {
			d.pixels.FinalizeAll()
		}
	}
	t.ahead, t.early = nil, false // only now: whoever draws looks at early
}

// waitedFor is how long training has waited for batches. What a batch drawn ahead was waited for while the device worked
// is no loss; the stream, which counts it, is asked only where none is.
func (t *Trainer) waitedFor(stream *data.Stream) time.Duration {
	if t.early {
		return t.waited
	}
	return stream.Waited()
}
