package eval_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/gantest"
)

// peerTolerance is for quotients of whole numbers and sums of at most 5,000 of them, which the two add up in other orders.
const peerTolerance = 1e-12

// judged is what scikit-learn says of scores; see testdata/peers/sklearn_metrics.py.
type judged struct {
	AUROC            float64
	AveragePrecision float64 `json:"average_precision"`
	Thresholds       []float64
	FPR, TPR         []float64
	Precision        []float64
	Recall           []float64
	Counts           [4]int // true positives, false alarms, missed, true negatives
	F1               *float64
	Accuracy         *float64
	FlaggedPrecision *float64 `json:"flagged_precision"`
	FlaggedRecall    *float64 `json:"flagged_recall"`
}

type question struct {
	name      string
	Scores    []float64 `json:"scores"`
	Abnormal  []bool    `json:"abnormal"`
	Threshold float64   `json:"threshold"`
}

// questions are rankings of 2 to 5,000 examples: with no ties, with many, with nothing but ties; balanced and with a
// single abnormal example; perfect, random and upside down.
func questions() (list []question) {
	rng := rand.New(rand.NewPCG(17, 23))
	for _, n := range []int{2, 3, 10, 97, 1000, 5000} {
		for name, score := range map[string]func(abnormal bool) float64{
			"no ties":     func(bool) float64 { return rng.NormFloat64() },
			"float32":     func(a bool) float64 { return float64(float32(rng.NormFloat64())) + float(a) },
			"20 values":   func(a bool) float64 { return float64(rng.IntN(20))/7 + float(a)/3 },
			"3 values":    func(a bool) float64 { return float64(rng.IntN(2)) - float(a) },
			"one value":   func(bool) float64 { return -0.25 },
			"perfect":     func(a bool) float64 { return float(a) + rng.Float64()/2 },
			"tiny steps":  func(a bool) float64 { return 1 + float64(rng.IntN(30))*0x1p-52 + float(a)*0x1p-50 },
			"huge spread": func(a bool) float64 { return math.Exp(40*rng.NormFloat64()) * (1 + float(a)) },
		} {
			for _, share := range []float64{0, 0.1, 0.5, 0.9} {
				q := question{name: fmt.Sprintf("%d, %s, %v", n, name, share)}
				for i := range n {
					a := i == 0 || i > 1 && rng.Float64() < share // one of each at least
					q.Abnormal, q.Scores = append(q.Abnormal, a), append(q.Scores, score(a))
				}
				q.Threshold = q.Scores[rng.IntN(n)]
				list = append(list, q)
			}
		}
	}
	slices.SortFunc(list, func(a, b question) int { return cmp.Compare(a.name, b.name) })
	return list
}

func float(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ask starts a Python that has scikit-learn and shows it all questions.
func ask(t *testing.T, list []question) (answers []judged) {
	t.Helper()
	python := cmp.Or(os.Getenv("GANBOOK_PEER"), "python3")
	if out, err := exec.Command(python, "-c", "import sklearn").CombinedOutput(); err != nil {
		t.Skipf("%s has no scikit-learn (%v %s): name a Python that has in GANBOOK_PEER, for instance one after pip install scikit-learn==1.7.2", python, err, bytes.TrimSpace(out))
	}
	var in bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, q := range list {
		if err := encoder.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, filepath.Join(gantest.Root(t), "testdata", "peers", "sklearn_metrics.py"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	var version string
	if err := decoder.Decode(&version); err != nil {
		t.Fatal(err)
	}
	t.Logf("scikit-learn %s, %d rankings", version, len(list))
	for range list {
		var j judged
		if err := decoder.Decode(&j); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, j)
	}
	return answers
}

// Areas, every point of both curves, and decisions are scikit-learn's.
func TestRankingAgainstScikitLearn(t *testing.T) {
	list := questions()
	worst := 0.0
	for i, want := range ask(t, list) {
		q := list[i]
		same := func(what string, got, want float64) {
			t.Helper()
			if difference := math.Abs(got - want); difference <= peerTolerance {
				worst = max(worst, difference)
			} else {
				t.Errorf("%s: %s = %v, scikit-learn says %v", q.name, what, got, want)
			}
		}
		r, err := eval.Rank(q.Scores, q.Abnormal)
		if err != nil {
			t.Fatal(err)
		}
		same("AUROC", r.AUROC(), want.AUROC)
		same("average precision", r.AveragePrecision(), want.AveragePrecision)
		compareCurves(t, q.name, r.Curve(), want, same)
		d, err := eval.Decide(q.Scores, q.Abnormal, q.Threshold)
		if err != nil {
			t.Fatal(err)
		}
		if got := [4]int{d.TruePositive, d.FalseAlarm, d.Missed, d.TrueNegative}; got != want.Counts {
			t.Errorf("%s: decisions %v, scikit-learn says %v", q.name, got, want.Counts)
		}
		for _, figure := range []struct {
			what string
			got  float64
			want *float64
		}{
			{"F1", d.F1(), want.F1}, {"accuracy", d.Accuracy(), want.Accuracy},
			{"precision", d.Precision(), want.FlaggedPrecision}, {"recall", d.Recall(), want.FlaggedRecall},
		} {
			if figure.want != nil {
				same(figure.what, figure.got, *figure.want)
			} else if !math.IsNaN(figure.got) {
				t.Errorf("%s: %s = %v, scikit-learn says it is not defined", q.name, figure.what, figure.got)
			}
		}
	}
	t.Logf("largest difference %.2g", worst)
}

func compareCurves(t *testing.T, name string, curve []eval.Operating, want judged, same func(what string, got, want float64)) {
	t.Helper()
	if len(curve) != len(want.FPR) || len(curve) != len(want.Thresholds)+1 || len(curve) != len(want.Precision) {
		t.Errorf("%s: %d points, scikit-learn has %d on its ROC and %d on its precision-recall curve", name, len(curve), len(want.FPR), len(want.Precision))
		return
	}
	for k, o := range curve {
		same("false-alarm rate", o.FPR, want.FPR[k])
		same("detection rate", o.TPR, want.TPR[k])
		same("recall", o.TPR, want.Recall[k])
		if k == 0 {
			if !math.IsNaN(o.Precision) || want.Precision[0] != 1 {
				t.Errorf("%s: precision %v where nothing is flagged; scikit-learn says %v by convention", name, o.Precision, want.Precision[0])
			}
			continue
		}
		same("precision", o.Precision, want.Precision[k])
		if o.Threshold != want.Thresholds[k-1] {
			t.Errorf("%s: threshold %v, scikit-learn has %v", name, o.Threshold, want.Thresholds[k-1])
		}
	}
}
