package practice

import (
	"fmt"
	"math"
	"strings"

	"github.com/ganbook/ganbook/kernelext"
)

// Unsolved is what a function returns before it is written: a NaN that no calculation makes.
var Unsolved = math.Float64frombits(0x7FF8_0000_0000_5AFE)

// State is how an answer stands.
type State int

const (
	Open  State = iota // not solved yet
	Wrong              // an answer, not the right one
	Right
)

// Verdict is what a check says of an answer.
type Verdict struct {
	State State
	Text  string // Markdown: what is wrong and why, or what the right answer is good for
}

// Show displays the verdict in the notebook. An answer that is not right does not fail the cell.
func (v Verdict) Show() { kernelext.Markdown(v.String()) }

func (v Verdict) String() string {
	return map[State]string{Open: "*Not solved yet:* ", Wrong: "**Not right yet.** ", Right: "**Right.** "}[v.State] + v.Text
}

// probe is what an answer says at one chosen point.
type probe struct {
	at    string // "logit 200, label 0"
	value float64
}

// exercise is a task whose answers can be told apart by numbers.
type exercise[A any] struct {
	task     string          // one line, shown while the answer is open
	probes   func(A) []probe // the answer at chosen points
	solution A
	mistakes []mistake[A] // the commonest ones
	right    string       // what the right answer is good for
	within   float64      // largest relative difference; 0: 1e-6
}

// mistake is a wrong answer and what to say to who gives it.
type mistake[A any] struct {
	answer A
	why    string
}

// check compares an answer with the solution, then with the common mistakes.
func (e exercise[A]) check(answer A) Verdict {
	got, broken := e.try(answer)
	if broken != "" {
		return stopped(broken)
	}
	if open(got) {
		return Verdict{Open, e.task}
	}
	want, _ := e.try(e.solution)
	at := e.differs(got, want)
	if at < 0 {
		return Verdict{Right, e.right}
	}
	text := disagreement(got, want, at)
	for _, m := range e.mistakes {
		if wrong, broken := e.try(m.answer); broken == "" && e.differs(got, wrong) < 0 {
			return Verdict{Wrong, m.why + " " + text}
		}
	}
	return Verdict{Wrong, text}
}

// stopped is the verdict on an answer that panics: the notebook goes on.
func stopped(why any) Verdict {
	return Verdict{Wrong, fmt.Sprint("Your function stopped with a panic: ", why)}
}

// try asks an answer; an answer that panics is broken.
func (e exercise[A]) try(answer A) (got []probe, broken string) {
	defer func() {
		if r := recover(); r != nil {
			broken = fmt.Sprint(r)
		}
	}()
	return e.probes(answer), ""
}

// open: nothing has been written yet.
func open(got []probe) bool {
	for _, p := range got {
		if p.value != 0 && math.Float64bits(p.value) != math.Float64bits(Unsolved) {
			return false
		}
	}
	return true
}

// differs is the first place at which two answers differ, −1 when there is none.
func (e exercise[A]) differs(a, b []probe) int {
	within := e.within
	if within == 0 {
		within = 1e-6
	}
	for i := range min(len(a), len(b)) {
		x, y := a[i].value, b[i].value
		if x == y || math.IsNaN(x) && math.IsNaN(y) {
			continue
		}
		if math.IsInf(x, 0) || math.IsInf(y, 0) || !(math.Abs(x-y) <= within*max(math.Abs(x), math.Abs(y), 1e-3)) {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

func disagreement(got, want []probe, at int) string {
	if at >= min(len(got), len(want)) {
		return fmt.Sprintf("You return %d numbers, it should be %d.", len(got), len(want))
	}
	return fmt.Sprintf("At %s you return %s, it should be %s.", want[at].at, show(got[at].value), show(want[at].value))
}

// show writes a number as a reader expects it.
func show(v float64) string {
	if math.IsInf(v, 1) {
		return "infinity"
	}
	return strings.Replace(strings.Replace(fmt.Sprintf("%.6g", v), "-", "−", 1), "−Inf", "−infinity", 1)
}

// list makes probes of the numbers an answer returns, with their count first.
func list(at string, values []float64) []probe {
	probes := []probe{{at + ", how many numbers", float64(len(values))}}
	for i, v := range values {
		probes = append(probes, probe{fmt.Sprintf("%s, number %d", at, i), v})
	}
	return probes
}
