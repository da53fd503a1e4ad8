package cells

import (
	"regexp"
	"strings"
)

// remedies are what helps against the commonest mistakes; $1 is the name that the message gives.
var remedies = []struct {
	message *regexp.Regexp
	remedy  string
}{
	{regexp.MustCompile(`declared and not used: (\w+)`),
		"Go wants every variable of a cell to be used: write $1 in the last line to see it, or remove it."},
	{regexp.MustCompile(`(?m)undefined: (\w+)$`),
		"cells share declarations, not values: a variable made with := in an earlier cell is gone. Compute $1 in this cell; a trained run is opened again with experiments.Open or experiments.Newest."},
	{regexp.MustCompile(`undefined: (\w+)\.(\w+)`), "package $1 has no $2: see what it has by typing \"$1.\" and pressing Tab."},
	{regexp.MustCompile(`("[^"]+") imported(?: as \w+)? and not used`),
		"remove the import of $1: packages are found by themselves when a cell uses them."},
	{regexp.MustCompile(`assignment mismatch: .* returns (\d+) values`), "take all $1 results: the last one is mostly an error, v, err := …"},
	{regexp.MustCompile(`no new variables on left side of :=`), "the variable is there already: assign with = instead of :=."},
	{regexp.MustCompile(`(\w+) redeclared in this block`), "$1 is declared twice in this cell: rename one, or assign with =."},
	{regexp.MustCompile(`missing return`), "every way through a function with results ends in return."},
	{regexp.MustCompile(`\(no value\) used as value`), "the function returns nothing: call it in a line of its own."},
	{regexp.MustCompile(`missing ',' before newline`), "in a list over several lines every line ends in a comma, the last one too; or a bracket is not closed."},
	{regexp.MustCompile(`is not in std|cannot find module|no required module provides`),
		"cells use the packages of this checkout, of its go.mod and of Go itself, without the network: check the spelling of the import."},
	{regexp.MustCompile(`assignment to entry in nil map`), "the map was never made: m := map[string]int{}."},
	{regexp.MustCompile(`invalid memory address or nil pointer dereference`), "a pointer is nil: perhaps an error was not checked before its value was used."},
	{regexp.MustCompile(`all goroutines are asleep`), "everything waits: a channel needs somebody at its other end, a WaitGroup a Done for each Add."},
	{regexp.MustCompile(`concurrent map`), "several goroutines use one map: guard it with a sync.Mutex."},
	{regexp.MustCompile(`stack overflow`), "a function calls itself without end."},
	{regexp.MustCompile(`^signal: killed`), "killed from outside: because the stop button was pressed twice, or because memory ran out (a smaller batch helps)."},
	{regexp.MustCompile(`^signal: interrupt`), "stopped. kernelext.Context lets a cell save before it ends."},
	{regexp.MustCompile(`^exit status`), "the cell ended itself, by os.Exit or log.Fatal: what it said stands above."},
}

// hints are the remedies against the mistakes that a text tells of, each once.
func hints(text string) (lines []string) {
	for _, r := range remedies {
		if m := r.message.FindStringSubmatchIndex(text); m != nil {
			lines = append(lines, "hint: "+string(r.message.ExpandString(nil, strings.ReplaceAll(r.remedy, "$1", "${1}"), text, m)))
		}
	}
	return lines
}
