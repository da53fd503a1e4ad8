package experiments

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// FindingsMarkdown is a table of what went wrong in a run, with cause and remedy, or the sentence that nothing did and
// what was looked for. It may be called while the run is written.
func FindingsMarkdown(run *runlog.Run) (string, error) {
	findings, err := run.Findings()
	if len(findings) == 0 {
		return health.Healthy(run) + "\n", err
	}
	var b strings.Builder
	b.WriteString("| finding | iterations | measured | cause | remedy |\n| --- | --- | --- | --- | --- |\n")
	for _, e := range health.Episodes(findings) {
		until := "on"
		if e.Until > 0 {
			until = fmt.Sprintf("to %d", e.Until)
		}
		measured := fmt.Sprintf("%s: %.3g, limit %.3g", e.Measure, e.Value, e.Limit)
		if math.IsInf(e.Limit, 1) {
			measured = fmt.Sprintf("%s: %v", e.Measure, e.Value)
		}
		fmt.Fprintf(&b, "| %s | %d %s | %s | %s | %s |\n", e.Title, e.Since, until, measured, e.Cause, flags.ReplaceAllString(e.Remedy, "`$0`"))
	}
	return b.String(), err
}

// flags matches the command line's options in a text, --set with its setting.
var flags = regexp.MustCompile(`--(set [a-z_0-9]+=[0-9.]*[0-9]|[a-z-]+)`)
