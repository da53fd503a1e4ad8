package protocol

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// aRun is a run that was trained on pictures of a hash and stopped at a snapshot.
func aRun(t *testing.T, hash, status string, goal, snapshot int64) *runlog.Run {
	t.Helper()
	run, err := runlog.Create(t.TempDir(), runlog.Info{Experiment: "anogan", Data: runlog.DataInfo{Name: "pictures", Hash: hash}, Config: map[string]int64{"images": goal}})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Save(snapshot, []runlog.Tensor{runlog.Float32s("w", []int{2}, []float32{1, 2})}, nil, math.NaN()); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(status, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	if run, err = runlog.Open(run.Dir()); err != nil {
		t.Fatal(err)
	}
	return run
}

func aDivision(t *testing.T) *Division {
	t.Helper()
	d, err := newPool(t).Divide(draft().Split, 1)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Weights are selected of a run that is at its end and was trained on the division's pictures; nothing else is.
func TestFreeze(t *testing.T) {
	d := aDivision(t)
	hash := d.Train.Hash()
	s, err := d.Freeze(aRun(t, hash, "done", 40, 40), LastSnapshot)
	if err != nil || s.Images() != 40 || len(s.Weights()) != 64 {
		t.Fatalf("%+v, %v", s, err)
	}
	for want, run := range map[string]*runlog.Run{
		"(stopped)":                       aRun(t, hash, "stopped", 40, 16),
		"last whole snapshot is of 16":    aRun(t, hash, "done", 40, 16),
		"was trained on pictures (hash f": aRun(t, "ff", "done", 40, 40),
	} {
		if _, err := d.Freeze(run, LastSnapshot); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := d.Freeze(aRun(t, hash, "done", 40, 40), "best by AUROC"); err == nil {
		t.Error("another rule was accepted")
	}
	if _, err := d.Freeze(aRun(t, "ff", "done", 40, 40), LastSnapshot); !errors.Is(err, ErrOtherData) {
		t.Errorf("%v", err)
	}
}

// The test judges for a selection of its own division only, and judges as package eval does.
func TestJudge(t *testing.T) {
	d, e := aDivision(t), draft()
	scores := make([]float64, d.Test.Pictures().Len())
	for i, abnormal := range d.Test.abnormal {
		if abnormal {
			scores[i] = 2 + float64(i)
		}
	}
	held := []float64{0, 1}
	if _, err := d.Test.Judge(Selection{}, e, scores, held, false); err == nil || !strings.Contains(err.Error(), "before weights are selected") {
		t.Errorf("without a selection: %v", err)
	}
	other := aDivision(t)
	foreign, err := other.Freeze(aRun(t, other.Train.Hash(), "done", 8, 8), LastSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Test.Judge(foreign, e, scores, held, false); err == nil {
		t.Error("the selection of another division was accepted")
	}
	s, err := d.Freeze(aRun(t, d.Train.Hash(), "done", 8, 8), LastSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Test.Judge(s, e, scores, held, true)
	if err != nil {
		t.Fatal(err)
	}
	// Half of the held-out scores pass: the threshold is just above 0. Every normal picture scores 0, all others more.
	// A ranking of 10 and 20 without a mistake: 0.05^(1/10) at least.
	if f.AUROC.Value != 1 || f.AUROC.High != 1 || math.Abs(f.AUROC.Low-0.7411344491) > 1e-9 || f.AveragePrecision != 1 || f.Bootstrap == nil || f.Bootstrap.Value != 1 ||
		!(f.Threshold > 0 && f.Threshold < 1e-300) || *f.F1 != 1 || *f.Recall != 1 || *f.Accuracy != 1 || *f.FalseAlarms != 0 || f.MeanNormal != 0 || !(f.MeanAnomalous > 2) {
		t.Errorf("%+v", f)
	}
	for i := range scores {
		scores[i] = -1
	}
	if f, err = d.Test.Judge(s, e, scores, held, false); err != nil || f.AUROC.Value != 0.5 || f.Precision != nil || *f.Recall != 0 || f.Bootstrap != nil {
		t.Errorf("all alike: %+v, %v", f, err)
	}
	scores[3] = math.NaN()
	if _, err := d.Test.Judge(s, e, scores, held, false); err == nil || !strings.Contains(err.Error(), "score 3 is NaN") {
		t.Errorf("a score that is no number: %v", err)
	}
	if _, err := d.Test.Judge(s, e, scores[:4], held, false); err == nil {
		t.Error("too few scores were accepted")
	}
}

// Baselines are computed once for a row, and anew for other pictures or settings.
func TestBaselines(t *testing.T) {
	d, e := aDivision(t), draft()
	file := filepath.Join(t.TempDir(), "baselines", "class-1.json")
	list, err := d.Baselines(t.Context(), e, file)
	if err != nil || len(list) != 2 || list[0].Name != "PCA, 2 components" || list[1].Name != "distance to 3 neighbours" {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, b := range list {
		if b.AUROC.Value < 0.9 { // the class is a bright pixel
			t.Errorf("%s: AUROC %v", b.Name, b.AUROC)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "PCA", "ABC")), 0o644); err != nil {
		t.Fatal(err)
	}
	if had, err := d.Baselines(t.Context(), e, file); err != nil || had[0].Name != "ABC, 2 components" {
		t.Errorf("computed again: %+v, %v", had, err)
	}
	e.Baselines.Components = 3
	if made, err := d.Baselines(t.Context(), e, file); err != nil || made[0].Name != "PCA, 3 components" {
		t.Errorf("not computed anew: %+v, %v", made, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Baselines(t.Context(), e, file); err == nil || !strings.Contains(err.Error(), "delete the file") {
		t.Errorf("a damaged file: %v", err)
	}
}
