package eval

import (
	"fmt"
	"math"
	"slices"
)

// Ranking is a set of scores with the truth about each, sorted from the most to the least anomalous score.
type Ranking struct {
	groups           []group // one for each distinct score
	normal, abnormal int
}

// group counts the examples of one score.
type group struct {
	score            float64
	normal, abnormal int
}

// Rank sorts scores; abnormal[i] tells whether the example of scores[i] is abnormal. A score that is not finite, or
// a set of one class only, for which nothing can be said about the order of the two, is an error.
func Rank(scores []float64, abnormal []bool) (*Ranking, error) {
	if len(scores) != len(abnormal) {
		return nil, fmt.Errorf("eval: %d scores and %d labels", len(scores), len(abnormal))
	}
	r := &Ranking{}
	order := make([]int, len(scores))
	for i, s := range scores {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("eval: score %d is %v: the example or the search that scored it is broken", i, s)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case scores[i] > scores[j]:
			return -1
		case scores[i] < scores[j]:
			return 1
		}
		return 0
	})
	for _, i := range order {
		if n := len(r.groups); n == 0 || r.groups[n-1].score != scores[i] {
			r.groups = append(r.groups, group{score: scores[i]})
		}
		last := &r.groups[len(r.groups)-1]
		if abnormal[i] {
			last.abnormal++
			r.abnormal++
		} else {
			last.normal++
			r.normal++
		}
	}
	if r.normal == 0 || r.abnormal == 0 {
		return nil, fmt.Errorf("eval: %d normal and %d abnormal examples: no ranking can be judged without both", r.normal, r.abnormal)
	}
	return r, nil
}

// Counts is the number of normal and of abnormal examples.
func (r *Ranking) Counts() (normal, abnormal int) { return r.normal, r.abnormal }

// AUROC is the area under the ROC curve: the share of pairs of an abnormal and a normal example in which the abnormal
// one has the higher score. A tie counts half (Hanley & McNeil 1982).
func (r *Ranking) AUROC() float64 {
	won, above := 0.0, 0
	for _, g := range r.groups {
		won += float64(g.normal) * (float64(above) + float64(g.abnormal)/2)
		above += g.abnormal
	}
	return won / (float64(r.normal) * float64(r.abnormal))
}

// AveragePrecision is the sum over thresholds, highest first, of the step in recall times the precision there.
func (r *Ranking) AveragePrecision() float64 {
	sum, hits, flagged := 0.0, 0, 0
	for _, g := range r.groups {
		hits += g.abnormal
		flagged += g.abnormal + g.normal
		sum += float64(g.abnormal) * float64(hits) / float64(flagged)
	}
	return sum / float64(r.abnormal)
}

// Operating is what a threshold does: the share of abnormal examples flagged (recall, sensitivity), the share of normal
// ones flagged (false alarms, 1 − specificity), and the share of flagged examples that are abnormal.
type Operating struct {
	Threshold float64
	TPR, FPR  float64
	Precision float64 // NaN where nothing is flagged
}

// Youden is sensitivity + specificity − 1 (Youden 1950).
func (o Operating) Youden() float64 { return o.TPR - o.FPR }

// Curve lists the operating points of every threshold that differs, from +∞, where nothing is flagged, down: the ROC
// curve is TPR over FPR, the precision-recall curve Precision over TPR.
func (r *Ranking) Curve() []Operating {
	curve := []Operating{{Threshold: math.Inf(1), Precision: math.NaN()}}
	hits, alarms := 0, 0
	for _, g := range r.groups {
		hits += g.abnormal
		alarms += g.normal
		curve = append(curve, r.operating(g.score, hits, alarms))
	}
	return curve
}

func (r *Ranking) operating(threshold float64, hits, alarms int) Operating {
	o := Operating{Threshold: threshold, TPR: float64(hits) / float64(r.abnormal), FPR: float64(alarms) / float64(r.normal), Precision: math.NaN()}
	if hits+alarms > 0 {
		o.Precision = float64(hits) / float64(hits+alarms)
	}
	return o
}

// BestYouden is the threshold with the largest Youden index, the highest among equals. It looks at the labels: it
// describes a ranking, and is no threshold to choose a detector by.
func (r *Ranking) BestYouden() Operating {
	curve := r.Curve()[1:]
	best := curve[0]
	for _, o := range curve[1:] {
		if o.Youden() > best.Youden() {
			best = o
		}
	}
	return best
}
