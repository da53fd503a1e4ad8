package eval

import (
	"fmt"
	"math"
	"slices"
)

// NormalQuantile is the threshold that lets a share of normal examples, such as 0.95, pass: just above the smallest of
// their scores that at most a share 1 − q of them exceeds. No label is needed to choose it.
func NormalQuantile(normal []float64, q float64) (float64, error) {
	if len(normal) == 0 || !(q > 0 && q <= 1) {
		return 0, fmt.Errorf("eval: the %v quantile of %d normal scores: want a share in (0, 1] of at least one score", q, len(normal))
	}
	sorted := slices.Sorted(slices.Values(normal))
	if n := len(sorted); math.IsNaN(sorted[0]) || math.IsInf(sorted[0], 0) || math.IsInf(sorted[n-1], 0) {
		return 0, fmt.Errorf("eval: normal scores from %v to %v: the example or the search that scored one is broken", sorted[0], sorted[n-1])
	}
	n := float64(len(sorted))
	pass := int(math.Ceil(q*n - 1e-9*n)) // 0.07·100 is a little more than 7 in binary
	return math.Nextafter(sorted[max(pass, 1)-1], math.Inf(1)), nil
}

// Decisions counts what a threshold got right and wrong.
type Decisions struct {
	Threshold                float64
	TruePositive, FalseAlarm int // flagged: abnormal, normal
	Missed, TrueNegative     int // not flagged: abnormal, normal
}

// Decide flags every example whose score is at least the threshold.
func Decide(scores []float64, abnormal []bool, threshold float64) (Decisions, error) {
	d := Decisions{Threshold: threshold}
	if len(scores) != len(abnormal) {
		return d, fmt.Errorf("eval: %d scores and %d labels", len(scores), len(abnormal))
	}
	for i, s := range scores {
		switch flagged := s >= threshold; {
		case math.IsNaN(s):
			return d, fmt.Errorf("eval: score %d is NaN", i)
		case flagged && abnormal[i]:
			d.TruePositive++
		case flagged:
			d.FalseAlarm++
		case abnormal[i]:
			d.Missed++
		default:
			d.TrueNegative++
		}
	}
	return d, nil
}

// Precision is the share of flagged examples that are abnormal; NaN where none is flagged.
func (d Decisions) Precision() float64 { return share(d.TruePositive, d.FalseAlarm) }

// Recall is the share of abnormal examples that are flagged; NaN where there are none.
func (d Decisions) Recall() float64 { return share(d.TruePositive, d.Missed) }

// FalseAlarmRate is the share of normal examples that are flagged; NaN where there are none.
func (d Decisions) FalseAlarmRate() float64 { return share(d.FalseAlarm, d.TrueNegative) }

// F1 is the harmonic mean of precision and recall, 2TP/(2TP+FP+FN).
func (d Decisions) F1() float64 { return share(2*d.TruePositive, d.FalseAlarm+d.Missed) }

// Accuracy is the share of right decisions.
func (d Decisions) Accuracy() float64 {
	return share(d.TruePositive+d.TrueNegative, d.FalseAlarm+d.Missed)
}

// share is part/(part+rest), NaN of nothing.
func share(part, rest int) float64 { return float64(part) / float64(part+rest) }
