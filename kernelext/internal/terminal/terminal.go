// Package terminal turns what a program wrote for a terminal into text that can be kept.
package terminal

import (
	"regexp"
	"strings"
)

// escapes are the control sequences of ECMA-48: colours and the cursor (CSI), titles and links (OSC), single ones.
var escapes = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b[@-Z\\\\-_]")

// Plain removes colours and other control sequences.
func Plain(text string) string { return escapes.ReplaceAllString(text, "") }

// Fold overwrites each line from its start at every \r, as a terminal does, which leaves of a progress line its last
// state; \r\n is an end of line.
func Fold(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		var shown []rune
		for part := range strings.SplitSeq(line, "\r") {
			over := []rune(part)
			if len(over) < len(shown) {
				copy(shown, over)
			} else {
				shown = over
			}
		}
		lines[i] = string(shown)
	}
	return strings.Join(lines, "\n")
}
