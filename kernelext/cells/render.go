package cells

import (
	"go/token"
	"slices"
	"strings"
)

// edit replaces text[at:end] by another text. Edits at one offset are made in the order of their ranks.
type edit struct {
	at, end, rank int
	text          string
}

// Ranks: what closes comes before what opens, and inner closes before outer.
const (
	shieldClosed = iota
	showClosed
	showOpened
	shielded
)

// writer builds the text for GoNB and notes the cell's line that each of its lines came from.
type writer struct {
	*source
	edits  []edit
	b      strings.Builder
	lines  []int
	inLine bool // something is written in the current line
	cursor int  // offset in the cell to look out for, -1 for none
	found  int  // where the cursor is in what was written, -1 if it was not
}

// add writes text that belongs to a line of the cell.
func (w *writer) add(text string, line int) {
	for len(text) > 0 {
		if !w.inLine {
			w.lines = append(w.lines, line)
		}
		piece, rest, ended := strings.Cut(text, "\n")
		w.b.WriteString(piece)
		if ended {
			w.b.WriteByte('\n')
		}
		w.inLine = !ended
		text = rest
	}
}

// endLine ends a line that something is written in.
func (w *writer) endLine() {
	if w.inLine {
		w.b.WriteByte('\n')
		w.inLine = false
	}
}

// copy writes text[from:to] of the cell.
func (w *writer) copy(from, to int) {
	if w.cursor >= from && w.cursor <= to {
		w.found = w.b.Len() + w.cursor - from
	}
	for from < to {
		line := w.lineOf(from)
		end := to
		if line < len(w.starts) {
			end = min(to, w.starts[line])
		}
		w.add(w.text[from:end], line)
		from = end
	}
}

// region writes text[from:to] of the cell with its edits.
func (w *writer) region(from, to int) {
	start := from
	for _, e := range w.edits {
		closes := e.rank <= showClosed
		if e.at < from || e.at > to || e.at == start && closes || e.at == to && !closes && e.at < len(w.text) {
			continue
		}
		w.copy(from, e.at)
		w.add(e.text, w.lineOf(e.at))
		from = e.end
	}
	if from <= to {
		w.copy(from, to)
	}
}

// apart writes text[from:to] in lines of its own, every character in its column.
func (w *writer) apart(from, to int) {
	w.endLine()
	w.add(w.indent(from), w.lineOf(from))
	w.region(from, to)
	w.endLine()
}

// indent is white space as wide as what stands before an offset in its line.
func (s *source) indent(at int) string {
	start := strings.LastIndexByte(s.text[:at], '\n') + 1
	b := []byte(s.text[start:at])
	for i := range b {
		if b[i] != '\t' {
			b[i] = ' '
		}
	}
	return string(b)
}

// statements writes main's body, with empty lines where moved declarations were.
func (w *writer) statements(l *layout, from int) {
	holes := slices.Clone(l.moved)
	slices.SortFunc(holes, func(a, b chunk) int { return a.start - b.start })
	for _, c := range holes {
		w.region(from, c.start)
		for line := w.lineOf(c.start); line < w.lineOf(c.end); line++ {
			w.add("\n", line)
		}
		from = c.end
	}
	w.region(from, len(w.text))
}

func (l *layout) writer(edits []edit) *writer {
	edits = append(slices.Clone(l.shield), edits...)
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return a.rank - b.rank
	})
	return &writer{source: l.source, edits: edits, cursor: -1, found: -1}
}

// render returns the text for GoNB with the edits made, an import in front if there is one, and its lines.
func (l *layout) render(edits []edit, imported string) (code string, lines []int) {
	w := l.writer(edits)
	w.add(imported, 1)
	switch {
	case len(l.chunks) == 0 && !l.isForeign():
		for _, m := range l.magics { // a cell of comments only needs no compiler
			w.add(strings.Repeat("\n", w.lineOf(m.start)-1-len(w.lines)), 1)
			w.copy(m.start, min(m.end+1, len(l.text)))
		}
	case l.passed:
		w.region(0, len(l.text))
	default:
		w.region(0, l.before)
		for _, c := range l.moved {
			w.apart(c.start, c.end)
		}
		if !l.marked {
			first := l.body[0].first
			w.endLine()
			w.add("%%"+l.arguments()+"\n", w.lineOf(first))
			w.add(w.indent(l.main), w.lineOf(l.main))
		}
		w.statements(l, l.before)
		if l.displays() {
			w.endLine()
			w.add(synchronise+";\n", len(l.starts))
		}
	}
	if !w.inLine {
		w.lines = append(w.lines, len(l.starts))
	}
	return w.b.String(), w.lines
}

const synchronise = "gonbui.Sync()"

// displays says whether a cell sends something to the notebook by package gonbui and does not end by waiting for it. GoNB hears
// of it beside the cell's program and forgets what it has not read when the program ends, so such a program must wait.
func (l *layout) displays() bool {
	if last := l.body[len(l.body)-1]; strings.HasPrefix(l.code[last.start:last.end], synchronise) {
		return false
	}
	return slices.ContainsFunc(l.chunks, func(c chunk) bool {
		for i, w := range c.words {
			if w.lit == "gonbui" && i+1 < len(c.words) && c.words[i+1].tok == token.PERIOD && (i == 0 || c.words[i-1].tok != token.PERIOD) {
				return true
			}
		}
		return false
	})
}
