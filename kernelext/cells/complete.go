package cells

import (
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// Complete says whether a cell can run as it stands: "complete", "incomplete" with the white space that the next line
// should begin with, or "invalid". "unknown" is said of cells that are not Go.
func Complete(code string) (status, indent string) {
	s := read(code)
	if s.isForeign() {
		if strings.Contains(strings.TrimRight(s.text, "\n"), "\n") {
			return "unknown", ""
		}
		return "incomplete", ""
	}
	if s.inside {
		return "incomplete", ""
	}
	chunks := split(s.code)
	if n := len(s.magics); n > 0 {
		last := s.magics[n-1]
		waits := strings.HasSuffix(s.text[:last.end], `\`) // the command goes on
		if last.is("%%", "%main") && strings.TrimSpace(s.code[last.end:]) == "" {
			waits = len(chunks) == 0 || chunks[len(chunks)-1].start < last.start // main is still to come
		}
		if waits && strings.TrimSpace(s.text[last.end:]) == "" {
			return "incomplete", ""
		}
	}
	for i, c := range chunks {
		err, atEnd := c.check(s.code)
		switch {
		case err == nil:
		case i == len(chunks)-1 && atEnd:
			return "incomplete", strings.Repeat("\t", max(1, len(c.closers)))
		default:
			return "invalid", ""
		}
	}
	return "complete", ""
}

// check parses one chunk: atEnd means that something is missing behind it.
func (c chunk) check(code string) (err error, atEnd bool) {
	if c.tok == token.PACKAGE {
		return nil, false
	}
	text := code[c.start:c.end]
	head, tail := mainHead, "\n}"
	if c.decl {
		head, tail = declHead, "\n"
	}
	if c.closers != "" {
		tail = ""
	}
	parse := func(src string) error {
		_, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
		return err
	}
	if err = parse(head + text + tail); err == nil {
		return nil, false
	}
	if !c.decl && parse(head+code[c.start:c.first]+"return "+code[c.first:c.end]+tail) == nil {
		return nil, false // a list of values, which is shown
	}
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err, false
	}
	return err, list[0].Pos.Offset >= len(head)+len(text)
}
