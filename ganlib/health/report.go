package health

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Checked lists the titles of the checks that a training could be given, by the series it reports (names, as
// [runlog.Run.Names] returns them), and those that it could not. Divergence is always seen.
func Checked(names []string) (done, not []string) {
	for _, c := range checks {
		if slices.ContainsFunc(c.needs, func(n string) bool { return !slices.Contains(names, n) }) {
			not = append(not, c.Title)
		} else {
			done = append(done, c.Title)
		}
	}
	return append(done, "divergence"), not
}

// Remedies lists the remedies of all findings.
func Remedies() []string {
	all := []string{diverged.Remedy}
	for _, c := range checks {
		all = append(all, c.Remedy)
	}
	return all
}

// Line is a finding as one line of a log, without cause and remedy.
func Line(f runlog.Finding) string {
	if f.Resolved {
		return fmt.Sprintf("%s is over at iteration %d: %s is %.3g, limit %.3g", f.Title, f.Iteration, f.Measure, f.Value, f.Limit)
	}
	if f.Kind == Diverged {
		return fmt.Sprintf("%s at iteration %d", f.Title, f.Iteration)
	}
	return fmt.Sprintf("%s since iteration %d: %s is %.3g, limit %.3g", f.Title, f.Since, f.Measure, f.Value, f.Limit)
}

// Episode is a finding with its end.
type Episode struct {
	runlog.Finding
	Until int64 // iteration at which it was over; 0: it lasts
}

// Episodes puts the findings of a run and their ends together, oldest first.
func Episodes(findings []runlog.Finding) []Episode {
	var all []Episode
	for _, f := range findings {
		if !f.Resolved {
			all = append(all, Episode{Finding: f})
			continue
		}
		for i := range all {
			if all[i].Title == f.Title && all[i].Since == f.Since {
				all[i].Until = f.Iteration
			}
		}
	}
	return all
}

// fewIterations are too few to tell an illness from the unrest of every beginning.
const fewIterations = 500

// Healthy is the sentence for a run without findings: what was looked for, and whether there was enough to see.
func Healthy(run *runlog.Run) string {
	var iterations int64
	if points, _ := run.Points(); len(points) > 0 {
		iterations = points[len(points)-1].Iteration
	}
	done, not := Checked(run.Names())
	text := fmt.Sprintf("nothing found in %d iterations: looked for %s", iterations, strings.Join(done, ", "))
	if iterations < fewIterations {
		text += fmt.Sprintf("; below %d iterations most of it cannot be told yet", fewIterations)
	}
	if len(not) > 0 {
		text += "; the game does not report what is needed for " + strings.Join(not, ", ")
	}
	return text
}
