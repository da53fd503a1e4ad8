package dcgan

import (
	"math"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// stale is the mistake that the order of the practice rules out: G learns from what D said of the fakes before D's own
// step, instead of asking the updated D again.
func stale(gan *ganlib.GAN) *ganlib.GAN {
	before := func(in ganlib.Inputs) *Node {
		return in.Once("D(G(z)) before", func() *Node {
			fakes := in.Once("G(z)", func() *Node { return gan.Generate(in) })
			return gan.Discriminate(in.WithMode(nn.BatchStatistics), fakes).Logits
		})
	}
	wrong := *gan
	wrong.Steps = append([]ganlib.Step{}, gan.Steps...)
	ours := wrong.Steps[0].Loss
	wrong.Steps[0].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) {
		before(in)
		return ours(in)
	}
	wrong.Steps[1].Loss = func(in ganlib.Inputs) (*Node, []ganlib.Term) { return loss.NonSaturating(before(in)), nil }
	return &wrong
}

// The stale game must be told from ours by the losses of the first step: 0.633446 instead of 0.729787 with the weights
// of the shared golden file. What it should be follows from the file's logits, so any file will do.
func TestOrderGolden(t *testing.T) {
	f := readTrajectory(t)
	f.Steps = f.Steps[:1]
	want := 0.0 // −log σ(l) of the old D
	for _, l := range f.Steps[0].LogitsFake {
		want += math.Log1p(math.Exp(-l)) / float64(len(f.Steps[0].LogitsFake))
	}
	f.play(t, stale(f.game(t)), func(_ int, point runlog.Point, _ *model.Store) {
		gantest.Close(t, "G/loss of the stale game", []float64{point.Values["G/loss"]}, []float64{want}, lossTolerance)
		gantest.Close(t, "D/loss of the stale game", []float64{point.Values["D/loss"]}, []float64{f.Steps[0].ErrD}, lossTolerance)
	})
	// TestTrajectoryGolden allows 2e-5; the mistake is beyond any rounding.
	if difference := math.Abs(want - f.Steps[0].ErrG); difference < 1e-3 {
		t.Errorf("the stale G/loss differs by %.2g only, so the trajectory cannot tell the order", difference)
	}
	f.play(t, f.game(t), func(_ int, point runlog.Point, _ *model.Store) {
		gantest.Close(t, "G/loss", []float64{point.Values["G/loss"]}, []float64{f.Steps[0].ErrG}, lossTolerance)
	})
}
