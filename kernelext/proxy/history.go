package proxy

import (
	"path"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

const historySize = 10000 // cells

// history holds the cells that were executed, the oldest first.
type history struct{ cells []remembered }

type remembered struct {
	number   int
	code     string
	prepared cells.Prepared // zero for what is answered here
}

// prepared returns a cell as GoNB was given it.
func (h *history) prepared(number int) (p cells.Prepared, known bool) {
	at, found := slices.BinarySearchFunc(h.cells, number, func(c remembered, n int) int { return c.number - n })
	if !found {
		return p, false
	}
	p = h.cells[at].prepared
	return p, p.Code != ""
}

func (h *history) add(number int, code string) {
	h.cells = append(h.cells, remembered{number: number, code: code})
	if len(h.cells) > historySize {
		h.cells = slices.Clone(h.cells[len(h.cells)-historySize:])
	}
}

type historyRequest struct {
	Access  string `json:"hist_access_type"`
	Output  bool
	Session int
	Start   int
	Stop    *int // exclusive; absent: to the end
	N       int
	Pattern string
	Unique  bool
}

// find returns what a request asks for, the oldest first.
func (h *history) find(r historyRequest) (found []remembered) {
	switch r.Access {
	case "range":
		if r.Session != 0 && r.Session != 1 { // negative: sessions before this one, which are not kept
			return nil
		}
		for _, c := range h.cells {
			if c.number >= r.Start && (r.Stop == nil || c.number < *r.Stop) {
				found = append(found, c)
			}
		}
		return found
	case "search":
		seen := map[string]bool{}
		for _, c := range slices.Backward(h.cells) { // of equal cells the newest counts
			if glob(r.Pattern, c.code) && !(r.Unique && seen[c.code]) {
				seen[c.code] = true
				found = append(found, c)
			}
		}
		slices.Reverse(found)
	default:
		found = slices.Clone(h.cells)
	}
	if r.N > 0 && len(found) > r.N {
		found = found[len(found)-r.N:]
	}
	return found
}

func (p *proxy) answerHistory(ch channel, m *wire.Message) {
	var r historyRequest
	if !p.content(m, &r) {
		return
	}
	list := []any{}
	for _, c := range p.history.find(r) {
		var entry any = c.code
		if r.Output {
			entry = []any{c.code, nil} // outputs are not kept
		}
		list = append(list, []any{1, c.number, entry})
	}
	p.answer(ch, m, "history_reply", map[string]any{"status": "ok", "history": list})
}

// glob matches a whole text: * stands for any text, ? for one character, [a-z] for one of several.
func glob(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	// A slash is nothing special in code, and \ in a pattern is a letter like others.
	plain := strings.NewReplacer("/", "\x00", `\`, "\x01")
	ok, err := path.Match(plain.Replace(pattern), plain.Replace(text))
	return err == nil && ok
}
