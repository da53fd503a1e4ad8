package proxy

import "strings"

// beginnings of lines with which Go's runtime, and GoNB, report the end of a program.
var beginnings = []string{"panic: ", "fatal error: ", "exit status ", "signal: ", "^C", "unexpected fault address", "SIGQUIT: ", "SIGABRT: ", "SIGSEGV: ", "runtime: "}

// held watches stderr for the report of a failure: from its first line on, text is kept back. It sees all that a cell
// prints, also what is not shown any more, so it copies little.
type held struct {
	midLine bool   // what was let through does not end with a line
	partial string // kept back: it may become a beginning
	report  strings.Builder
	tail    []byte // of what was let through, for failures that say their reason before: the last maxHeld bytes, and older ones
}

// add takes text of stderr and returns what may be shown now.
func (h *held) add(text string) (show string) {
	if h.holds() {
		h.keep(text)
		return ""
	}
	text, h.partial = h.partial+text, ""
	at := 0
	for at < len(text) {
		if !h.midLine {
			isReport, maybe := begins(text[at:])
			if isReport {
				h.keep(text[at:])
				break
			}
			if maybe {
				h.partial = text[at:]
				break
			}
		}
		end := strings.IndexByte(text[at:], '\n') + 1
		if h.midLine = end == 0; h.midLine { // no beginning can follow in this line
			at = len(text)
			break
		}
		at += end
	}
	h.remember(text[:at])
	return text[:at]
}

// remember adds to the tail.
func (h *held) remember(text string) {
	if h.tail = append(h.tail, text...); len(h.tail) > 2*maxHeld {
		h.tail = h.tail[:copy(h.tail, h.tail[len(h.tail)-maxHeld:])]
	}
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
	h.remember(text)
	h.report.Reset()
	h.partial, h.midLine = "", !strings.HasSuffix(text, "\n")
	return text
}

// failure is the report with what was said before it; "" when there is no report.
func (h *held) failure() string {
	if h.report.Len() == 0 {
		return ""
	}
	return string(h.tail[max(0, len(h.tail)-maxHeld):]) + h.rest()
}
