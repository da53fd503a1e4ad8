package kernelext

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Finding shows what goes wrong in the training, with its cause and its remedy, until it is over.
func (p *Panel) Finding(f runlog.Finding) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.show == nil {
		return nil
	}
	if i := slices.IndexFunc(p.findings, func(g runlog.Finding) bool { return g.Kind == f.Kind }); i >= 0 {
		p.findings[i] = f
	} else {
		p.findings = append(p.findings, f)
	}
	p.changed()
	return nil
}

// setFindings shows these instead of the ones before, the newest of each kind.
func (p *Panel) setFindings(all []runlog.Finding) {
	p.mu.Lock()
	p.findings = nil
	p.mu.Unlock()
	for _, f := range all {
		p.Finding(f) // never fails
	}
}

// findingsHTML is a line for each finding: bold while it lasts.
func findingsHTML(findings []runlog.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		title := html.EscapeString(f.Title)
		if f.Resolved {
			fmt.Fprintf(&b, `<div style="opacity:.75">%s: over since iteration %s.</div>`, title, thousands(f.Iteration))
			continue
		}
		fmt.Fprintf(&b, `<div>⚠ <b>%s</b> since iteration %s (%s %.4g, limit %.4g). %s %s</div>`, title, thousands(f.Since),
			html.EscapeString(f.Measure), f.Value, f.Limit, html.EscapeString(f.Cause), html.EscapeString(f.Remedy))
	}
	return b.String()
}
