package practice

import (
	"fmt"
	"slices"
	"strings"
)

// Move is one part of an iteration.
type Move string

// The moves of an iteration; NewFakes is one that the practice does not make.
const (
	RealThroughD       Move = "D sees the real batch"
	MakeFakes          Move = "G makes fakes"
	FakesThroughD      Move = "D sees the fakes, the gradient cut behind them"
	StepD              Move = "Adam moves D"
	NewFakes           Move = "G makes new fakes"
	FakesThroughDAgain Move = "D sees the fakes again"
	StepG              Move = "Adam moves G"
)

// CheckOrder checks the order of an iteration. Where the commonest wrong order is given, both are played: one step of a
// tiny DCGAN whose right loss is known.
func CheckOrder(moves ...Move) Verdict {
	if len(moves) == 0 {
		return Verdict{Open, "put the moves of one iteration into order: practice.CheckOrder(practice.RealThroughD, …)."}
	}
	for i, m := range moves {
		if slices.Index(moves, m) != i {
			return Verdict{Wrong, fmt.Sprintf("“%s” is there twice.", m)}
		}
	}
	at := func(m Move) int { return slices.Index(moves, m) }
	before := func(first, then Move) bool { return at(first) >= 0 && at(first) < at(then) }
	var missing []string
	for _, m := range []Move{RealThroughD, MakeFakes, FakesThroughD, StepD, StepG} {
		if at(m) < 0 {
			missing = append(missing, fmt.Sprintf("“%s”", m))
		}
	}
	switch {
	case len(missing) > 0:
		return Verdict{Wrong, "There is no " + strings.Join(missing, ", ") + "."}
	case at(NewFakes) >= 0:
		return Verdict{Wrong, "New fakes for G's part would be a second forward pass of G. One z serves both parts: G learns from the fakes that D has just been trained on."}
	case !before(MakeFakes, FakesThroughD):
		return Verdict{Wrong, "D cannot see fakes that have not been made."}
	case !before(RealThroughD, StepD), !before(FakesThroughD, StepD):
		return Verdict{Wrong, "D steps once, on the sum of its losses on real and on fake: it must have seen both before."}
	case at(FakesThroughDAgain) < 0, before(FakesThroughDAgain, StepD), before(StepG, StepD):
		return staleVerdict()
	case before(StepG, FakesThroughDAgain):
		return Verdict{Wrong, "G steps on what D says of its fakes: D must see them again first."}
	}
	return Verdict{Right, "D learns first; then it is asked again, because it has changed, and its new answer goes back through D to G. D itself stands still in that part."}
}

// staleVerdict plays the right and the stale step.
func staleVerdict() Verdict {
	game, err := readTinyGame()
	if err == nil {
		right, e := game.firstStep(nil)
		wrong, f := game.firstStep(stale)
		if err = e; err == nil {
			err = f
		}
		if err == nil {
			return Verdict{Wrong, fmt.Sprintf("G would learn from the D of before its step. Both were played, one step of a tiny DCGAN: your order gives errG %.4f, the practice %.4f. D must see the fakes again after its own step, because its weights have changed.",
				wrong["G/loss"], right["G/loss"])}
		}
	}
	return Verdict{Wrong, "G would learn from the D of before its step; D must see the fakes again. (Playing both failed: " + err.Error() + ")"}
}
