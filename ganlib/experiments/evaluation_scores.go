package experiments

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/gomlx/ml/model"
)

// Parts of a search.
const (
	heldPart = "held"
	testPart = "test"
)

// scores searches the pictures held out and those of the test with the selected weights. A search that was broken off
// goes on with the first picture that has no scores; since no picture's search depends on another's, nothing changes, but
// for rounding where something else computes now, which the cell then says.
func (c *cell) scores(ctx context.Context, run *runlog.Run, sel protocol.Selection) (*cellScores, error) {
	s, err := openScores(filepath.Join(run.Dir(), scoresFile), scoreHead{Protocol: c.eval.Hash, Weights: sel.Weights()})
	if err != nil {
		return nil, err
	}
	defer s.close()
	parts := []struct {
		name     string
		pictures *data.Source
	}{{heldPart, c.division.Held}, {testPart, c.division.Test.Pictures()}}
	if s.done(heldPart) == parts[0].pictures.Len() && s.done(testPart) == parts[1].pictures.Len() {
		return s, nil
	}
	config := orDefault(c.grid.Backend, cellBackend)
	opened, err := open(run.Dir(), config, func(run *runlog.Run, store *model.Store) (train.State, error) {
		return train.LoadAt(run, store, sel.Images())
	})
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	mapper, err := c.mapper(opened)
	if err != nil {
		return nil, err
	}
	defer mapper.Close()
	by := protocol.VersionsOf(here(backend.Config(config)))
	by.Engine = mapper.Engine()
	s.now = &by
	for _, p := range parts {
		if err := c.search(ctx, mapper, s, p.name, p.pictures); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// mapper compiles the evaluation's search for the frozen networks.
func (c *cell) mapper(opened *Opened) (*anogan.Mapper, error) {
	var search anogan.Search
	if err := json.Unmarshal(c.eval.Search.Settings, &search); err != nil {
		return nil, fmt.Errorf("experiments: the search of evaluation %s: %w", c.eval.Name, err)
	}
	return anogan.NewMapper(opened.backend, opened.Store, opened.GAN, search, anogan.MapperOptions{
		Batch: c.eval.Search.Batch, Seed: c.seed,
		AtOnce: 1, Cores: max(1, backend.ExecutorsOf(orDefault(c.grid.Backend, cellBackend))), // other cells use the other cores
	})
}

// search scores the pictures of a part that have no scores yet, and keeps them batch by batch.
func (c *cell) search(ctx context.Context, m *anogan.Mapper, s *cellScores, part string, all *data.Source) error {
	before, batch := s.done(part), c.eval.Search.Batch
	if before >= all.Len() {
		return nil
	}
	var left []int
	for i := before; i < all.Len(); i++ {
		left = append(left, i)
	}
	queries, err := all.Subset(left)
	if err != nil {
		return err
	}
	began := time.Now()
	found := map[string][]float32{}
	for r, err := range m.Search(ctx, queries) {
		if err != nil {
			return fmt.Errorf("experiments: searching the %s pictures, of which those from number %d on are left and counted from 0: %w", part, before, err)
		}
		for i, v := range r.Scores() {
			found[anogan.ScoreNames[i]] = append(found[anogan.ScoreNames[i]], float32(v))
		}
		if done := r.Query + 1; done%batch == 0 || done == len(left) {
			if err := s.add(scoreLine{Part: part, Scores: found, Seconds: time.Since(began).Seconds()}); err != nil {
				return err
			}
			found, began = map[string][]float32{}, time.Now()
			if c.watch.Searching != nil {
				c.watch.Searching(s.done(heldPart)+s.done(testPart), c.division.Held.Len()+c.division.Test.Pictures().Len())
			}
		}
	}
	return nil
}

func widened(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// effort is how many iterations led to a snapshot, and in how many seconds, all sittings together.
func effort(run *runlog.Run, images int64) (iterations int64, seconds float64, err error) {
	snap, err := run.Snapshot(images)
	if err != nil {
		return 0, 0, err
	}
	defer snap.Close()
	var s train.State
	err = snap.DecodeState(&s)
	return s.Iteration, s.Seconds, err
}
