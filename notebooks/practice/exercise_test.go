package practice

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
)

// provoke gives an exercise its solution, nothing, and every common mistake, and looks at what it says.
func provoke[A any](t *testing.T, name string, e exercise[A], nothing A) {
	t.Run(name, func(t *testing.T) {
		if v := e.check(e.solution); v.State != Right || v.Text != e.right {
			t.Errorf("the solution: %v", v)
		}
		if v := e.check(nothing); v.State != Open || v.Text != e.task {
			t.Errorf("nothing written: %v", v)
		}
		for _, m := range e.mistakes {
			v := e.check(m.answer)
			if v.State != Wrong || !strings.HasPrefix(v.Text, m.why) || !strings.Contains(v.Text, "should be") {
				t.Errorf("mistake %q: %v", m.why, v)
			}
		}
	})
}

func TestExercises(t *testing.T) {
	provoke(t, "BCE", exerciseBCE, func(_, _ float64) float64 { return Unsolved })
	provoke(t, "slopes", exerciseSlopes, func(float64) (float64, float64) { return Unsolved, Unsolved })
	provoke(t, "D's loss", exerciseDLoss, func(_, _ []float64) float64 { return 0 })
	provoke(t, "by hand", exerciseByHand, nil)
	provoke(t, "contributions", exerciseContributions, func(_, _, _ int) []int { return nil })
	provoke(t, "batch norm", exerciseBatchNorm, func([]float64) []float64 { return nil })
	provoke(t, "Adam", exerciseAdam, func([]float64) float64 { return Unsolved })
	provoke(t, "diversity", exerciseDiversity, func([][]float64) float64 { return Unsolved })
	provoke(t, "slerp", exerciseSlerp, func(_, _ []float64, _ float64) []float64 { return nil })
	provoke(t, "mapping loss", exerciseMapping, func(_, _, _, _ []float64, _ float64) float64 { return Unsolved })
	provoke(t, "lambda", exerciseLambda, func(float64, int, int) float64 { return Unsolved })
	provoke(t, "AUROC", exerciseAUROC, func(_, _ []float64) float64 { return Unsolved })
	provoke(t, "threshold", exerciseThreshold, func([]float64, float64) float64 { return Unsolved })
	provoke(t, "floor", exerciseFloor, func([]float64) float64 { return Unsolved })
	provoke(t, "kept step", exerciseKeptStep, func(_, _, _ float64, _ int) float64 { return Unsolved })
}

// A wrong answer that nobody foresaw is told where it first differs; one that panics, why.
func TestUnforeseenAnswers(t *testing.T) {
	v := CheckBCE(func(t, y float64) float64 { return 7 })
	if v.State != Wrong || v.Text != "At logit 0.5, label 1 you return 7, it should be 0.474077." {
		t.Errorf("%v", v)
	}
	v = CheckSlerp(func(z0, z1 []float64, t float64) []float64 { return []float64{z0[5]} })
	if v.State != Wrong || !strings.Contains(v.Text, "panic: runtime error: index out of range") {
		t.Errorf("%v", v)
	}
	if v := CheckByHand([]float64{10, 102, 20, 203}); v.State != Wrong || !strings.Contains(v.Text, "how many numbers you return 4, it should be 5") {
		t.Errorf("%v", v)
	}
	if s := v.String(); !strings.HasPrefix(s, "**Not right yet.** Your function") {
		t.Error(s)
	}
}

