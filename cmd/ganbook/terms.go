package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// terms asks once whether a set's terms are accepted. Where nobody can answer, only --yes does.
type terms struct {
	a       *app
	yes     bool
	refused bool
}

func (t *terms) accept(text string) bool {
	if t.yes {
		return true
	}
	if isTerminal(t.a.err) && isTerminalFile(os.Stdin) {
		fmt.Fprintf(t.a.err, "%s\nDo you accept these terms? [y/N] ", text)
		if readYes(os.Stdin) {
			return true
		}
	}
	t.refused = true
	return false
}

// explain says how to accept the terms when they were the reason of a failure.
func (t *terms) explain(err error) error {
	if err == nil || !t.refused {
		return err
	}
	return fmt.Errorf("%w\nsay --yes to accept them", err)
}

func readYes(r io.Reader) bool {
	var answer string
	fmt.Fscanln(r, &answer)
	return strings.HasPrefix(strings.ToLower(answer), "y")
}
