package assist

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"unicode/utf16"
)

// session is one life of gopls.
type session struct {
	cmd  *exec.Cmd
	conn *conn
	uri  string

	turn    chan struct{} // one document, one request at a time
	version int
	silent  atomic.Int32 // requests in a row without an answer
}

// position is an offset in bytes as a language server counts: lines and UTF-16 units.
func position(text string, offset int) map[string]int {
	offset = max(0, min(offset, len(text)))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	return map[string]int{"line": strings.Count(text[:offset], "\n"), "character": len(utf16.Encode([]rune(text[start:offset])))}
}

// ask sends a text and a request about a place in it.
func (s *session) ask(ctx context.Context, method, text string, offset int, result any) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.version++
	err := s.conn.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": s.uri, "version": s.version},
		"contentChanges": []any{map[string]string{"text": text}}})
	if err != nil {
		return err
	}
	return s.conn.call(ctx, method, map[string]any{"textDocument": map[string]string{"uri": s.uri}, "position": position(text, offset)}, result)
}

// judge counts the requests without an answer: a server that hangs is killed, and run starts another.
func (s *session) judge(answered bool) {
	if answered {
		s.silent.Store(0)
	} else if s.silent.Add(1) == maxSilence {
		syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// item is one completion.
type item struct {
	Label      string
	Kind       int
	InsertText string
	SortText   string
	TextEdit   *struct{ NewText string }
}

func (i item) text() string {
	switch {
	case i.TextEdit != nil && i.TextEdit.NewText != "":
		return i.TextEdit.NewText
	case i.InsertText != "":
		return i.InsertText
	}
	return i.Label
}

// itemKinds are the kinds of completions by LSP's numbers.
var itemKinds = map[int]string{2: kindMethod, 3: kindFunction, 5: kindField, 6: kindVariable, 7: kindType, 8: kindType, 9: kindPackage,
	14: kindKeyword, 21: kindConstant, 22: kindType, 25: kindType}

func (s *session) complete(ctx context.Context, text string, offset int) ([]item, error) {
	var list struct{ Items []item }
	if err := s.ask(ctx, "textDocument/completion", text, offset, &list); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list.Items, func(a, b item) int { return strings.Compare(a.SortText, b.SortText) })
	return list.Items, nil
}

// hover is gopls's description of what stands at an offset, in Markdown; "" if it knows nothing.
func (s *session) hover(ctx context.Context, text string, offset int) (string, error) {
	var h *struct{ Contents struct{ Value string } }
	if err := s.ask(ctx, "textDocument/hover", text, offset, &h); err != nil || h == nil {
		return "", err
	}
	return h.Contents.Value, nil
}
