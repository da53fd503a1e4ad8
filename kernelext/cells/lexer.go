package cells

import "strings"

// lexer follows what may reach over the end of a line: raw strings and comments. GoNB does not: it looks at the start
// of each line only, runs a line of a raw string that begins with % as a command, and drops a statement like
// "packages := 3" as a package clause. The edits keep it from both.
type lexer struct {
	raw, comment bool
	from         int  // offset of the raw string
	cut          bool // the raw string had to be cut
	edits        []edit
}

// line reads on over a line that starts at an offset.
func (l *lexer) line(at int, line string) {
	l.protect(at, line)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case l.raw && c == '`':
			l.raw = false
			if l.cut {
				l.edits = append(l.edits, edit{at + i + 1, at + i + 1, shieldClosed, ")"})
			}
		case l.raw:
		case l.comment:
			if strings.HasPrefix(line[i:], "*/") {
				l.comment = false
				i++
			}
		case c == '`':
			l.raw, l.cut, l.from = true, false, at+i
		case strings.HasPrefix(line[i:], "/*"):
			l.comment = true
			i++
		case strings.HasPrefix(line[i:], "//"):
			return
		case c == '"' || c == '\'':
			for i++; i < len(line) && line[i] != c; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
}

// protect makes the edits for the start of a line. A raw string `…` becomes (`…`+"%"+`…`), with the same lines.
func (l *lexer) protect(at int, line string) {
	word, _, _ := strings.Cut(line, " ")
	taken := isMagic(line) || strings.HasPrefix(line, "package")
	switch {
	case !taken:
	case l.raw:
		if !l.cut {
			l.edits = append(l.edits, edit{l.from, l.from, shielded, "("})
		}
		l.cut = true
		l.edits = append(l.edits, edit{at, at + 1, shielded, "`+\"" + line[:1] + "\"+`"})
	case l.comment, word != "package":
		l.edits = append(l.edits, edit{at, at, shielded, " "})
	}
}
