package eval_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/gantest"
)

const tolerance = 1e-8 // the golden file has nine digits

type goldenPoint struct {
	Threshold *float64 // null: above every score
	TPR, FPR  float64
	Precision *float64 // null: nothing flagged
}

type goldenSet struct {
	Name             string
	Score            []float64
	Label            []int
	AUROC            float64
	AveragePrecision float64 `json:"average_precision"`
	ROC              []goldenPoint
	YoudenBest       goldenPoint `json:"youden_best"`
}

func truth(labels []int) []bool {
	out := make([]bool, len(labels))
	for i, l := range labels {
		out[i] = l == 1
	}
	return out
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func (g goldenPoint) compare(t *testing.T, what string, got eval.Operating) {
	t.Helper()
	if g.Threshold == nil {
		near(t, what+": threshold is infinite", 1/got.Threshold, 0)
	} else {
		near(t, what+": threshold", got.Threshold, *g.Threshold)
	}
	near(t, what+": TPR", got.TPR, g.TPR)
	near(t, what+": FPR", got.FPR, g.FPR)
	if g.Precision != nil {
		near(t, what+": precision", got.Precision, *g.Precision)
	} else if !math.IsNaN(got.Precision) {
		t.Errorf("%s: precision %v where nothing is flagged", what, got.Precision)
	}
}

func TestGoldenMetrics(t *testing.T) {
	var file struct{ Sets []goldenSet }
	gantest.Golden(t, "metrics", &file)
	if len(file.Sets) == 0 {
		t.Fatal("the golden file has no sets")
	}
	for _, set := range file.Sets {
		t.Run(set.Name, func(t *testing.T) {
			r, err := eval.Rank(set.Score, truth(set.Label))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "AUROC", r.AUROC(), set.AUROC)
			near(t, "average precision", r.AveragePrecision(), set.AveragePrecision)
			curve := r.Curve()
			if len(curve) != len(set.ROC) {
				t.Fatalf("%d points on the curve, want %d", len(curve), len(set.ROC))
			}
			for i, want := range set.ROC {
				want.compare(t, "point", curve[i])
			}
			set.YoudenBest.compare(t, "Youden", r.BestYouden())
		})
	}
}

// AUROC is the share of pairs won, counted one by one, and average precision does not depend on the order of ties.
func TestRankingByPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		n := 4 + rng.IntN(30)
		scores, abnormal := make([]float64, n), make([]bool, n)
		for i := range scores {
			scores[i], abnormal[i] = float64(rng.IntN(8)), rng.IntN(3) == 0
		}
		abnormal[0], abnormal[1] = true, false
		r, err := eval.Rank(scores, abnormal)
		if err != nil {
			t.Fatal(err)
		}
		won, pairs := 0.0, 0.0
		for i, a := range abnormal {
			for j, b := range abnormal {
				if a && !b {
					pairs++
					if scores[i] > scores[j] {
						won++
					} else if scores[i] == scores[j] {
						won += 0.5
					}
				}
			}
		}
		near(t, "AUROC", r.AUROC(), won/pairs)
		rng.Shuffle(n, func(i, j int) {
			scores[i], scores[j] = scores[j], scores[i]
			abnormal[i], abnormal[j] = abnormal[j], abnormal[i]
		})
		again, err := eval.Rank(scores, abnormal)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "average precision, shuffled", again.AveragePrecision(), r.AveragePrecision())
	}
}

func TestUndefinedRankings(t *testing.T) {
	for want, in := range map[string]struct {
		scores   []float64
		abnormal []bool
	}{
		"0 abnormal": {[]float64{1, 2}, []bool{false, false}},
		"0 normal":   {[]float64{1, 2}, []bool{true, true}},
		"score 1 is": {[]float64{1, math.NaN()}, []bool{true, false}},
		"is +Inf":    {[]float64{math.Inf(1), 1}, []bool{true, false}},
		"1 scores":   {[]float64{1}, []bool{true, false}},
	} {
		if _, err := eval.Rank(in.scores, in.abnormal); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v: error %v does not say %q", in.scores, in.abnormal, err, want)
		}
	}
}

// A threshold from normal scores lets the stated share pass, ties included.
func TestNormalQuantile(t *testing.T) {
	normal := []float64{5, 1, 2, 2, 3, 4, 4, 4, 6, 10}
	for q, passing := range map[float64]int{0.1: 1, 0.25: 3, 0.5: 7, 0.9: 9, 1: 10} {
		threshold, err := eval.NormalQuantile(normal, q)
		if err != nil {
			t.Fatal(err)
		}
		d, err := eval.Decide(normal, make([]bool, len(normal)), threshold)
		if err != nil {
			t.Fatal(err)
		}
		if d.TrueNegative != passing {
			t.Errorf("quantile %v: threshold %v lets %d pass, want %d", q, threshold, d.TrueNegative, passing)
		}
	}
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for percent := 1; percent <= 100; percent++ { // shares that binary numbers cannot hold included
		if threshold, err := eval.NormalQuantile(hundred, float64(percent)/100); err != nil || math.Floor(threshold) != float64(percent) {
			t.Errorf("%d of a hundred: threshold %v, %v", percent, threshold, err)
		}
	}
	for _, broken := range [][]float64{nil, {1, math.NaN()}, {1, math.Inf(1)}, {math.Inf(-1), 1}} {
		if threshold, err := eval.NormalQuantile(broken, 0.5); err == nil {
			t.Errorf("no error for the scores %v but %v", broken, threshold)
		}
	}
}

