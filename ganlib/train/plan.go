package train

import (
	"slices"

	"github.com/ganbook/ganbook/ganlib"
)

// callPlan is one compiled call of an iteration: steps that share a batch.
type callPlan struct {
	name     string // of the executor: "dcgan/D+G", with & between steps of one pass
	passes   [][]ganlib.Step
	needReal bool
	average  bool // ends with the update of the averaged generator
}

// planIteration lays out one iteration of a stage: repeated steps are written out, and every step that draws a fresh
// batch begins a new call. Equal calls share a name, and so a compiled graph.
func planIteration(gan *ganlib.GAN, stage string) []callPlan {
	var calls []callPlan
	for _, step := range gan.Steps {
		if step.Stage != "" && step.Stage != stage {
			continue
		}
		for range max(step.Repeats, 1) {
			calls = place(calls, step)
		}
	}
	for i := range calls {
		calls[i].name = callName(gan.Name, stage, calls[i])
	}
	markAverage(gan, calls)
	return calls
}

// place adds a step to the last call, or begins one.
func place(calls []callPlan, step ganlib.Step) []callPlan {
	if step.Batch == ganlib.FreshBatch || len(calls) == 0 {
		return append(calls, callPlan{passes: [][]ganlib.Step{{step}}, needReal: !step.LatentOnly})
	}
	last := &calls[len(calls)-1]
	last.needReal = last.needReal || !step.LatentOnly
	if n := len(last.passes); step.Batch == ganlib.SameForward {
		last.passes[n-1] = append(last.passes[n-1], step)
	} else {
		last.passes = append(last.passes, []ganlib.Step{step})
	}
	return calls
}

func callName(gan, stage string, c callPlan) string {
	name := gan
	if stage != "" {
		name += "/" + stage
	}
	separator := "/"
	for _, pass := range c.passes {
		for _, s := range pass {
			name += separator + s.Name
			separator = "&"
		}
		separator = "+"
	}
	return name
}

// steps lists the steps of a call in order.
func (c callPlan) steps() []ganlib.Step {
	var all []ganlib.Step
	for _, p := range c.passes {
		all = append(all, p...)
	}
	return all
}

// seesImages says whether any call of an iteration is shown real images.
func seesImages(calls []callPlan) bool {
	return slices.ContainsFunc(calls, func(c callPlan) bool { return c.needReal })
}

// markAverage finds the last call after which the averaged generator is due.
func markAverage(gan *ganlib.GAN, calls []callPlan) {
	if gan.EMA.Decay == 0 {
		return
	}
	for i := len(calls) - 1; i >= 0; i-- {
		for _, s := range calls[i].steps() {
			if s.Name == gan.EMA.After || gan.EMA.After == "" && s.Scope == ganlib.ScopeGenerator {
				calls[i].average = true
				calls[i].name += "+EMA"
				return
			}
		}
	}
}