// library is what an operation of the library computes.
func library(t *testing.T, f func(x []*graph.Node) *graph.Node, m Matrix) Matrix {
	t.Helper()
	out, err := Compute(f, m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What the exercises call right is what the library computes: in this and the next four tests.
func TestBCEIsTheLibrarys(t *testing.T) {
	for _, p := range exerciseBCE.probes(bce)[:7] {
		var logit float64
		if _, err := fmt.Sscanf(p.at, "logit %g,", &logit); err != nil {
			t.Fatal(err)
		}
		got := library(t, func(x []*graph.Node) *graph.Node {
			return graph.Reshape(loss.BCEWithLogits(x[0], 1), 1, 1, 1, 1)
		}, Matrix{{logit}})[0][0]
		if math.Abs(got-p.value) > 1e-5*max(1, p.value) {
			t.Errorf("%s: the library has %v, the exercise %v", p.at, got, p.value)
		}
	}
}

func TestSlopesAreTheLibrarys(t *testing.T) {
	logits := Matrix{{-8}, {-1}, {0.5}, {4}}
	slope := func(f func(*graph.Node) *graph.Node) Matrix {
		return library(t, func(x []*graph.Node) *graph.Node {
			return graph.Gradient(graph.MulScalar(f(x[0]), 4), x[0])[0]
		}, logits)
	}
	minimax, nonSaturating := slope(loss.Minimax), slope(loss.NonSaturating)
	for i, row := range logits {
		a, b := exerciseSlopes.solution(row[0])
		if math.Abs(a-minimax[i][0])+math.Abs(b-nonSaturating[i][0]) > 1e-5 {
			t.Errorf("slopes at %v: %v %v, the library has %v %v", row[0], a, b, minimax[i][0], nonSaturating[i][0])
		}
	}
}

func TestContributionsAreTheLayers(t *testing.T) {
	for _, k := range []int{3, 4} {
		out, err := Transposed(filled(1, 4, one), filled(k, k, one), 2, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var counts []int
		for _, v := range out[0] {
			counts = append(counts, int(v))
		}
		if want := contributions(k, 2, 4); !slices.Equal(counts, want) {
			t.Errorf("k%d: the layer counts %v, the exercise %v", k, counts, want)
		}
	}
}

func TestBatchNormIsTheLayers(t *testing.T) {
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(b, model.NewStore(), func(s *model.Scope, x *graph.Node) *graph.Node {
		return nn.BatchNorm(s.At("bn"), x, nn.BatchNormOptions{Mode: nn.Training})
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Call1(picture(Matrix{{1}, {2}, {3}, {6}}))
	if err != nil {
		t.Fatal(err)
	}
	want := exerciseBatchNorm.solution([]float64{1, 2, 3, 6})
	for i, v := range out.Value().([][][][]float32)[0] {
		if math.Abs(float64(v[0][0])-want[i]) > 1e-5 {
			t.Errorf("batch norm: %v, want %v", v, want[i])
		}
	}
}

func one(int, int) float64 { return 1 }

// Where the library's Adam says how far a step goes, the exercise goes there too.
func TestAdamIsTheLibrarys(t *testing.T) {
	gradients := []float64{2, -1, 0.5}
	adam := ganlib.Adam{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8}
	var w, m, v float64
	for i, g := range gradients {
		m, v = adam.Beta1*m+(1-adam.Beta1)*g, adam.Beta2*v+(1-adam.Beta2)*g*g
		rate, eps := adam.Rates(int64(i+1), adam.LearningRate)
		w -= rate * m / (math.Sqrt(v) + eps)
	}
	if got := exerciseAdam.solution(gradients); math.Abs(got-w) > 1e-9 {
		t.Errorf("%v, the library's rule gives %v", got, w)
	}
}

func TestLayers(t *testing.T) {
	doubling := func(maps ...int) (blocks []Block) {
		for _, m := range maps {
			blocks = append(blocks, Block{m, 4, 2, 1, 0})
		}
		return blocks
	}
	start := func(maps int, rest ...Block) []Block { return append([]Block{{maps, 4, 1, 0, 0}}, rest...) }
	right := map[int][]Block{
		128: start(1024, doubling(512, 256, 128, 64, 3)...), 32: start(256, doubling(128, 64, 3)...), 28: doubling(64, 1),
	}
	with := func(size int, blocks []Block) func(int) []Block {
		return func(s int) []Block {
			if s == size {
				return blocks
			}
			return right[s]
		}
	}
	for want, answer := range map[string]func(int) []Block{
		"G grows to the size asked for":                     with(0, nil),
		"list the blocks of G for 128, 32, 28":              func(int) []Block { return nil },
		"D, built for 64, would make 5×5 = 25 numbers":      with(128, start(512, doubling(256, 128, 64, 3)...)),
		"D, built for 64, would make 0×0 = 0 numbers":       with(32, start(512, doubling(256, 128, 64, 3)...)),
		"doubles only with output padding 1":                with(28, []Block{{64, 3, 2, 1, 0}, {1, 3, 2, 1, 0}}),
		"stride 2 does not divide kernel 3":                 with(28, []Block{{64, 3, 2, 1, 1}, {1, 3, 2, 1, 1}}),
		"the last block has 1 maps; the picture has 3":      with(32, start(256, doubling(128, 64, 1)...)),
		"it begins with 1024":                               with(128, start(512, doubling(256, 128, 64, 32, 3)...)),
		"the blocks end at 14×14":                           with(28, doubling(1)),
		"output padding smaller than the stride":            with(28, []Block{{64, 4, 2, 1, 2}}),
		"block 1, {Maps:256 Kernel:4 Stride:1 Pad:0 Out":    with(32, append([]Block{{256, 4, 1, 0, 1}}, right[32][1:]...)),
		"block 1, {Maps:0 Kernel:4":                         with(28, doubling(0, 1)),
		"stopped with a panic: runtime error: index out":    func(size int) []Block { return []Block{right[size][size]} },
		"block 1 leaves nothing: (1−1)·2 − 2·1 + 2 + 0 = 0": with(32, []Block{{256, 2, 2, 1, 0}}),
	} {
		if v := CheckLayers(answer); !strings.Contains(v.Text, want) {
			t.Errorf("want %q: %v", want, v)
		}
	}
	if v := CheckLayers(with(0, nil)); v.State != Right {
		t.Errorf("the solution: %v", v)
	}
}

func TestOrder(t *testing.T) {
	for want, moves := range map[string][]Move{
		"D learns first":              {MakeFakes, RealThroughD, FakesThroughD, StepD, FakesThroughDAgain, StepG},
		"put the moves":               nil,
		"0.6334, the practice 0.7298": {RealThroughD, MakeFakes, FakesThroughD, StepD, StepG},
		"errG 0.6334":                 {RealThroughD, MakeFakes, FakesThroughD, FakesThroughDAgain, StepG, StepD},
		"is there twice":              {StepD, StepD},
		"One z serves both":           {RealThroughD, MakeFakes, FakesThroughD, StepD, NewFakes, FakesThroughDAgain, StepG},
		"have not been made":          {RealThroughD, FakesThroughD, MakeFakes, StepD, FakesThroughDAgain, StepG},
		"D steps once, on the sum":    {RealThroughD, StepD, MakeFakes, FakesThroughD, FakesThroughDAgain, StepG},
		"There is no “Adam moves D”":  {RealThroughD, MakeFakes, FakesThroughD, StepG},
		"must see them again first":   {RealThroughD, MakeFakes, FakesThroughD, StepD, StepG, FakesThroughDAgain},
	} {
		if v := CheckOrder(moves...); !strings.Contains(v.Text, want) {
			t.Errorf("want %q: %v", want, v)
		}
	}
	if v := CheckOrder(RealThroughD, MakeFakes, FakesThroughD, StepD, FakesThroughDAgain, StepG); v.State != Right {
		t.Errorf("the solution: %v", v)
	}
}

// The tiny game's first step has the losses that are written down for it, and each way of playing differs.
func TestFirstSteps(t *testing.T) {
	table, err := FirstSteps()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| as in the practice | 0.5315 | 0.5359 | 1.4152 | 0.7298 |", "| D not asked again for G | 0.5315 | 0.5359 | 1.4152 | 0.6334 |"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if strings.Count(table, "0.5315") != 2 {
		t.Errorf("a mixed batch must change D(x):\n%s", table)
	}
}