func TestDecisions(t *testing.T) {
	d, err := eval.Decide([]float64{1, 2, 3, 4, 5}, []bool{false, true, false, true, true}, 3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "precision", d.Precision(), 2.0/3)
	near(t, "recall", d.Recall(), 2.0/3)
	near(t, "false alarms", d.FalseAlarmRate(), 0.5)
	near(t, "F1", d.F1(), 2.0/3)
	near(t, "accuracy", d.Accuracy(), 0.6)
}

// Over many samples from known distributions, both kinds of interval cover the true AUROC about as often as they say:
// for two normals a standard deviation apart it is Φ(1/√2).
func TestIntervalsCover(t *testing.T) {
	const samples, level = 300, 0.9
	want := 0.5 * (1 + math.Erf(0.5))
	rng := rand.New(rand.NewPCG(7, 8))
	var delong, bootstrap int
	for range samples {
		scores, abnormal := make([]float64, 60), make([]bool, 60)
		for i := range scores {
			abnormal[i] = i < 25
			scores[i] = rng.NormFloat64()
			if abnormal[i] {
				scores[i]++
			}
		}
		r, err := eval.Rank(scores, abnormal)
		if err != nil {
			t.Fatal(err)
		}
		if i := r.DeLong(level); i.Low <= want && want <= i.High {
			delong++
		}
		i, err := eval.Bootstrap(scores, abnormal, level, 100, rng, (*eval.Ranking).AUROC)
		if err != nil {
			t.Fatal(err)
		}
		if i.Low <= want && want <= i.High {
			bootstrap++
		}
	}
	// 90 % of 300 is 270, with a standard deviation of 5.
	if delong < 250 || delong > 290 {
		t.Errorf("DeLong's interval covers %d of %d", delong, samples)
	}
	if bootstrap < 245 || bootstrap > 290 {
		t.Errorf("the bootstrap's interval covers %d of %d", bootstrap, samples)
	}
}

// Where all pairs come out alike the interval is as wide as the smaller class is small: by hand, 0.025^(1/m).
func TestIntervalWhereAllPairsAreAlike(t *testing.T) {
	for _, tc := range []struct {
		normal, abnormal int
		by               float64 // of the abnormal scores above the normal ones
		auc, low, high   float64
	}{
		{2, 2, 1, 1, 0.15811388300841897, 1}, // √0.025
		{3, 1, 1, 1, 0.025, 1},
		{100, 400, 1, 1, 0.9637833073548235, 1}, // near the rule of three's 1 − 3.7/100
		{2, 2, -1, 0, 0, 1 - 0.15811388300841897},
		{2, 2, 0, 0.5, 0.15811388300841897 / 2, 1 - 0.15811388300841897/2}, // all are ties
	} {
		scores, abnormal := make([]float64, tc.normal+tc.abnormal), make([]bool, tc.normal+tc.abnormal)
		for i := range tc.abnormal {
			scores[i], abnormal[i] = tc.by, true
		}
		r, err := eval.Rank(scores, abnormal)
		if err != nil {
			t.Fatal(err)
		}
		i := r.DeLong(0.95)
		near(t, "AUROC", i.Estimate, tc.auc)
		near(t, "low end", i.Low, tc.low)
		near(t, "high end", i.High, tc.high)
	}
}

// With few examples many rankings have no mistake, whatever the true AUROC: a point at 1 would never cover it.
func TestIntervalsOfFewExamplesCover(t *testing.T) {
	const samples, level, shift = 400, 0.9, 2.0
	want := 0.5 * (1 + math.Erf(shift/2)) // Φ(shift/√2) = 0.92
	rng := rand.New(rand.NewPCG(9, 10))
	covered, perfect := 0, 0
	for range samples {
		scores, abnormal := make([]float64, 8), make([]bool, 8)
		for i := range scores {
			abnormal[i] = i < 3
			scores[i] = rng.NormFloat64()
			if abnormal[i] {
				scores[i] += shift
			}
		}
		r, err := eval.Rank(scores, abnormal)
		if err != nil {
			t.Fatal(err)
		}
		i := r.DeLong(level)
		if i.Low <= want && want <= i.High {
			covered++
		}
		if i.Estimate == 1 {
			perfect++
		}
	}
	// 90 % of 400 is 360, with a standard deviation of 6.
	if perfect < 100 || covered < 345 {
		t.Errorf("%d of %d rankings have no mistake; the interval covers %d", perfect, samples, covered)
	}
}
