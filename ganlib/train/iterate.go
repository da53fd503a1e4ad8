package train

import (
	"context"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Iterate does every step of the game once, in order, and returns what they reported. When ctx ends before the first
// step, nothing has happened; an iteration that has begun is finished.
func (t *Trainer) Iterate(ctx context.Context, stream Stream) (runlog.Point, error) {
	if err := t.advance(ctx, stream); err != nil {
		return runlog.Point{}, err
	}
	points, err := t.read()
	if err != nil {
		return runlog.Point{}, err
	}
	return points[len(points)-1], nil
}

// advance does an iteration; what its steps report waits to be read.
func (t *Trainer) advance(ctx context.Context, stream Stream) error {
	if err := t.enterPhase(); err != nil {
		return err
	}
	var r reading
	for place, c := range t.plan {
		if place > 0 {
			ctx = context.WithoutCancel(ctx)
		}
		if err := t.call(ctx, stream, place, c, &r); err != nil {
			r.free()
			t.broken = t.broken || place > 0 // no snapshot of half an iteration
			return err
		}
	}
	t.whole = false
	t.garbage.stepped()
	t.state.Iteration++
	t.state.Resolution, t.state.Fresh = t.phase.Resolution, false
	t.state.Seconds = (t.elapsed + time.Since(t.started)).Seconds()
	r.point.Iteration, r.point.Images, r.point.Seconds = t.state.Iteration, t.state.Images, t.state.Seconds
	t.unread = append(t.unread, r)
	return nil
}

// call draws the batch of one call, runs it and counts.
func (t *Trainer) call(ctx context.Context, stream Stream, place int, c callPlan, r *reading) error {
	k, ok := t.compiled[c.name]
	if !ok {
		var err error
		if k, err = t.compile(c, t.phase); err != nil {
			return err
		}
		t.compiled[c.name] = k
	}
	asked := t.requestIn(t.phase)
	if !c.needReal {
		return t.run(k, t.feed(c, place, nil, asked.images), r)
	}
	d := t.draw(ctx, stream, asked)
	if d.err != nil {
		return d.err
	}
	inputs := t.feed(c, place, d.pixels, d.batch.N)
	r.point.Epoch, r.point.Batch, r.point.Batches = d.batch.Epoch, d.batch.Index, d.batch.PerEpoch
	t.state.Images += int64(d.batch.N)
	t.state.Position = d.batch.Position
	t.drawAhead(ctx, stream, place)
	return t.run(k, inputs, r)
}

// requestIn is what a call asks of the stream in a phase.
func (t *Trainer) requestIn(p ganlib.Phase) request {
	if p.BatchSize == 0 {
		return request{t.opt.BatchSize, p.Resolution}
	}
	return request{p.BatchSize, p.Resolution}
}

// phaseOf is the phase of an iteration, counted from 0, before which so many images were shown, and the number of images
// at which the schedule is asked.
func (t *Trainer) phaseOf(iteration, images int64) (at int64, p ganlib.Phase) {
	at = t.state.PhaseAt
	if every := max(t.gan.PhaseEvery, 1); iteration%every == 0 || !t.state.Entered {
		at = images
	}
	if t.gan.Schedule == nil {
		return at, ganlib.Constant{}.At(at)
	}
	return at, t.gan.Schedule.At(at)
}

// enterPhase asks the schedule and, when the stage is a new one, makes its copies and restarts the optimisers.
// What was compiled for an earlier stage or resolution is released.
func (t *Trainer) enterPhase() error {
	at, next := t.phaseOf(t.state.Iteration, t.state.Images)
	t.state.PhaseAt = at
	begins := !t.state.Entered || next.Stage != t.state.Stage
	t.whole = t.whole && !begins && !t.state.Fresh && next.Resolution == t.state.Resolution
	if begins {
		if err := t.enterStage(next); err != nil {
			return err
		}
	}
	if t.plan == nil || next.Stage != t.phase.Stage || next.Resolution != t.phase.Resolution {
		t.release()
		t.plan = planIteration(t.gan, next.Stage)
		if !seesImages(t.plan) {
			return fmt.Errorf("train: %s: stage %q has no step that sees real images; time is counted in them, so it would never end",
				t.gan.Name, next.Stage)
		}
	}
	t.phase = next
	return nil
}

// enterStage makes the copies of a stage and, where it asks for that, restarts every optimiser.
func (t *Trainer) enterStage(p ganlib.Phase) error {
	for _, c := range p.Copies {
		if err := ganlib.CopyScope(t.store, c.From, c.To); err != nil {
			return fmt.Errorf("train: %s: stage %q: %w", t.gan.Name, p.Stage, err)
		}
	}
	if p.FreshAdam {
		if err := ganlib.ResetAdam(t.store); err != nil {
			return fmt.Errorf("train: %s: stage %q: %w", t.gan.Name, p.Stage, err)
		}
		clear(t.state.Updates)
	}
	t.state.Stage, t.state.Entered, t.state.Fresh = p.Stage, true, true
	return nil
}

// release frees compiled graphs and their memory.
func (t *Trainer) release() {
	t.garbage.lift()
	for _, k := range t.compiled {
		k.exec.Finalize()
	}
	clear(t.compiled)
	if t.sampler != nil {
		t.sampler.release()
		t.sampler = nil
	}
}
