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
	if err := t.enterPhase(); err != nil {
		return runlog.Point{}, err
	}
	point := runlog.Point{Values: map[string]float64{}}
	for place, c := range t.plan {
		if place > 0 {
			ctx = context.WithoutCancel(ctx)
		}
		if err := t.call(ctx, stream, place, c, &point); err != nil {
			t.broken = t.broken || place > 0 // no snapshot of half an iteration
			return runlog.Point{}, err
		}
	}
	t.whole = false
	t.garbage.stepped()
	t.state.Iteration++
	t.state.Resolution, t.state.Fresh = t.phase.Resolution, false
	t.state.Seconds = (t.elapsed + time.Since(t.started)).Seconds()
	t.score(point.Values)
	point.Iteration, point.Images, point.Seconds = t.state.Iteration, t.state.Images, t.state.Seconds
	return point, nil
}

// call draws the batch of one call, runs it and counts.
func (t *Trainer) call(ctx context.Context, stream Stream, place int, c callPlan, point *runlog.Point) error {
	k, ok := t.compiled[c.name]
	if !ok {
		var err error
		if k, err = t.compile(c, t.phase); err != nil {
			return err
		}
		t.compiled[c.name] = k
	}
	n := t.phase.BatchSize
	if n == 0 {
		n = t.opt.BatchSize
	}
	if !c.needReal {
		return t.run(k, t.feed(c, place, nil, n), point.Values)
	}
	batch, err := stream.Next(ctx, n, t.phase.Resolution)
	if err != nil {
		return fmt.Errorf("train: %s: %w", t.gan.Name, err)
	}
	inputs := t.feed(c, place, &batch, batch.N)
	point.Epoch, point.Batch, point.Batches = batch.Epoch, batch.Index, batch.PerEpoch
	t.state.Images += int64(batch.N)
	t.state.Position = batch.Position
	stream.Recycle(batch)
	return t.run(k, inputs, point.Values)
}

// enterPhase asks the schedule and, when the stage is a new one, makes its copies and restarts the optimisers.
// What was compiled for an earlier stage or resolution is released.
func (t *Trainer) enterPhase() error {
	if every := max(t.gan.PhaseEvery, 1); t.state.Iteration%every == 0 || !t.state.Entered {
		t.state.PhaseAt = t.state.Images
	}
	next := ganlib.Constant{}.At(t.state.PhaseAt)
	if t.gan.Schedule != nil {
		next = t.gan.Schedule.At(t.state.PhaseAt)
	}
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
