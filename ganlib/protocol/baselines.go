package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Baseline is a simple method on the same pictures: what a GAN has to pass. Its settings are the evaluation's, so nothing
// is selected.
type Baseline struct {
	Name string `json:"name"`
	Figures
}

// baselineFile keeps the baselines of a row: they depend on the pictures, and neither on seed nor on training.
type baselineFile struct {
	Format    int        `json:"format"`
	Division  string     `json:"division"`
	Settings  Baselines  `json:"settings"`
	Threshold float64    `json:"threshold"`
	Level     float64    `json:"level"`
	Results   []Baseline `json:"results"`
}

// Baselines fits both and judges them, or reads what is in a file when that is of the same pictures and settings.
func (d *Division) Baselines(ctx context.Context, e *Evaluation, file string) ([]Baseline, error) {
	want := baselineFile{Format: Format, Division: d.hash, Settings: e.Baselines, Threshold: e.Threshold, Level: e.Bootstrap.Level}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	l, err := waitForLock(ctx, file+".lock") // whoever computes them does it for everybody
	if err != nil {
		return nil, err
	}
	defer l.Release()
	had, err := readBaselines(file)
	if err != nil {
		return nil, err
	}
	if r := had.Results; len(r) > 0 {
		if had.Results = nil; same(had, want) {
			return r, nil
		}
	}
	if want.Results, err = d.fitBaselines(e); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		return nil, err
	}
	return want.Results, runlog.WriteFile(file, append(text, '\n'))
}

func readBaselines(file string) (had baselineFile, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return had, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &had)
	}
	if err != nil {
		return had, fmt.Errorf("protocol: baselines %s: %w; delete the file to have them computed anew", file, err)
	}
	return had, nil
}

func same(a, b baselineFile) bool {
	return a.Format == b.Format && a.Division == b.Division && a.Settings == b.Settings && a.Threshold == b.Threshold && a.Level == b.Level
}

func (d *Division) fitBaselines(e *Evaluation) ([]Baseline, error) {
	train, held, test := points(d.Train), points(d.Held), points(d.Test.pictures)
	components := min(e.Baselines.Components, train.Dim, train.Len()-1)
	pca, err := eval.FitPCA(train, components)
	if err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	k := min(e.Baselines.Neighbours, train.Len())
	var list []Baseline
	for _, method := range []struct {
		name  string
		score func(eval.Points) ([]float64, error)
	}{
		{fmt.Sprintf("PCA, %d components", components), pca.Scores},
		{fmt.Sprintf("distance to %d neighbours", k), func(p eval.Points) ([]float64, error) { return eval.NeighbourScores(train, p, k) }},
	} {
		ofTest, err := method.score(test)
		if err != nil {
			return nil, fmt.Errorf("protocol: %s: %w", method.name, err)
		}
		ofHeld, err := method.score(held)
		if err != nil {
			return nil, fmt.Errorf("protocol: %s: %w", method.name, err)
		}
		f, err := d.Test.judge(e, ofTest, ofHeld, false)
		if err != nil {
			return nil, fmt.Errorf("protocol: %s: %w", method.name, err)
		}
		list = append(list, Baseline{Name: method.name, Figures: f})
	}
	return list, nil
}

// points are the pictures as vectors of pixels in [−1, 1].
func points(src *data.Source) eval.Points {
	dim := src.Height() * src.Width() * src.Channels()
	values := make([]float32, src.Len()*dim)
	for i := range src.Len() {
		src.Fill(values[i*dim:(i+1)*dim], []int{i})
	}
	return eval.Points{Values: values, Dim: dim}
}
