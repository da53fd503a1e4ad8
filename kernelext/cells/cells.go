// Package cells works on the text of notebook cells: it prepares a cell for GoNB, says whether a cell is complete,
// explains what went wrong in the cell's own lines, and remembers declarations for completion.
//
// A cell is just code. Declarations go outside of main and last, as GoNB wants it: later cells can use them. Everything
// else is put into main, and the value of a last expression is shown.
package cells

import "slices"

// Prepared is a cell as GoNB must be given it.
type Prepared struct {
	Code string // sent to GoNB
	// Plain is the same, line by line, without showing the last expression's value; "" when Code shows none, or one that
	// surely is a value. It is sent instead when the compiler says that the expression has no value (HasNoValue). Commands
	// such as !ls and %cd, which GoNB has obeyed by then, are not in it.
	Plain string
	Lines []int  // Lines[i]: line (from 1) of the user's cell that line i+1 of Code came from
	User  string // the cell as the user wrote it, for the lines that an explanation shows
	// Resets says that the cell has a %reset: all declarations of earlier cells are gone after it.
	Resets bool
}

// Packages knows what packages declare. Its methods may be called from several goroutines and must be quick.
type Packages interface {
	// Import returns the import path of the package that a cell means by a name, "" if there is none.
	Import(name string) (path string)
	// Results counts the results of a function of a package.
	Results(path, function string) (count int, known bool)
}

// Prepare prepares a cell that stands alone; Memory.Prepare knows the cells before it too.
//
// A cell without %%, %main and func main that is not only declarations gets %% in front of its first statement.
// Declarations before the first statement stay outside of main, variables and constants too: functions of the cell may
// use them, and a reader finds them in later cells, where GoNB computes a variable's initial value again. Behind the first
// statement var, const and type belong to main, as := does, unless a function of the cell mentions the constant or type:
// functions, methods and imports are moved in front of main from wherever they stand.
//
// The value of a last expression is shown, or the values of return, which may stand anywhere in main; a semicolon at
// the end suppresses it. Nothing is shown for what is called for its effect (fmt.Print, log, panic, a function without
// results) and for <-channel, which mostly waits. Cells of other magics (%%bash, %%writefile) and cells that define main
// or run a function or tests (%exec, %test) pass as they are.
func Prepare(code string) Prepared { return new(Memory).Prepare(code) }

// Prepare prepares a cell, knowing the functions of the cells before it, and of m.Packages.
func (m *Memory) Prepare(code string) Prepared {
	l := arrange(code)
	p := Prepared{User: code, Resets: !l.isForeign() && slices.ContainsFunc(l.magics, magic.resets)}
	if l.passed {
		p.Code, p.Lines = l.render(nil, "")
		return p
	}
	v := l.values(m)
	p.Code, p.Lines = l.render(v.edits(true), v.importLine(true))
	if v.unsure {
		p.Plain, _ = l.render(append(v.edits(false), l.once()...), v.importLine(false))
	}
	return p
}
