package cells

import (
	"slices"
	"strings"
)

// source is a cell as text with the lines that are no Go taken out of sight of the Go parser.
type source struct {
	text   string  // the cell, lines ended by \n
	code   string  // the same bytes with every magic overwritten by spaces: offsets are those of text
	magics []magic // in order
	starts []int   // offset of each line's start
	inside bool    // the cell ends inside a raw string or a comment
	shield []edit  // what keeps GoNB from taking text of strings and comments for a command
}

// magic is a command of GoNB: a line that begins with % or !, with the lines that \ continues.
type magic struct {
	start, end int // offsets; end is that of its last line's newline
	words      []string
}

// gonbPrefix lets a command stand in a Go comment; GoNB treats the rest of the line as if it stood alone.
const gonbPrefix = "//gonb:"

// foreign are the cell magics whose cells are not Go; GoNB knows them in the first line only.
var foreign = []string{"%%writefile", "%%script", "%%bash", "%%sh", "%%gx"}

// normal has a cell's lines end in \n, and no byte order mark, which a pasted file may begin with.
var normal = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\ufeff", "")

func read(cell string) *source {
	s := &source{text: normal.Replace(cell)}
	code := []byte(s.text)
	var state lexer
	for at := 0; at <= len(s.text); {
		end := s.lineEnd(at)
		if state.raw || state.comment || !isMagic(s.text[at:end]) {
			state.line(at, s.text[at:end])
			at = end + 1
			continue
		}
		for strings.HasSuffix(s.text[:end], `\`) && end < len(s.text) {
			end = s.lineEnd(end + 1)
		}
		words := strings.ReplaceAll(strings.TrimPrefix(s.text[at:end], gonbPrefix), "\\\n", " ")
		s.magics = append(s.magics, magic{at, end, strings.Fields(words)})
		for i := at; i < end; i++ {
			if code[i] != '\n' {
				code[i] = ' '
			}
		}
		at = end + 1
	}
	s.code, s.shield, s.inside = string(code), state.edits, state.raw || state.comment
	return s
}

// lineEnd notes a line that begins at an offset, and returns where it ends.
func (s *source) lineEnd(at int) int {
	s.starts = append(s.starts, at)
	line, _, _ := strings.Cut(s.text[at:], "\n")
	return at + len(line)
}

func isMagic(line string) bool {
	line = strings.TrimPrefix(line, gonbPrefix)
	return len(line) > 1 && (line[0] == '%' || line[0] == '!')
}

// isForeign reports whether the cell is not Go at all.
func (s *source) isForeign() bool {
	return len(s.magics) > 0 && s.magics[0].start == 0 && s.magics[0].is(foreign...)
}

// is reports whether the magic has one of the names.
func (m magic) is(names ...string) bool {
	return len(m.words) > 0 && slices.Contains(names, m.words[0])
}

// find returns the magics of the names.
func (s *source) find(names ...string) (found []magic) {
	for _, m := range s.magics {
		if m.is(names...) {
			found = append(found, m)
		}
	}
	return found
}

// lineOf is the line (from 1) that an offset lies in.
func (s *source) lineOf(at int) int {
	after, found := slices.BinarySearch(s.starts, at)
	if found {
		after++
	}
	return after
}
