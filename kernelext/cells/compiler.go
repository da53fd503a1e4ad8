package cells

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	complaint = regexp.MustCompile(`(?m)^\S*main(?:_test)?\.go:(\d+):(\d+): (.+(?:\n\t.+)*)`)
	block     = regexp.MustCompile(`(?m)^Cell(?:\[(\d+)\]:)? Line (\d+)$`)
	caret     = regexp.MustCompile(`^\s*\^$`)
)

// place is one part of GoNB's traceback: where a message belongs.
type place struct {
	cell, source string // the cell's number for GoNB; the line as GoNB gave it to the compiler
	line, column int    // in the cell as GoNB was given it; the column is one of source
	message      string
	used         bool
}

// compiler explains the errors of go build and goimports.
func (x explainer) compiler(text string) (f Failure, ok bool) {
	places := parsePlaces(text)
	type message struct {
		text string
		at   *place
	}
	var messages []message
	for _, m := range complaint.FindAllStringSubmatch(text, -1) {
		next := message{text: m[3]}
		for _, p := range places {
			if !p.used && p.message == strings.SplitN(m[3], "\n", 2)[0] {
				p.used, next.at = true, p
				break
			}
		}
		messages = append(messages, next)
	}
	if len(messages) == 0 {
		for _, p := range places {
			messages = append(messages, message{p.message, p})
		}
	}
	if len(messages) == 0 {
		return f, false
	}
	f.Name = "compile error"
	var all strings.Builder
	for i, m := range messages {
		f.Traceback = append(f.Traceback, x.locate(m.text, m.at)...)
		fmt.Fprintln(&all, m.text)
		if i == 0 {
			f.Value, _, _ = strings.Cut(f.Traceback[0], "\n")
		}
	}
	if strings.Contains(text, "\ntoo many errors") {
		f.Traceback = append(f.Traceback, "and more")
	}
	f.Traceback = append(f.Traceback, hints(all.String())...)
	return f, true
}

// parsePlaces reads GoNB's traceback: "Cell[2]: Line 4", some lines of code with a caret, an empty line, a message.
func parsePlaces(text string) (places []*place) {
	heads := block.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		p := &place{}
		if h[2] >= 0 {
			p.cell = text[h[2]:h[3]]
		}
		p.line, _ = strconv.Atoi(text[h[4]:h[5]])
		body := strings.Split(strings.Trim(text[h[1]:end], "\n"), "\n")
		after := -1
		for n, l := range body {
			if n > 0 && p.column == 0 && caret.MatchString(l) {
				p.source, p.column = body[n-1], strings.IndexByte(l, '^')+1
			}
			if strings.TrimSpace(l) == "" {
				after = n
			}
		}
		if after+1 < len(body) {
			p.message = body[after+1]
		}
		places = append(places, p)
	}
	return places
}

// locate says where a message belongs, with the user's line.
func (x explainer) locate(message string, p *place) []string {
	head, rest, _ := strings.Cut(message, "\n")
	var more []string
	if rest != "" {
		more = strings.Split(strings.ReplaceAll(rest, "\t", "    "), "\n")
	}
	if p == nil {
		return append([]string{head}, more...)
	}
	line, column := x.line(p.line), 0
	if line > 0 {
		// GoNB writes variables, types and constants anew: look the text up in the cell's line.
		text := strings.TrimSpace(p.source)
		if at := strings.Index(x.code[p.line-1], text); at >= 0 && text != "" {
			column = p.column - strings.Index(p.source, text) + at
		} else if text != "" {
			line = 0 // it is the line of another cell
		}
	}
	if line == 0 {
		out := append([]string{where(p.cell, p.line) + ": " + head}, more...)
		return append(out, quote(p.source, p.column)...)
	}
	if !aligned(x.user[min(line, len(x.user))-1], x.code[p.line-1], column) {
		column = 0
	}
	out := append([]string{where("", line) + ": " + head}, more...)
	return append(out, x.source(line, column)...)
}

// aligned reports whether a column of a line of Code shows the same in the user's line: Code puts white space in place of
// what stood before an expression, but there are lines that it shifts.
func aligned(user, code string, column int) bool {
	at := column - 1
	if at < 0 || at > len(user) || at > len(code) {
		return false
	}
	n := min(3, len(user)-at, len(code)-at)
	return user[at:at+n] == code[at:at+n]
}
