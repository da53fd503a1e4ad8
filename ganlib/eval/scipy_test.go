package eval_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/gantest"
)

// cloud is n points of d numbers that depend on each other.
func cloud(rng *rand.Rand, n, d int, shift float64) (eval.Points, [][]float32) {
	p, rows := eval.Points{Dim: d}, [][]float32{}
	for range n {
		row, common := make([]float32, d), rng.NormFloat64()
		for k := range row {
			row[k] = float32(shift + 0.5*common + float64(k+1)/float64(d)*rng.NormFloat64())
		}
		p.Values, rows = append(p.Values, row...), append(rows, row)
	}
	return p, rows
}

// FID and KID are NumPy's and SciPy's, to 1e-9 of the largest number. With fewer points than numbers SciPy's root of a
// singular product is good to 1e-6 only.
func TestDistancesAgainstSciPy(t *testing.T) {
	python := os.Getenv("GANBOOK_PEER")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import scipy").CombinedOutput(); err != nil {
		t.Skipf("%s has no SciPy (%v %s): name a Python that has in GANBOOK_PEER", python, err, bytes.TrimSpace(out))
	}
	type question struct {
		A [][]float32 `json:"a"`
		B [][]float32 `json:"b"`
	}
	var questions []question
	var ours [][2]float64
	tolerance := []float64{1e-9, 1e-9, 1e-9, 1e-6}
	rng := rand.New(rand.NewPCG(21, 22))
	for _, shape := range [][3]int{{200, 300, 3}, {500, 400, 16}, {300, 300, 64}, {20, 30, 40}} {
		a, rowsA := cloud(rng, shape[0], shape[2], 0)
		b, rowsB := cloud(rng, shape[1], shape[2], 0.3)
		questions = append(questions, question{rowsA, rowsB})
		s, err1 := eval.FitGaussian(a)
		r, err2 := eval.FitGaussian(b)
		kid, err3 := eval.KernelDistance(a, b)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		fid, err := s.Frechet(r)
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, [2]float64{fid, kid})
	}
	text, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join(gantest.Root(t), "testdata", "peers", "scipy_distances.py"))
	cmd.Stdin = bytes.NewReader(text)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaints)
	}
	var theirs []struct{ FID, KID float64 }
	if err := json.Unmarshal(out, &theirs); err != nil || len(theirs) != len(ours) {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, want := range theirs {
		if math.Abs(ours[i][0]-want.FID) > tolerance[i]*max(1, want.FID) || math.Abs(ours[i][1]-want.KID) > 1e-9*max(1, math.Abs(want.KID)) {
			t.Errorf("set %d: FID %v, KID %v; SciPy says %v, %v", i, ours[i][0], ours[i][1], want.FID, want.KID)
		}
	}
}
