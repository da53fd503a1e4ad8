// Package health watches the numbers of an adversarial training and says in words when it goes wrong: a saturated
// discriminator, mode collapse, a vanishing generator gradient, imbalance, divergence. It knows no model and computes
// nothing but means of what the training reports; what a game does not report is not checked.
//
// A finding is a function of the points alone, so a resumed run finds what an uninterrupted one does, and a finished
// one can be examined again.
package health

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The series that are looked at. Package train reports the gradients and distances of every game.
const (
	GeneratorLoss     = "G/loss"
	RealScore         = "D(x)"           // mean D(x), a probability
	FakeScore         = "D(G(z))"        // mean D(G(z)) before D's step, a probability
	GeneratorGradient = "G" + gradient   // ‖∇‖₂ over all of G's variables
	SheetDistance     = "sheet/distance" // Distance of a sample sheet
	RealDistance      = "real/distance"  // Distance of as many real images, in the first point
)

// gradient ends the names of gradients' norms, whatever the step.
const gradient = "/gradient"

// The kinds of findings.
const (
	Saturated = "saturated"
	Collapse  = "collapse"
	Vanishing = "vanishing"
	Imbalance = "imbalance"
	Diverged  = "diverged"
)

// Monitor follows one training. Its zero value is ready.
type Monitor struct {
	generatorLoss, fake, gradient average
	gap, longGap                  average // of D(x) − D(G(z))
	early                         early   // of the gradient
	real, peak                    float64 // distances: of real images, 0 when unknown; the largest of a sheet so far
	iterations                    int64
	episodes                      []episode // one for each of checks
	saturated                     bool      // whether an episode of that kind lasts
	lost                          bool      // a number was not finite
}

// Observe takes the next point of the training and returns what begins or ends there.
func (m *Monitor) Observe(p runlog.Point) []runlog.Finding {
	m.take(p)
	if m.episodes == nil {
		m.episodes = make([]episode, len(checks))
	}
	var findings []runlog.Finding
	for i, c := range checks {
		r := c.read(m, p.Values)
		begins, ends := m.episodes[i].next(r, p.Iteration, c.hold)
		if c.Kind == Saturated {
			m.saturated = m.episodes[i].open
		}
		if !begins && !ends {
			continue
		}
		f := c.Finding
		f.Iteration, f.Images, f.Since = p.Iteration, p.Images, m.episodes[i].since
		f.Value, f.Limit, f.Resolved = r.value, r.limit, ends
		findings = append(findings, f)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		if x := p.Values[name]; strings.HasSuffix(name, gradient) && !finite(x) {
			findings = append(findings, m.Ended(p, name, x)...)
		}
	}
	return findings
}

// take adds a point to the means.
func (m *Monitor) take(p runlog.Point) {
	v := p.Values
	m.iterations = p.Iteration
	take := func(name string, into ...interface{ add(float64) }) {
		if x, ok := v[name]; ok && finite(x) {
			for _, a := range into {
				a.add(x)
			}
		}
	}
	take(GeneratorLoss, m.generatorLoss.over(short))
	take(FakeScore, m.fake.over(short))
	take(GeneratorGradient, m.gradient.over(short), &m.early)
	if real, ok := v[RealScore]; ok {
		if gap := real - v[FakeScore]; finite(gap) && has(v, FakeScore) {
			m.gap.over(short).add(gap)
			m.longGap.over(long).add(gap)
		}
	}
	if x := v[RealDistance]; finite(x) && x > 0 {
		m.real = x
	}
	if x := v[SheetDistance]; finite(x) {
		m.peak = max(m.peak, x)
	}
}

func has(v runlog.Values, name string) bool {
	_, ok := v[name]
	return ok
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Examine returns what a training with these points would have found, oldest first.
func Examine(points []runlog.Point) []runlog.Finding {
	var m Monitor
	var findings []runlog.Finding
	for _, p := range points {
		findings = append(findings, m.Observe(p)...)
	}
	return findings
}

// Ended is the finding that a value was not a finite number at a point; none when one was before. Losses and scores end
// the training by it. A gradient is noticed only here: a ReLU may turn the NaN of its weights into zeros, and losses
// then look as ever.
func (m *Monitor) Ended(p runlog.Point, name string, value float64) []runlog.Finding {
	if m.lost {
		return nil
	}
	m.lost = true
	f := diverged
	f.Iteration, f.Images, f.Since = p.Iteration, p.Images, p.Iteration
	f.Measure, f.Value, f.Limit = name, value, math.Inf(1)
	f.Title = fmt.Sprintf("%s: %s is %v", f.Title, name, value)
	return []runlog.Finding{f}
}
