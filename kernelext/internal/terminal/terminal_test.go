package terminal

import (
	"runtime"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ntext\n":             "plain\ntext\n",
		"1/3\r2/3\r3/3\n":           "3/3\n",
		"step 10\rstep 9":           "step 90", // overwritten, not erased, as on a terminal
		"a\r\nb\r\n":                "a\nb\n",
		"x\r":                       "x",
		"α 50 %\rα 100 %\nend\rEND": "α 100 %\nEND",
		"\r\r\r":                    "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

// A long line under a progress line is not written again at every step: that would be minutes of copying.
func TestFoldOfALongLine(t *testing.T) {
	line := strings.Repeat("-", 100_000)
	text := line + strings.Repeat("\rx", 5000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := Fold(text)
	runtime.ReadMemStats(&after)
	if got != "x"+line[1:] {
		t.Errorf("%d bytes, beginning with %.3q", len(got), got)
	}
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 100*uint64(len(line)) { // 5000 copies of it would be 2 GB
		t.Errorf("%d bytes were copied", bytes)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                             "plain",
		"\x1b[31mred\x1b[0m and \x1b[1;4mb": "red and b",
		"\x1b[2K\x1b[1Gagain":               "again",
		"\x1b]0;title\x07text":              "text",
		"\x1b]8;;https://x\x1b\\link\x1b\\": "link",
		"an unfinished \x1b[3":              "an unfinished \x1b[3",
		"\x1b[38;5;196;48;2;1;2;3mcolours":  "colours",
		"\x1bM up":                          " up",
	} {
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}
