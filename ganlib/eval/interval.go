package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is an estimate with the range that covers it with a confidence of Level.
type Interval struct{ Estimate, Low, High, Level float64 }

func (i Interval) String() string {
	return fmt.Sprintf("%.3f (%.3f to %.3f)", i.Estimate, i.Low, i.High)
}

// DeLong is the AUROC with the interval of DeLong, DeLong & Clarke-Pearson 1988: the variance of the share of pairs
// ranked right, from how that share varies among the abnormal examples and among the normal ones. It is laid on the
// logit scale, so that it stays within (0, 1).
//
// An AUROC of 0 or 1 has no variance, which does not make it certain: there the interval is the exact binomial one
// (Clopper & Pearson 1934) of m independent pairs, m being the smaller of the two numbers of examples, and so wide at
// least: from ((1−level)/2)^(1/m) to 1, or from 0 to 1 less that. At a level of 0.95 it is about 3.7/m wide, a two-sided
// "rule of three" (Hanley & Lippman-Hand 1983).
func (r *Ranking) DeLong(level float64) Interval {
	auc := r.AUROC()
	// The share of normal examples below each abnormal one, and of abnormal examples above each normal one.
	var ofAbnormal, ofNormal, weightA, weightN []float64
	above, below := 0, r.normal
	for _, g := range r.groups {
		below -= g.normal
		if g.abnormal > 0 {
			ofAbnormal = append(ofAbnormal, (float64(below)+float64(g.normal)/2)/float64(r.normal))
			weightA = append(weightA, float64(g.abnormal))
		}
		if g.normal > 0 {
			ofNormal = append(ofNormal, (float64(above)+float64(g.abnormal)/2)/float64(r.abnormal))
			weightN = append(weightN, float64(g.normal))
		}
		above += g.abnormal
	}
	variance := varianceOfMean(ofAbnormal, weightA, r.abnormal) + varianceOfMean(ofNormal, weightN, r.normal)
	if variance == 0 || auc <= 0 || auc >= 1 {
		return r.allAlike(auc, level)
	}
	logit := math.Log(auc / (1 - auc))
	half := distuv.UnitNormal.Quantile((1+level)/2) * math.Sqrt(variance) / (auc * (1 - auc))
	sigmoid := func(t float64) float64 { return 1 / (1 + math.Exp(-t)) }
	return Interval{auc, sigmoid(logit - half), sigmoid(logit + half), level}
}

// allAlike is the interval where every pair came out the same way, as a win, a loss or a tie: where the variance is zero.
// So did m pairs that share no example, which happens with a probability of p^m when p is that of a pair to come out so;
// p below low = ((1−level)/2)^(1/m) would make it rarer than a tail of the interval may be. The other pairs, a share of
// 1−low at most, may come out in any other way.
func (r *Ranking) allAlike(auc, level float64) Interval {
	low := math.Pow((1-level)/2, 1/float64(min(r.normal, r.abnormal)))
	return Interval{auc, auc * low, 1 - (1-auc)*low, level}
}

func varianceOfMean(values, weights []float64, n int) float64 {
	if n < 2 {
		return 0
	}
	return stat.Variance(values, weights) / float64(n)
}

// Bootstrap is a figure of a ranking with its percentile interval over so many resamplings (Efron 1979). Normal and
// abnormal examples are drawn apart, so that their numbers stay. Resampling a ranking without a mistake makes none: at an
// AUROC of 0 or 1 the interval is that point, and only [Ranking.DeLong]'s says how sure it is.
func Bootstrap(scores []float64, abnormal []bool, level float64, rounds int, rng *rand.Rand, figure func(*Ranking) float64) (Interval, error) {
	whole, err := Rank(scores, abnormal)
	if err != nil {
		return Interval{}, err
	}
	if rounds < 1 || !(level > 0 && level < 1) {
		return Interval{}, fmt.Errorf("eval: bootstrap of %d rounds at level %v: want at least one round and a level between 0 and 1", rounds, level)
	}
	var classes [2][]int
	for i, a := range abnormal {
		if a {
			classes[1] = append(classes[1], i)
		} else {
			classes[0] = append(classes[0], i)
		}
	}
	drawn, labels := make([]float64, 0, len(scores)), make([]bool, 0, len(scores))
	values := make([]float64, rounds)
	for round := range values {
		drawn, labels = drawn[:0], labels[:0]
		for class, members := range classes {
			for range members {
				drawn = append(drawn, scores[members[rng.IntN(len(members))]])
				labels = append(labels, class == 1)
			}
		}
		r, err := Rank(drawn, labels)
		if err != nil {
			return Interval{}, err
		}
		values[round] = figure(r)
	}
	slices.Sort(values)
	tail := (1 - level) / 2
	return Interval{
		Estimate: figure(whole), Level: level,
		Low:  stat.Quantile(tail, stat.LinInterp, values, nil),
		High: stat.Quantile(1-tail, stat.LinInterp, values, nil),
	}, nil
}
