package kernelext

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
)

// html is the panel's state as one piece of HTML without scripts; mu is held.
func (p *Panel) html() string {
	var b strings.Builder
	b.WriteString(`<div style="font-family:sans-serif;font-size:13px"><div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">`)
	for _, name := range slices.Sorted(maps.Keys(p.sheets)) {
		s := p.sheets[name]
		caption := strings.TrimSpace(name + " after " + thousands(s.images) + " images")
		fmt.Fprintf(&b, `<div><img alt="%[1]s" width="%[3]d" height="%[4]d" style="max-width:100%%;height:auto;image-rendering:pixelated" src="%[2]s"/><div>%[1]s</div></div>`,
			html.EscapeString(caption), s.source, s.width, s.height)
	}
	fmt.Fprintf(&b, `<div style="display:flex;flex-wrap:wrap;flex:1 1 %dpx">`, chartWidth)
	for _, names := range p.charts() {
		curves := make([]*curve, len(names))
		for i, n := range names {
			curves[i] = p.curves[n]
		}
		drawing := chart(names, curves)
		if p.closed {
			drawing = picture(drawing, strings.Join(names, ", "))
		}
		b.WriteString("<div>" + drawing + "</div>")
	}
	b.WriteString("</div></div>" + p.progress.html() + findingsHTML(p.findings))
	if p.note != "" {
		b.WriteString(`<div style="opacity:.75">` + p.note + "</div>")
	}
	b.WriteString("</div>")
	return b.String()
}

// charts groups the series by kind, in the order they were asked for (alphabetically when all are shown).
func (p *Panel) charts() (groups [][]string) {
	names := p.wanted
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(p.curves))
	}
	index := map[string]int{}
	for _, n := range names {
		if p.curves[n] == nil {
			continue // not reported yet
		}
		i, ok := index[kind(n)]
		if !ok {
			i = len(groups)
			index[kind(n)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// kind is what series with a common axis have in common: "loss" of "D/loss" and "D/loss fake", "D" of "D(G(z))", else
// the name.
func kind(series string) string {
	if i := strings.LastIndexByte(series, '/'); i >= 0 {
		what, _, _ := strings.Cut(series[i+1:], " ")
		return what
	}
	before, _, _ := strings.Cut(series, "(")
	return before
}
