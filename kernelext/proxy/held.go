package proxy

import "strings"

// beginnings of lines with which Go's runtime, and GoNB, report the end of a program.
var beginnings = []string{"panic: ", "fatal error: ", "exit status ", "signal: ", "^C", "unexpected fault address", "SIGQUIT: ", "SIGABRT: ", "SIGSEGV: ", "runtime: "}

// held watches stderr for the report of a failure: from its first line on, text is kept back.
type held struct {
	line    string // of stderr so far, the part after the last newline
	partial string // kept back: it may become a beginning
	report  strings.Builder
	tail    []byte // of what was let through, for failures that say their reason before
}

// add takes text of stderr and returns what may be shown now.
func (h *held) add(text string) (show string) {
	text = h.partial + text
	h.partial = ""
	for text != "" {
		if h.report.Len() > 0 {
			h.keep(text)
			break
		}
		if h.line == "" {
			switch isReport, maybe := begins(text); {
			case isReport:
				h.keep(text)
				text = ""
				continue
			case maybe:
				h.partial = text
				text = ""
				continue
			}
		}
		end := strings.IndexByte(text, '\n') + 1
		if end == 0 {
			h.line += "x" // no beginning can follow in this line
			end = len(text)
		} else {
			h.line = ""
		}
		show += text[:end]
		text = text[end:]
	}
	h.tail = append(h.tail, show...)
	if len(h.tail) > maxHeld {
		h.tail = append([]byte{}, h.tail[len(h.tail)-maxHeld:]...)
	}
	return show
}

// keep adds to the report; of one that is too long the beginning counts.
func (h *held) keep(text string) {
	h.report.WriteString(text[:min(len(text), max(0, maxHeld-h.report.Len()))])
}

// begins says whether a text at the beginning of a line reports a failure, or may when more of it has come.
func begins(text string) (isReport, maybe bool) {
	for _, b := range beginnings {
		if strings.HasPrefix(text, b) {
			return true, false
		}
		maybe = maybe || strings.HasPrefix(b, text)
	}
	return false, maybe
}

// holds says whether a report has begun.
func (h *held) holds() bool { return h.report.Len() > 0 }

// rest is what was kept back.
func (h *held) rest() string { return h.report.String() + h.partial }

// release returns what was kept back, as it was no report after all, and begins anew.
func (h *held) release() string {
	text := h.rest()
	h.tail = append(h.tail, text...)
	h.report.Reset()
	h.partial, h.line = "", ""
	if !strings.HasSuffix(text, "\n") {
		h.line = "x"
	}
	return text
}

// failure is the report with what was said before it; "" when there is no report.
func (h *held) failure() string {
	if h.report.Len() == 0 {
		return ""
	}
	return string(h.tail) + h.rest()
}
