package anomaly

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"gonum.org/v1/plot"

	"github.com/ganbook/ganbook/plots"
)

// Picture is a query with its scores.
type Picture struct {
	Digit                                     int
	Abnormal                                  bool
	Query, Mapped                             []byte  // 0 to 255
	Residual, Discrimination, Weighted, Logit float64 // Logit is −D's
}

// Scores are what a cell keeps for later ones: pictures to choose the threshold by, all normal, and those of the test.
type Scores struct {
	Search            string // how latents were searched, and how long
	Calibration, Test []Picture
}

// batch is how many queries are searched at once; at smoke scale there are few.
func batch(run *experiments.Opened) int {
	if run.Settings.Scale == experiments.Smoke {
		return 16
	}
	return 0 // the mapper's own choice
}

// Score searches the pictures of [Held].
func Score(run *experiments.Opened) (Scores, error) {
	calibration, test, err := Held(run)
	if err != nil {
		return Scores{}, err
	}
	var s Scores
	for _, part := range []struct {
		q  Queries
		to *[]Picture
	}{{calibration, &s.Calibration}, {test, &s.Test}} {
		results, said, err := search(run, part.q, nil, anogan.MapperOptions{Batch: batch(run)})
		if err != nil {
			return Scores{}, err
		}
		s.Search = said
		for i, r := range results {
			*part.to = append(*part.to, keep(part.q, i, r))
		}
	}
	return s, nil
}

func keep(q Queries, i int, r anogan.Result) Picture {
	p := Picture{Digit: int(q.Labels()[i]), Abnormal: q.Abnormal[i], Query: q.At(i), Mapped: make([]byte, len(r.Mapped)),
		Residual: r.Residual, Discrimination: r.Discrimination, Weighted: r.Score, Logit: -r.Logit}
	for k, v := range r.Mapped {
		p.Mapped[k] = byte(max(0, min(255, (v+1)/2*255+0.5)))
	}
	return p
}

// Of returns a score of each picture, and whether the picture is abnormal. Names are those of anogan.ScoreNames.
func Of(pictures []Picture, score string) (scores []float64, abnormal []bool, err error) {
	for _, p := range pictures {
		v, known := map[string]float64{"residual": p.Residual, "discrimination": p.Discrimination, "weighted": p.Weighted, "logit": p.Logit}[score]
		if !known {
			return nil, nil, fmt.Errorf("anomaly: no score %q; there are %s", score, strings.Join(anogan.ScoreNames, ", "))
		}
		scores, abnormal = append(scores, v), append(abnormal, p.Abnormal)
	}
	return scores, abnormal, nil
}

// Threshold is the weighted score that a share of the normal pictures kept for this purpose stays below. It knows no
// abnormal picture.
func (s Scores) Threshold(share float64) (float64, error) {
	normal, _, err := Of(s.Calibration, "weighted")
	if err != nil {
		return 0, err
	}
	return eval.NormalQuantile(normal, share)
}

// Histogram shows the weighted scores of the test, with a threshold.
func (s Scores) Histogram(threshold float64) (*plot.Plot, error) {
	scores, abnormal, err := Of(s.Test, "weighted")
	if err != nil {
		return nil, err
	}
	var kinds [2][]float64
	for i, a := range abnormal {
		k := 0
		if a {
			k = 1
		}
		kinds[k] = append(kinds[k], scores[i])
	}
	return plots.Scores(kinds[0], kinds[1], 40, threshold)
}

// ROC is the curve of a score on the test, with the interval of its area and a band of 200 resamplings.
func (s Scores) ROC(score string) (*plot.Plot, error) {
	scores, abnormal, err := Of(s.Test, score)
	if err != nil {
		return nil, err
	}
	r, err := eval.Rank(scores, abnormal)
	if err != nil {
		return nil, err
	}
	band, err := eval.ROCBand(scores, abnormal, 0.95, 200, 51, rand.New(rand.NewPCG(Seed, 2)))
	if err != nil {
		return nil, err
	}
	return plots.ROC(r.Curve(), r.DeLong(0.95), &band)
}

// Markdown is the table of the four scores, side by side.
func (s Scores) Markdown() (string, error) {
	var b strings.Builder
	b.WriteString("| score | AUROC (95 % interval) | average precision | mean, normal | mean, abnormal |\n| --- | --- | ---: | ---: | ---: |\n")
	for i, name := range anogan.ScoreNames {
		scores, abnormal, err := Of(s.Test, name)
		if err != nil {
			return "", err
		}
		r, err := eval.Rank(scores, abnormal)
		if err != nil {
			return "", err
		}
		normal, other := means(scores, abnormal)
		meaning := []string{"R, residual", "D, discrimination", "A = (1−λ)R + λD", "−D's logit, without any search"}[i]
		fmt.Fprintf(&b, "| %s | %s | %.3f | %s | %s |\n", meaning, r.DeLong(0.95), r.AveragePrecision(), number(normal), number(other))
	}
	return b.String(), nil
}

// number writes a mean with a true minus sign.
func number(v float64) string { return strings.Replace(fmt.Sprintf("%.4f", v), "-", "−", 1) }

func means(scores []float64, abnormal []bool) (normal, other float64) {
	var sum, n [2]float64
	for i, s := range scores {
		k := 0
		if abnormal[i] {
			k = 1
		}
		sum[k], n[k] = sum[k]+s, n[k]+1
	}
	return sum[0] / n[0], sum[1] / n[1]
}

// Decisions is the table of what a threshold gets right and wrong on the test.
func (s Scores) Decisions(threshold float64) (string, error) {
	scores, abnormal, err := Of(s.Test, "weighted")
	if err != nil {
		return "", err
	}
	d, err := eval.Decide(scores, abnormal, threshold)
	if err != nil {
		return "", err
	}
	r, err := eval.Rank(scores, abnormal)
	if err != nil {
		return "", err
	}
	best := r.BestYouden()
	return fmt.Sprintf("| | flagged | passed |\n| --- | ---: | ---: |\n| abnormal | %d | %d |\n| normal | %d | %d |\n\n"+
		"Threshold %.4f, from normal pictures alone: %.1f %% of the abnormal pictures are found, %.1f %% of the normal ones are false alarms. "+
		"With the labels of the test in hand one would have taken %.4f: %.1f %% and %.1f %%. Nobody has them in hand.",
		d.TruePositive, d.Missed, d.FalseAlarm, d.TrueNegative, threshold, 100*d.Recall(), 100*d.FalseAlarmRate(),
		best.Threshold, 100*best.TPR, 100*best.FPR), nil
}
