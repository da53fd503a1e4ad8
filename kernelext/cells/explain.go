package cells

import (
	"fmt"
	"regexp"
	"strings"
)

// Failure is what went wrong in a cell, in the words of one error message.
type Failure struct {
	Name      string   // "compile error", "panic", "fatal error", SIGSEGV and the like, "exit status", "signal", else "error"
	Value     string   // the first line of what was said
	Traceback []string // lines to read: what, where in the cell, and what helps
}

// HasNoValue reports whether the compiler complains that an expression has no value: Prepared.Plain is then to be tried.
func HasNoValue(text string) bool { return noValue.MatchString(escapes.ReplaceAllString(text, "")) }

var (
	noValue = regexp.MustCompile(`(?m)\(no value\) used as value$`)
	escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
	// ended is how GoNB ends what a program said, and what its error message says again.
	ended = regexp.MustCompile(`(?m)(?:^(exit status \d+|signal: [^\n]+?)(?: \(core dumped\))?(?:\n+|\z))+\z`)
)

// Explain makes one failure of what GoNB said: the cell's stderr, then the value and the traceback lines of GoNB's error
// message, joined by newlines (a part may be missing). A failure may lie in a function of an earlier cell: earlier returns the
// cell of a number; it may be nil.
func Explain(text string, p Prepared, earlier func(number int) (Prepared, bool)) Failure {
	text = strings.TrimRight(normal.Replace(escapes.ReplaceAllString(text, "")), " \n")
	x := newExplainer(p)
	x.earlier = earlier
	if at := ended.FindStringSubmatchIndex(text); at != nil {
		return x.runtime(text[:at[0]], text[at[2]:at[3]])
	}
	if f, ok := x.compiler(text); ok {
		return f
	}
	return x.other(text)
}

// explainer finds the cell's lines.
type explainer struct {
	p          Prepared
	user, code []string
	earlier    func(number int) (Prepared, bool) // nil: not known
}

func newExplainer(p Prepared) explainer {
	return explainer{p: p, user: strings.Split(normal.Replace(p.User), "\n"), code: strings.Split(p.Code, "\n")}
}

// line is the user's line that a line of Code came from, 0 if there is none.
func (x explainer) line(n int) int {
	if n < 1 || n > len(x.p.Lines) || n > len(x.code) {
		return 0
	}
	return x.p.Lines[n-1]
}

// source is a line of the user's cell, indented, with a caret below a column (from 1; 0 for none).
func (x explainer) source(n, column int) (lines []string) {
	if n < 1 || n > len(x.user) || strings.TrimSpace(x.user[n-1]) == "" {
		return nil
	}
	return quote(x.user[n-1], column)
}

func quote(text string, column int) []string {
	lines := []string{"    " + text}
	if column > 0 && column <= len(text)+1 {
		before := []rune(text[:column-1])
		for i, r := range before {
			if r != '\t' {
				before[i] = ' '
			}
		}
		lines = append(lines, "    "+string(before)+"^")
	}
	return lines
}

// Lines that GoNB adds to what the go command says, and what introduces it.
var (
	goGetNote = regexp.MustCompile(`(?s)\n-{5,}\nNote: 'go get'.*`)
	goGetHead = regexp.MustCompile(`(?m)^(failed to run .*|go: gonb_\w+ imports)$`)
	inFolder  = regexp.MustCompile(` \(/.*\)$`)
)

// other explains what is neither of the compiler nor of the program: a command that failed, a missing package.
func (x explainer) other(text string) Failure {
	f := Failure{Name: "error"}
	if goGetHead.MatchString(text) {
		f.Name = "compile error"
		text = goGetHead.ReplaceAllString(goGetNote.ReplaceAllString(text, ""), "")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if line = inFolder.ReplaceAllString(strings.TrimSpace(line), ""); line != "" && !seen[line] { // value and traceback say the same
			seen[line] = true
			f.Traceback = append(f.Traceback, line)
		}
	}
	if len(f.Traceback) == 0 {
		f.Traceback = []string{"the cell failed and said nothing"}
	}
	f.Value = f.Traceback[0]
	f.Traceback = append(f.Traceback, hints(text)...)
	return f
}

// where is the heading of a place: a line of this cell, or of another.
func where(cell string, line int) string {
	if cell == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("cell [%s], line %d", cell, line)
}
