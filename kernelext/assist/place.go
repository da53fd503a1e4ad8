package assist

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
)

// place is what somebody types in a cell. Offsets are in code points of the cell.
type place struct {
	word       string // the identifier, up to the cursor for a completion
	start, end int
	qualifier  string // the identifier before the point before the word
	qualified  bool   // there is such a point
	magic      bool   // the line is a command
	importing  bool   // inside the path of an import
	silent     bool   // inside another string, a comment, a number or a cell that is not Go: nothing to say
}

func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// isName tells identifiers from numbers.
func isName(word string) bool {
	for _, r := range word {
		return !unicode.IsDigit(r)
	}
	return false
}

// completionPlace is what stands in front of the cursor.
func completionPlace(code []rune, cursor int) (p place) {
	cursor = max(0, min(cursor, len(code)))
	p.start, p.end = cursor, cursor
	line := lineStart(code, cursor)
	if cursor > line && (code[line] == '%' || code[line] == '!') && !insideRaw(string(code[:line])) {
		p.magic, p.start = true, line
		p.word = string(code[line:cursor])
		return p
	}
	if p.silent = foreignCell(code); p.silent {
		return p
	}
	if tok, from := tokenAt(code, cursor); tok == token.STRING {
		p.importing = inImport(string(code[:from]))
		p.silent = !p.importing
		p.start = from + 1
		p.word = string(code[p.start:cursor])
		return p
	} else if tok == token.COMMENT || tok == token.CHAR {
		p.silent = true
		return p
	}
	p.word, p.start = wordBefore(code, cursor)
	p.silent = p.word != "" && !isName(p.word)
	p.qualify(code)
	return p
}

// inspectionPlace is the identifier at the cursor, else the function whose arguments are being typed.
func inspectionPlace(code []rune, cursor int) (p place) {
	cursor = max(0, min(cursor, len(code)))
	line := lineStart(code, cursor)
	if line < len(code) && (code[line] == '%' || code[line] == '!') && !insideRaw(string(code[:line])) {
		p.magic = true
		p.word, _, _ = strings.Cut(string(code[line:]), "\n")
		p.word, _, _ = strings.Cut(p.word, " ")
		return p
	}
	if p.silent = foreignCell(code); p.silent {
		return p
	}
	end := cursor
	for end < len(code) && isLetter(code[end]) {
		end++
	}
	p.word, p.start = wordBefore(code, end)
	if !isName(p.word) {
		end = openCall(code, cursor)
		p.word, p.start = wordBefore(code, end)
	}
	p.end = end
	if tok, _ := tokenAt(code, p.start+1); tok == token.STRING || tok == token.COMMENT || tok == token.CHAR {
		p.silent = true
	}
	p.silent = p.silent || !isName(p.word)
	p.qualify(code)
	return p
}

// openCall is where the name of the call ends that encloses the cursor, 0 if there is none.
func openCall(code []rune, cursor int) int {
	depth := 0
	for i := cursor - 1; i >= 0; i-- {
		switch code[i] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth < 0 && code[i] == '(' {
				return i
			} else if depth < 0 {
				return 0
			}
		}
	}
	return 0
}

// qualify notes the identifier that a word is selected from.
func (p *place) qualify(code []rune) {
	if p.qualified = p.start > 0 && code[p.start-1] == '.'; p.qualified {
		p.qualifier, _ = wordBefore(code, p.start-1)
		if at := p.start - 1 - len([]rune(p.qualifier)); at > 0 && code[at-1] == '.' {
			p.qualifier = "" // a.b.c: only gopls knows
		}
	}
}

func wordBefore(code []rune, end int) (word string, start int) {
	start = end
	for start > 0 && isLetter(code[start-1]) {
		start--
	}
	return string(code[start:end]), start
}

func lineStart(code []rune, cursor int) int {
	for cursor > 0 && code[cursor-1] != '\n' {
		cursor--
	}
	return cursor
}

// foreignCell reports whether a cell is a script or a file.
func foreignCell(code []rune) bool {
	first, _, _ := strings.Cut(string(code[:min(len(code), 40)]), "\n")
	word, _, _ := strings.Cut(first, " ")
	_, cellMagic := magics[word]
	return cellMagic && strings.HasPrefix(word, "%%") && word != "%%"
}

// insideRaw reports whether a text ends inside a raw string or a comment.
func insideRaw(text string) bool {
	tok, _ := tokenAt([]rune(text), len([]rune(text)))
	return tok == token.STRING || tok == token.COMMENT
}

// tokenAt is the string, comment or character that the cursor is inside of, and where it begins.
func tokenAt(code []rune, cursor int) (inside token.Token, from int) {
	// Only what stands before the cursor counts: an open string ends there.
	text := []byte(blankMagics(string(code[:min(cursor, len(code))])))
	var sc scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	sc.Init(file, text, func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			return token.ILLEGAL, 0
		}
		at := file.Offset(pos)
		open := at+len(lit) >= len(text)
		switch tok {
		case token.COMMENT:
			open = open && !strings.HasSuffix(lit, "*/")
		case token.STRING, token.CHAR:
			open = open && (len(lit) < 2 || lit[len(lit)-1] != lit[0])
		default:
			continue
		}
		if open {
			return tok, len([]rune(string(text[:at])))
		}
	}
}

// blankMagics overwrites commands, whose quotes mean nothing to Go. A line of a raw string that looks like one does no harm.
func blankMagics(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if len(l) > 1 && (l[0] == '%' || l[0] == '!') && !strings.Contains(l, "`") {
			lines[i] = strings.Map(func(r rune) rune { return ' ' }, l)
		}
	}
	return strings.Join(lines, "\n")
}

// inImport reports whether a text ends in an import declaration.
func inImport(text string) bool {
	at := strings.LastIndex(text, "import")
	if at < 0 || at > 0 && text[at-1] != '\n' {
		return false
	}
	rest := strings.TrimLeft(text[at+len("import"):], " \t")
	if strings.HasPrefix(rest, "(") {
		return !strings.Contains(rest, ")")
	}
	return !strings.ContainsAny(rest, "\n\"`")
}
