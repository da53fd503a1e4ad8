package protocol

import (
	"fmt"
	"math"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// SealedTest is the test pictures. What is anomalous among them is told to nobody; it only judges scores.
type SealedTest struct {
	pictures *data.Source
	abnormal []bool
	of       *Division
}

// seal takes the labels away and keeps what they say. A test of one side only can judge nothing.
func seal(test *data.Source, normal func(class int) bool) (*SealedTest, error) {
	t := &SealedTest{pictures: test.Unlabelled(), abnormal: make([]bool, test.Len())}
	for i, l := range test.Labels() {
		t.abnormal[i] = !normal(int(l))
	}
	n, a := t.Counts()
	if n == 0 || a == 0 {
		return nil, fmt.Errorf("protocol: the test has %d normal and %d anomalous pictures; with one side only the AUROC is undefined", n, a)
	}
	return t, nil
}

// Pictures are the test pictures without their labels.
func (t *SealedTest) Pictures() *data.Source { return t.pictures }

// Counts is how many of the pictures are normal and anomalous, which says nothing of any one of them.
func (t *SealedTest) Counts() (normal, anomalous int) {
	for _, a := range t.abnormal {
		if a {
			anomalous++
		} else {
			normal++
		}
	}
	return normal, anomalous
}

// Selection is weights that were chosen for good, without a look at the test. Only [Division.Freeze] makes one.
type Selection struct {
	of      *Division
	images  int64
	weights string
}

// Images is how many images had been shown.
func (s Selection) Images() int64 { return s.images }

// Weights is the SHA-256 of the weights' file.
func (s Selection) Weights() string { return s.weights }

// Freeze chooses the weights of a finished run by a rule. It refuses a run that is not at its end, or that was trained on
// other pictures than the division's.
func (d *Division) Freeze(run *runlog.Run, rule string) (Selection, error) {
	if rule != LastSnapshot {
		return Selection{}, fmt.Errorf("protocol: selection %q; the only rule so far is %q", rule, LastSnapshot)
	}
	info := run.Info()
	if info.Data.Hash != d.Train.Hash() {
		return Selection{}, fmt.Errorf("protocol: %s was trained on %s (hash %.12s), the evaluation trains on %s (hash %.12s): %w",
			run.Dir(), info.Data.Name, info.Data.Hash, d.Train.Name(), d.Train.Hash(), ErrOtherData)
	}
	if status := run.Status(); status != "done" {
		return Selection{}, fmt.Errorf("protocol: %s is not at the end of its training (%s); %q selects nothing before that", run.Dir(), status, rule)
	}
	snap, damaged, err := run.Latest()
	if err != nil {
		return Selection{}, fmt.Errorf("protocol: %w", err)
	}
	defer snap.Close()
	if len(damaged) > 0 || snap.Images < info.Goal() {
		return Selection{}, fmt.Errorf("protocol: %s: the last whole snapshot is of %d images shown, the training ended at %d %v; delete the run to train it anew",
			run.Dir(), snap.Images, info.Goal(), damaged)
	}
	return Selection{of: d, images: snap.Images, weights: snap.Hash}, nil
}

// Interval is a value with the range that covers it.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Figures is what a score is worth. Shares that are undefined, such as a precision where nothing is flagged, are null.
type Figures struct {
	AUROC            Interval  `json:"auroc"`               // with DeLong's interval
	Bootstrap        *Interval `json:"bootstrap,omitempty"` // of the deciding score's AUROC
	AveragePrecision float64   `json:"average_precision"`
	MeanNormal       float64   `json:"mean_normal"` // score
	MeanAnomalous    float64   `json:"mean_anomalous"`
	Threshold        float64   `json:"threshold"` // by held-out normal pictures alone
	F1               *float64  `json:"f1"`        // at the threshold, as what follows
	Precision        *float64  `json:"precision"`
	Recall           *float64  `json:"recall"`
	Accuracy         *float64  `json:"accuracy"`
	FalseAlarms      *float64  `json:"false_alarms"` // share of the normal test pictures
}

// Judge says what scores of the test pictures are worth, in their order, given those of the held-out normal ones. The
// selection must be of the same division. A score that is not finite is an error.
func (t *SealedTest) Judge(s Selection, e *Evaluation, scores, held []float64, bootstrap bool) (Figures, error) {
	if s.of == nil || s.of.Test != t {
		return Figures{}, fmt.Errorf("protocol: the test judges nothing before weights are selected for it: freeze a finished run of this division first")
	}
	return t.judge(e, scores, held, bootstrap)
}

func (t *SealedTest) judge(e *Evaluation, scores, held []float64, bootstrap bool) (Figures, error) {
	ranking, err := eval.Rank(scores, t.abnormal)
	if err != nil {
		return Figures{}, fmt.Errorf("protocol: %w", err)
	}
	threshold, err := eval.NormalQuantile(held, e.Threshold)
	if err != nil {
		return Figures{}, fmt.Errorf("protocol: threshold: %w", err)
	}
	d, err := eval.Decide(scores, t.abnormal, threshold)
	if err != nil {
		return Figures{}, fmt.Errorf("protocol: %w", err)
	}
	f := Figures{
		AUROC: interval(ranking.DeLong(e.Bootstrap.Level)), AveragePrecision: ranking.AveragePrecision(), Threshold: threshold,
		F1: defined(d.F1()), Precision: defined(d.Precision()), Recall: defined(d.Recall()), Accuracy: defined(d.Accuracy()), FalseAlarms: defined(d.FalseAlarmRate()),
	}
	f.MeanNormal, f.MeanAnomalous = t.means(scores)
	if bootstrap {
		i, err := eval.Bootstrap(scores, t.abnormal, e.Bootstrap.Level, e.Bootstrap.Rounds, seed.Rand(1, "bootstrap"), (*eval.Ranking).AUROC)
		if err != nil {
			return Figures{}, fmt.Errorf("protocol: %w", err)
		}
		b := interval(i)
		f.Bootstrap = &b
	}
	return f, nil
}

func (t *SealedTest) means(scores []float64) (normal, anomalous float64) {
	n, a := t.Counts()
	for i, s := range scores {
		if t.abnormal[i] {
			anomalous += s / float64(a)
		} else {
			normal += s / float64(n)
		}
	}
	return normal, anomalous
}

func interval(i eval.Interval) Interval { return Interval{i.Estimate, i.Low, i.High} }

// defined is nil for NaN, which JSON has not.
func defined(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
