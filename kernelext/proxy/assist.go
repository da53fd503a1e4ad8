package proxy

import (
	"context"
	"time"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

const assistTimeout = 10 * time.Second

// complete answers with what can stand at the cursor. The loop does not wait for it.
func (p *proxy) complete(ch channel, m *wire.Message) {
	var c struct {
		Code   string
		Cursor *int `json:"cursor_pos"`
	}
	if !p.content(m, &c) {
		return
	}
	cursor := cursorIn(c.Code, c.Cursor)
	p.assist(func(ctx context.Context, a Assistant) func() {
		matches, start, end, kinds := a.Complete(ctx, c.Code, cursor)
		types := []map[string]any{}
		for i, text := range matches {
			if i < len(kinds) {
				types = append(types, map[string]any{"text": text, "type": kinds[i], "start": start, "end": end})
			}
		}
		if matches == nil {
			matches = []string{}
		}
		return func() {
			p.answer(ch, m, "complete_reply", map[string]any{"status": "ok", "matches": matches, "cursor_start": start, "cursor_end": end,
				"metadata": map[string]any{"_jupyter_types_experimental": types}})
		}
	})
}

// inspect answers with what is known of the name at the cursor.
func (p *proxy) inspect(ch channel, m *wire.Message) {
	var c struct {
		Code   string
		Cursor *int `json:"cursor_pos"`
		Detail int  `json:"detail_level"`
	}
	if !p.content(m, &c) {
		return
	}
	cursor := cursorIn(c.Code, c.Cursor)
	p.assist(func(ctx context.Context, a Assistant) func() {
		data, found := a.Inspect(ctx, c.Code, cursor, c.Detail)
		if data == nil {
			data = map[string]string{}
		}
		return func() {
			p.answer(ch, m, "inspect_reply", map[string]any{"status": "ok", "found": found, "data": data, "metadata": map[string]any{}})
		}
	})
}

// assist asks the assistant beside the loop, and answers in it.
func (p *proxy) assist(ask func(context.Context, Assistant) func()) {
	a := p.options.Assistant
	if a == nil {
		a = noAssistant{}
	}
	p.work.Go(func() {
		ctx, cancel := context.WithTimeout(p.ctx, assistTimeout)
		defer cancel()
		p.post(ask(ctx, a))
	})
}

// cursorIn is a position in the code, its end when the request names none.
func cursorIn(code string, cursor *int) int {
	n := len([]rune(code))
	if cursor == nil {
		return n
	}
	return min(max(*cursor, 0), n)
}

// noAssistant knows nothing.
type noAssistant struct{}

func (noAssistant) Complete(_ context.Context, _ string, cursor int) ([]string, int, int, []string) {
	return nil, cursor, cursor, nil
}
func (noAssistant) Inspect(context.Context, string, int, int) (map[string]string, bool) {
	return nil, false
}
func (noAssistant) Prepare(code string) cells.Prepared { return cells.Prepare(code) }
func (noAssistant) Executed(string)                    {}
func (noAssistant) Commanded(string)                   {}
