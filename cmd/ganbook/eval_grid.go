package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// grid shares cells between the workers of this process and, by lock files, with other processes.
type grid struct {
	*experiments.Grid
	view *gridView
	jobs int

	mu      sync.Mutex
	waiting []cellID // not finished as far as is known, nor in work here
	failed  []cellID // why was said at once
}

func newGrid(c *evalCmd, g *experiments.Grid, cells []cellID, line *console) *grid {
	return &grid{Grid: g, view: newGridView(line, len(cells)), jobs: min(c.jobs(), len(cells)), waiting: cells}
}

// run computes what nobody else does and ends when every cell is finished or failed. Its error only names the cells that
// failed.
func (g *grid) run(ctx context.Context) error {
	var workers sync.WaitGroup
	for i := range g.jobs {
		workers.Go(func() { g.work(ctx, i) })
	}
	workers.Wait()
	g.view.line.Clear()
	if len(g.failed) == 0 {
		return nil
	}
	var names []string
	for _, id := range g.failed {
		names = append(names, id.String())
	}
	return fmt.Errorf("%s failed, as said above: %s; the same command computes what is left", plural(len(names), "cell"), strings.Join(names, "; "))
}

// pause is how long a worker waits for cells of other processes before it looks again.
const pause = time.Second

func (g *grid) work(ctx context.Context, worker int) {
	for ctx.Err() == nil {
		cell, claim, left := g.next()
		switch {
		case claim != nil:
			g.compute(ctx, worker, cell)
			if err := claim.Release(); err != nil {
				g.fail(cell, err)
			}
		case left == 0:
			return
		default:
			g.view.others(left)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// next claims the first cell that is free. Without one, left says how many are in work elsewhere.
func (g *grid) next() (cell cellID, claim *runlog.FileLock, left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := 0; i < len(g.waiting); {
		id := g.waiting[i]
		claim, err := g.Results.Claim(id.class, id.seed)
		if errors.Is(err, runlog.ErrLocked) {
			i++
			continue
		}
		g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
		if err != nil {
			g.fails(id, err)
			continue
		}
		made, err := g.Results.Cell(id.class, id.seed) // under the lock, since another may just have finished it
		switch {
		case err != nil:
			g.failed = append(g.failed, id) // the table says why
		case made == nil:
			return id, claim, 0
		default:
			g.view.had(made)
		}
		claim.Release()
	}
	return cell, nil, len(g.waiting)
}

func (g *grid) compute(ctx context.Context, worker int, id cellID) {
	w := g.view.begin(worker, id)
	made, err := g.Cell(ctx, id.class, id.seed, w)
	switch {
	case err == nil:
		g.view.finished(worker, made)
	case ctx.Err() != nil && experiments.Stopped(err):
		g.view.left(worker)
	default:
		g.view.left(worker)
		g.fail(id, err)
	}
}

func (g *grid) fail(id cellID, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails(id, err)
}

// fails says at once why a cell failed; the caller holds the lock.
func (g *grid) fails(id cellID, err error) {
	g.view.line.Line("%s failed: %v", id, err)
	if !slices.Contains(g.failed, id) {
		g.failed = append(g.failed, id)
	}
}
