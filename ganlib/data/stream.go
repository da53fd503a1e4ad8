package data

import (
	"context"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// Position is the place of the next image in the endless shuffled passes over a source. It is all that a resumed
// run needs to see the images that the uninterrupted one would have seen.
type Position struct {
	Epoch  int64 `json:"epoch"`
	Offset int   `json:"offset"` // images of this epoch already taken
}

// Batch is a stack of images, ready to feed.
type Batch struct {
	Pixels                     []float32 // [N, Height, Width, Channels] in [-1, 1]
	N, Height, Width, Channels int
	Epoch                      int64
	Index, PerEpoch            int      // this batch and the number of batches of its epoch
	Position                   Position // after this batch
}

// Stream is an endless sequence of shuffled passes. The order of epoch e is a permutation drawn from
// seed.Rand(master, "data", e). While the caller works on one batch, a goroutine prepares the next ones.
// A Stream belongs to one goroutine; any number of streams may share a Source.
type Stream struct {
	source *Source
	master int64
	at     Position
	ahead  *prefetch
	free   chan []float32
	waited time.Duration
}

// prefetchDepth is the number of finished batches that may wait for Next.
const prefetchDepth = 2

// Stream starts at a position; the zero Position is the beginning. A position outside of the source is reported by Next.
func (s *Source) Stream(master int64, at Position) *Stream {
	return &Stream{source: s, master: master, at: at, free: make(chan []float32, prefetchDepth+2)}
}

// Next returns the next batch images. It never crosses an epoch: the last batch of an epoch may be short.
// Resolution 0 or the source's height gives images as they are, a smaller one the mean over boxes of pixels; it must
// divide the size. Batch and resolution may change between calls; a change costs the batches prepared ahead.
//
// The batch is the caller's until it is given to Recycle. Next fails on an impossible request and when ctx ends.
func (t *Stream) Next(ctx context.Context, batch, resolution int) (Batch, error) {
	if err := t.source.checkRequest(t.at, batch, resolution); err != nil {
		return Batch{}, err
	}
	if t.ahead == nil || t.ahead.batch != batch || t.ahead.resolution != resolution {
		t.stop()
		t.ahead = t.start(batch, resolution)
	}
	select { // a batch that is ready costs no look at the clock
	case b := <-t.ahead.out:
		return t.deliver(b), nil
	default:
	}
	started := time.Now()
	defer func() { t.waited += time.Since(started) }()
	select {
	case b := <-t.ahead.out:
		return t.deliver(b), nil
	case <-ctx.Done():
		return Batch{}, fmt.Errorf("data: %s: waiting for a batch: %w", t.source.name, context.Cause(ctx))
	}
}

func (t *Stream) deliver(b Batch) Batch {
	t.at = b.Position
	return b
}

// Waited is the total time Next was blocked because no batch was ready.
func (t *Stream) Waited() time.Duration { return t.waited }

// Position is the place of the next image that Next will return.
func (t *Stream) Position() Position { return t.at }

// Recycle gives a batch's buffer back; its Pixels must not be used afterwards.
func (t *Stream) Recycle(b Batch) {
	select {
	case t.free <- b.Pixels:
	default:
	}
}

// Close ends the goroutine. The stream may be continued: Next starts it again.
func (t *Stream) Close() { t.stop() }

func (t *Stream) stop() {
	if t.ahead == nil {
		return
	}
	close(t.ahead.quit)
	<-t.ahead.done
	for {
		select {
		case b := <-t.ahead.out:
			t.Recycle(b)
		default:
			t.ahead = nil
			return
		}
	}
}

// checkRequest says why a source cannot serve a batch.
func (s *Source) checkRequest(at Position, batch, resolution int) error {
	switch {
	case batch <= 0:
		return fmt.Errorf("data: %s: batch of %d images: use 1 to %d", s.name, batch, s.n)
	case batch > s.n:
		return fmt.Errorf("data: %s: batch of %d images, but the set has only %d: use a smaller batch or more images", s.name, batch, s.n)
	case at.Epoch < 0 || at.Offset < 0 || at.Offset > s.n:
		return fmt.Errorf("data: %s: position epoch %d, image %d is outside of the %d images: was it saved with other data?", s.name, at.Epoch, at.Offset, s.n)
	}
	if resolution == 0 {
		return nil
	}
	if resolution < 0 || resolution > s.height || s.height%resolution != 0 || s.width%(s.height/resolution) != 0 {
		return fmt.Errorf("data: %s: resolution %d from images of %d×%d: use a resolution that divides the size, or prepare larger images", s.name, resolution, s.width, s.height)
	}
	return nil
}

// prefetch is the goroutine that prepares batches of one size.
type prefetch struct {
	batch, resolution int
	out               chan Batch
	quit, done        chan struct{}
}

func (t *Stream) start(batch, resolution int) *prefetch {
	p := &prefetch{
		batch: batch, resolution: resolution,
		out: make(chan Batch, prefetchDepth), quit: make(chan struct{}), done: make(chan struct{}),
	}
	maker := batchMaker{source: t.source, master: t.master, free: t.free, orderOf: -1}
	go p.run(maker, t.at)
	return p
}

func (p *prefetch) run(maker batchMaker, at Position) {
	defer close(p.done)
	for {
		b := maker.make(at, p.batch, p.resolution)
		select {
		case p.out <- b:
			at = b.Position
		case <-p.quit:
			return
		}
	}
}

// batchMaker owns the order of the epoch it is in.
type batchMaker struct {
	source  *Source
	master  int64
	free    <-chan []float32
	order   []int
	orderOf int64
}

func (m *batchMaker) make(at Position, batch, resolution int) Batch {
	s := m.source
	if at.Offset == s.n {
		at = Position{Epoch: at.Epoch + 1}
	}
	if m.orderOf != at.Epoch {
		m.order, m.orderOf = seed.Rand(m.master, "data", at.Epoch).Perm(s.n), at.Epoch
	}
	factor := 1
	if resolution > 0 {
		factor = s.height / resolution
	}
	end := min(at.Offset+batch, s.n)
	b := Batch{
		N: end - at.Offset, Height: s.height / factor, Width: s.width / factor, Channels: s.channels,
		Epoch: at.Epoch, Index: at.Offset / batch, Position: Position{Epoch: at.Epoch, Offset: end},
	}
	b.PerEpoch = b.Index + (s.n-at.Offset+batch-1)/batch
	if end == s.n {
		b.Position = Position{Epoch: at.Epoch + 1}
	}
	b.Pixels = m.buffer(b.N * b.Height * b.Width * b.Channels)
	if factor == 1 {
		s.Fill(b.Pixels, m.order[at.Offset:end])
	} else {
		s.fillReduced(b.Pixels, m.order[at.Offset:end], factor)
	}
	return b
}

func (m *batchMaker) buffer(n int) []float32 {
	select {
	case b := <-m.free:
		if cap(b) >= n {
			return b[:n]
		}
	default:
	}
	return make([]float32, n)
}
