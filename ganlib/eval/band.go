package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Band is the range of the ROC curve: at each false-alarm rate, where the detection rate lies with a confidence of Level.
type Band struct {
	FPR, Low, High []float64
	Level          float64
}

// ROCBand is the pointwise percentile band of the ROC curve over so many resamplings (Efron 1979), at so many equally
// spaced false-alarm rates from 0 to 1. Normal and abnormal examples are drawn apart.
func ROCBand(scores []float64, abnormal []bool, level float64, rounds, points int, rng *rand.Rand) (Band, error) {
	if points < 2 {
		return Band{}, fmt.Errorf("eval: a band of %d points: want at least 2", points)
	}
	b := Band{Level: level}
	rates := make([][]float64, points)
	_, err := Bootstrap(scores, abnormal, level, rounds, rng, func(r *Ranking) float64 {
		curve := r.Curve()
		for k := range rates {
			rates[k] = append(rates[k], detection(curve, float64(k)/float64(points-1)))
		}
		return 0
	})
	if err != nil {
		return Band{}, err
	}
	tail := (1 - level) / 2
	for k, values := range rates {
		slices.Sort(values)
		b.FPR = append(b.FPR, float64(k)/float64(points-1))
		b.Low = append(b.Low, stat.Quantile(tail, stat.LinInterp, values, nil))
		b.High = append(b.High, stat.Quantile(1-tail, stat.LinInterp, values, nil))
	}
	return b, nil
}

// detection is the height of a ROC curve at a false-alarm rate, on the line between its points; the upper end of a
// vertical piece.
func detection(curve []Operating, fpr float64) float64 {
	i := 0
	for i+1 < len(curve) && curve[i+1].FPR <= fpr {
		i++
	}
	if i+1 == len(curve) {
		return curve[i].TPR
	}
	a, b := curve[i], curve[i+1]
	return a.TPR + (b.TPR-a.TPR)*(fpr-a.FPR)/(b.FPR-a.FPR)
}
