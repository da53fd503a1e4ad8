package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/gomlx/gomlx/ml/model"
)

// cellScores is what a search brought: every score of every picture, by the score's name. It lies in the run's folder.
type cellScores struct {
	Protocol string               `json:"protocol"`
	Weights  string               `json:"weights"`
	Seconds  float64              `json:"seconds"`
	Test     map[string][]float32 `json:"test"` // in the order of the test pictures
	Held     map[string][]float32 `json:"held"`
}

const scoresFile = "scores.json"

// scores searches the test pictures and those held out with the selected weights, unless that was done.
func (c *cell) scores(ctx context.Context, run *runlog.Run, sel protocol.Selection) (*cellScores, error) {
	file := filepath.Join(run.Dir(), scoresFile)
	if had, err := readScores(file); err != nil || had != nil && had.Weights == sel.Weights() && had.Protocol == c.eval.Hash {
		return had, err
	}
	opened, err := open(run.Dir(), orDefault(c.grid.Backend, cellBackend), func(run *runlog.Run, store *model.Store) (train.State, error) {
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
	s := &cellScores{Protocol: c.eval.Hash, Weights: sel.Weights()}
	began := time.Now()
	held, test := c.division.Held, c.division.Test.Pictures()
	total := held.Len() + test.Len()
	if s.Held, err = c.search(ctx, mapper, held, 0, total); err != nil {
		return nil, err
	}
	if s.Test, err = c.search(ctx, mapper, test, held.Len(), total); err != nil {
		return nil, err
	}
	s.Seconds = time.Since(began).Seconds()
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return s, runlog.WriteFile(file, append(text, '\n'))
}

// mapper compiles the evaluation's search for the frozen networks.
func (c *cell) mapper(opened *Opened) (*anogan.Mapper, error) {
	var search anogan.Search
	if err := json.Unmarshal(c.eval.Search.Settings, &search); err != nil {
		return nil, fmt.Errorf("experiments: the search of evaluation %s: %w", c.eval.Name, err)
	}
	return anogan.NewMapper(opened.backend, opened.Store, opened.GAN, search, anogan.MapperOptions{Batch: c.eval.Search.Batch, Seed: c.seed})
}

// search scores pictures, of which so many of a total were done before.
func (c *cell) search(ctx context.Context, m *anogan.Mapper, q anogan.Queries, before, total int) (map[string][]float32, error) {
	scores := map[string][]float32{}
	for r, err := range m.Search(ctx, q) {
		if err != nil {
			return nil, err
		}
		for i, v := range r.Scores() {
			scores[anogan.ScoreNames[i]] = append(scores[anogan.ScoreNames[i]], float32(v))
		}
		if done := before + r.Query + 1; c.watch.Searching != nil && (done%c.eval.Search.Batch == 0 || done == total) {
			c.watch.Searching(done, total)
		}
	}
	return scores, nil
}

func readScores(file string) (*cellScores, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	s := &cellScores{}
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, fmt.Errorf("experiments: %s: %w; delete it to have the search repeated", file, err)
	}
	return s, nil
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
