package cells

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	crashed   = regexp.MustCompile(`(?m)^(panic|fatal error|SIG[A-Z0-9]+): `)
	goroutine = regexp.MustCompile(`(?m)^goroutine \d+ .*\[.*\]:$`)
	atLine    = regexp.MustCompile(`^\s*(?:\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]\s*)?(.+?):(\d+)( \+0x[0-9a-f]+.*)?$`)
)

const ours = "github.com/ganbook/ganbook/"

// Limits of a traceback, in lines and frames: a panic while a graph is built can be long.
const (
	maxMessage = 40
	maxFrames  = 20
)

// runtime explains how a program ended: by a panic, by itself or by a signal.
func (x explainer) runtime(stderr, status string) Failure {
	at := crashed.FindStringSubmatchIndex(stderr)
	if at == nil {
		name, _, _ := strings.Cut(status, ":")
		if strings.HasPrefix(status, "exit") {
			name = "exit status"
		}
		return Failure{Name: name, Value: status, Traceback: append([]string{status}, hints(status)...)}
	}
	name := stderr[at[2]:at[3]]
	message, dump := stderr[at[1]:], ""
	if g := goroutine.FindStringIndex(message); g != nil {
		message, dump = message[:g[0]], message[g[1]:]
	}
	message, _, _ = strings.Cut(message, "\n\nruntime stack:") // of the system's own stack
	lines := strings.Split(strings.Trim(message, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "\t") // Go indents a message of several lines
	}
	f := Failure{Name: name, Value: strings.TrimSuffix(lines[0], " [recovered, repanicked]")}
	if len(lines) > maxMessage {
		lines = append(lines[:maxMessage], fmt.Sprintf("… %d more lines", len(lines)-maxMessage))
	}
	if strings.HasPrefix(strings.TrimLeft(dump, "\n"), showPackage+".Show(") {
		f.Name = "error" // the cell's last value
	} else {
		lines[0] = name + ": " + lines[0]
	}
	f.Traceback = append(lines, x.frames(dump)...)
	f.Traceback = append(f.Traceback, hints(message)...)
	return f
}

// frames are those of the user's cells and of ganbook, of the goroutine that failed.
func (x explainer) frames(dump string) (lines []string) {
	current := currentCell(dump)
	if end := goroutine.FindStringIndex(dump); end != nil {
		dump = dump[:end[0]]
	}
	function, last, repeated, count := "", "", 0, 0
	flush := func() {
		if repeated > 0 {
			lines = append(lines, fmt.Sprintf("    … and so on, %d frames more", repeated))
		}
		repeated = 0
	}
	for l := range strings.Lines(dump) {
		l = strings.TrimRight(l, "\n")
		if !strings.HasPrefix(l, "\t") {
			function = l
			continue
		}
		frame := x.frame(function, l, current)
		switch {
		case len(frame) == 0 || frame[0] == last && strings.HasPrefix(function, "created by "):
		case frame[0] == last:
			repeated++
		default:
			flush()
			last = frame[0]
			if count++; count > maxFrames {
				return append(lines, "…")
			}
			lines = append(lines, frame...)
		}
	}
	flush()
	return lines
}

// currentCell is GoNB's number of the cell that ran: main is always its own.
func currentCell(dump string) string {
	function := ""
	for l := range strings.Lines(dump) {
		if !strings.HasPrefix(l, "\t") {
			function = l
		} else if m := atLine.FindStringSubmatch(strings.TrimRight(l, "\n")); m != nil && strings.Contains(function, "main.main") {
			return m[1]
		}
	}
	return ""
}

// frame says where a function was: the line of the cell, or the file of ganbook; nothing of other packages.
func (x explainer) frame(function, at, current string) []string {
	m := atLine.FindStringSubmatch(at)
	if m == nil {
		return nil
	}
	function = strings.TrimPrefix(function, "created by ")
	if i := strings.LastIndex(function, "("); i > 0 && strings.HasSuffix(function, ")") {
		function = function[:i]
	}
	switch {
	case m[2] != "":
		n, _ := strconv.Atoi(m[2])
		own := m[1] == current
		if current == "" { // GoNB finds no place in a line that comes in pieces, as some do on a busy machine
			own = inFunction(function) == "" || declares(x.p, function)
		}
		if line := x.line(n); line > 0 && own {
			head := where("", line) + inFunction(function) + ":"
			return append([]string{head}, x.source(line, 0)...)
		}
		return x.elsewhere(m[1], n, function)
	case strings.Contains(function, ours) && !strings.HasPrefix(function, showPackage):
		_, name, _ := strings.Cut(function, ours)
		file := m[3][strings.LastIndexByte(m[3], '/')+1:]
		return []string{fmt.Sprintf("in %s (%s:%s)", name, file, m[4])}
	case strings.HasPrefix(function, "main.") && inFunction(function) != "": // as above
		return []string{strings.TrimPrefix(inFunction(function), ", ")}
	}
	return nil
}

var (
	identifiers = regexp.MustCompile(`[\pL_][\pL\pN_]*`)
	anonymous   = regexp.MustCompile(`^func\d+$`)
)

// declares reports whether a cell declares a function or method, by the name that a traceback gives it: main.(*T).M.func1.
func declares(p Prepared, function string) bool {
	function, _, _ = strings.Cut(function, " in goroutine")
	names := identifiers.FindAllString(strings.TrimPrefix(function, "main."), -1)
	names = slices.DeleteFunc(names, anonymous.MatchString)
	return len(names) > 0 && regexp.MustCompile(`\bfunc\s*(\([^)]*\)\s*)?`+names[len(names)-1]+`\b`).MatchString(p.User)
}

// elsewhere is a place in an earlier cell, in the user's lines if that cell is known: a cell that is not counted has another's
// number, but does not declare the function.
func (x explainer) elsewhere(cell string, line int, function string) []string {
	number, err := strconv.Atoi(cell)
	if err == nil && x.earlier != nil {
		p, known := x.earlier(number)
		y := newExplainer(p)
		if own := y.line(line); known && own > 0 && declares(p, function) {
			return append([]string{where(cell, own) + inFunction(function) + ":"}, y.source(own, 0)...)
		}
	}
	return []string{where(cell, line) + inFunction(function)}
}

// inFunction names a function of a cell, main left out.
func inFunction(function string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(function, "main."), " in goroutine")
	if name == "main" || strings.HasPrefix(name, "main.") || name == "" {
		return ""
	}
	return ", in " + name
}
