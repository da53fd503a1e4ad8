package nbrun

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// MaxSize is the largest notebook that is kept under version control, in bytes: 1.5 MB.
const MaxSize = 1_500_000

// Check reads a saved notebook and reports everything that a reader without a kernel and without a network would
// miss: code cells that were not run, in order, to the end; cells edited after they ran; cells that run code and
// show nothing; errors; outputs and text that run scripts or load from the network; more than MaxSize bytes.
func Check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("nbrun: %w", err)
	}
	nb, err := parse(text)
	if err != nil {
		return fmt.Errorf("nbrun: %s: %w", file, err)
	}
	var found []error
	add := func(i int, format string, args ...any) {
		found = append(found, fmt.Errorf("nbrun: %s: cell %d: "+format, append([]any{file, i + 1}, args...)...))
	}
	if len(text) > MaxSize {
		found = append(found, fmt.Errorf("nbrun: %s: %d bytes, at most %d are allowed: show fewer or smaller pictures", file, len(text), MaxSize))
	}
	count := 0
	for i, c := range nb.cells {
		if ref := remote(c.source()); c["cell_type"] == "markdown" && ref != "" {
			add(i, "the text needs a script or the network: %s", ref)
		}
		if !c.runs() {
			continue
		}
		count++
		if fmt.Sprint(c["execution_count"]) != fmt.Sprint(count) {
			add(i, "execution count %v, want %d: run the whole notebook in order", c["execution_count"], count)
		} else if c.edited() {
			add(i, "edited after its outputs were made: run the notebook again")
		}
		outputs, _ := c["outputs"].([]any)
		if len(outputs) == 0 && showsSomething.MatchString(c.source()) {
			add(i, "runs code and has no output")
		}
		for _, entry := range outputs {
			if problem := checkOutput(entry); problem != "" {
				add(i, "%s", problem)
			}
		}
	}
	return errors.Join(found...)
}

// showsSomething: the cell runs a program or a command, unlike one that only declares.
var showsSomething = regexp.MustCompile(`(?m)^(%%|%main\b|!|\s*func main\(\))`)

func checkOutput(entry any) string {
	o, ok := entry.(map[string]any)
	if !ok {
		return "an output that is no object"
	}
	if o["output_type"] == "error" {
		return fmt.Sprintf("shows an error: %v: %v", o["ename"], o["evalue"])
	}
	data, _ := o["data"].(map[string]any)
	for mime, v := range data {
		switch {
		case strings.Contains(mime, "javascript"):
			return "an output is a script (" + mime + ")"
		case mime == "text/html", mime == "text/markdown", mime == "text/latex", mime == "image/svg+xml":
			if ref := remote(joined(v)); ref != "" {
				return fmt.Sprintf("an output (%s) needs a script or the network: %s", mime, ref)
			}
		}
	}
	return ""
}

// remoteParts matches what makes a browser run a script or load something: links to follow are allowed.
var remoteParts = regexp.MustCompile(`(?i)<(script|iframe|object|embed|link|base|form|meta)\b[^>]{0,80}` +
	`|<[a-z][^>]*\son[a-z]{3,20}\s*=[^>]{0,80}` +
	`|\b(href|src)\s*=\s*["']?\s*javascript:[^"'>]{0,80}` +
	`|\bsrcset\s*=\s*["']?[^"'>]*//[^"'>]{0,80}` +
	`|\b(src|poster|background|data|xlink:href)\s*=\s*["']?\s*(https?:)?//[^\s"'>]{0,80}` +
	`|<(image|use)\b[^>]*\bhref\s*=\s*["']?\s*(https?:)?//[^\s"'>]{0,80}` +
	`|(url\(|@import)\s*["']?\s*(https?:)?//[^\s"')]{0,80}` +
	`|!\[[^\]]*\]\(\s*<?(https?:)?//[^\s)]{0,80}`)

func remote(text string) string { return remoteParts.FindString(text) }
