package cells

import (
	"go/token"
	"slices"
	"strings"
)

// layout says where the parts of a cell go.
type layout struct {
	*source
	chunks []chunk
	passed bool    // the cell goes to GoNB as it is: what follows is not set
	marked bool    // the cell has a %% of its own
	before int     // offset that declarations are moved to, the start of %% or of the first statement
	main   int     // offset of main's body
	moved  []chunk // declarations behind before, in order, imports first
	body   []chunk // the statements
}

func arrange(cell string) *layout {
	l := &layout{source: read(cell)}
	if l.isForeign() {
		l.passed, l.shield = true, nil
		return l
	}
	l.chunks = split(l.code)
	markers := l.find("%%", "%main")
	if len(markers) > 1 || len(l.find("%exec", "%test")) > 0 || slices.ContainsFunc(l.chunks, chunk.isMain) {
		l.passed = true
		return l
	}
	first := slices.IndexFunc(l.chunks, func(c chunk) bool { return !c.decl })
	if len(markers) == 1 {
		l.marked, l.before, l.main = true, markers[0].start, markers[0].end
		after := slices.IndexFunc(l.chunks, func(c chunk) bool { return c.start > l.before })
		if l.passed = after < 0 || first >= 0 && first < after; l.passed {
			return l // nothing in main, or statements in front of it
		}
		first = after
	} else {
		if l.passed = first < 0; l.passed {
			return l
		}
		l.main = l.chunks[first].start
		if start := strings.LastIndexByte(l.code[:l.main], '\n') + 1; strings.TrimSpace(l.code[start:l.main]) == "" {
			l.main = start
		}
		l.before = l.main
	}
	l.divide(l.chunks[first:])
	return l
}

// divide parts the chunks behind before into declarations to be moved and statements.
func (l *layout) divide(chunks []chunk) {
	moved := make([]bool, len(chunks))
	mentioned := map[string]bool{}
	take := func(i int) {
		moved[i] = true
		for _, w := range chunks[i].words {
			mentioned[w.lit] = mentioned[w.lit] || w.tok == token.IDENT
		}
	}
	for i, c := range chunks {
		if c.decl && (c.tok == token.FUNC || c.tok == token.IMPORT) {
			take(i)
		}
	}
	for again := true; again; { // types and constants that moved declarations mention, and those that these mention
		again = false
		for i, c := range chunks {
			if !moved[i] && (c.tok == token.TYPE || c.tok == token.CONST) && slices.ContainsFunc(declared(l.code[c.start:c.end]), func(n string) bool { return mentioned[n] }) {
				take(i)
				again = true
			}
		}
	}
	for i, c := range chunks {
		if moved[i] {
			l.moved = append(l.moved, c)
		} else {
			l.body = append(l.body, c)
		}
	}
	slices.SortStableFunc(l.moved, importsFirst)
}

func importsFirst(a, b chunk) int {
	order := map[bool]int{true: -1}
	return order[a.tok == token.IMPORT] - order[b.tok == token.IMPORT]
}

// mainCode is the code of main's body with the moved declarations overwritten by spaces: it starts at offset main.
func (l *layout) mainCode() string {
	code := []byte(l.code)
	for _, c := range l.moved {
		for i := c.start; i < c.end; i++ {
			if code[i] != '\n' {
				code[i] = ' '
			}
		}
	}
	return string(code[l.main:])
}

// arguments are those of an %args line: a %% of ours would reset them.
func (l *layout) arguments() string {
	found := l.find("%args")
	if len(found) == 0 {
		return ""
	}
	last := found[len(found)-1]
	text := strings.TrimPrefix(strings.ReplaceAll(l.text[last.start:last.end], "\\\n", " "), gonbPrefix)
	return strings.TrimRight(strings.TrimPrefix(text, "%args"), " \t")
}
