package practice

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ganbook/ganbook/ganlib/eval"
)

// The exercise counts pairs as the library ranks them, ties included.
func TestPairsAreTheLibrarys(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var normal, abnormal []float64
	for range 40 {
		normal, abnormal = append(normal, float64(rng.IntN(20))), append(abnormal, float64(rng.IntN(20)+4))
	}
	truth := make([]bool, 80)
	for i := 40; i < 80; i++ {
		truth[i] = true
	}
	r, err := eval.Rank(append(normal[:40:40], abnormal...), truth)
	if err != nil {
		t.Fatal(err)
	}
	if got := exerciseAUROC.solution(normal, abnormal); math.Abs(got-r.AUROC()) > 1e-12 {
		t.Errorf("%v, the library has %v", got, r.AUROC())
	}
}

// The numbers that the verdicts name.
func TestNumbersOfTheVerdicts(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want float64
		within    float64
	}{
		{"λ 0.1 of sums", exerciseLambda.solution(0.1, 784, 3136), 0.308, 5e-4},
		{"λ of 0.7 in means", exerciseLambda.solution(0.368, 784, 3136), 0.7, 5e-4},
		{"the floor of 80 % background", exerciseFloor.probes(exerciseFloor.solution)[0].value, 0.825, 1e-12},
		{"a fresh Adam's step", stepOf(0.02, 0, 0, 0), -0.1, 1e-5},
	} {
		if math.Abs(c.got-c.want) > c.within {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if kept := stepOf(0.02, -0.01, 0.0004, 50); !(kept > 0) {
		t.Errorf("the kept Adam moves by %v: it should go against this gradient", kept)
	}
}
