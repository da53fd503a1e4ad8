package nbrun

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/wire"
)

func TestMessagesBecomeOutputs(t *testing.T) {
	c := newCollector()
	c.cells["1"], c.cells["2"] = &cellOutputs{}, &cellOutputs{}
	add := func(parent, kind, content string) {
		c.add(wire.Message{Header: wire.Header{Type: kind}, Parent: wire.Header{ID: parent}, Content: json.RawMessage(content)})
	}
	add("1", "stream", `{"name":"stdout","text":"a"}`)
	add("1", "stream", `{"name":"stdout","text":"b\n"}`)
	add("1", "stream", `{"name":"stderr","text":"c"}`)
	add("1", "display_data", `{"data":{"text/html":"old"},"metadata":{},"transient":{"display_id":"p"}}`)
	add("other", "stream", `{"name":"stdout","text":"not ours"}`)
	add("2", "update_display_data", `{"data":{"text/html":"new"},"metadata":{"w":1},"transient":{"display_id":"p"}}`)
	add("1", "status", `{"execution_state":"idle"}`)
	add("1", "display_data", `{"data":{"text/plain":"late"}}`)
	add("2", "stream", `{"name":"stdout","text":"cleared"}`)
	add("2", "clear_output", `{"wait":true}`)
	add("2", "execute_result", `{"data":{"text/plain":"3"},"execution_count":2}`)
	add("2", "error", `{"ename":"E","evalue":"v","traceback":["t"]}`)

	want := map[string]string{
		"1": `[{"name":"stdout","output_type":"stream","text":"ab\n"},{"name":"stderr","output_type":"stream","text":"c"},` +
			`{"data":{"text/html":"new"},"metadata":{"w":1},"output_type":"display_data"},` +
			`{"data":{"text/plain":"late"},"metadata":{},"output_type":"display_data"}]`,
		"2": `[{"data":{"text/plain":"3"},"execution_count":2,"metadata":{},"output_type":"execute_result"},` +
			`{"ename":"E","evalue":"v","output_type":"error","traceback":["t"]}]`,
	}
	for id, w := range want {
		if got, _ := json.Marshal(c.cells[id].list); string(got) != w {
			t.Errorf("cell %s:\n%s, want\n%s", id, got, w)
		}
	}
	if !c.cells["1"].idle || c.cells["2"].idle {
		t.Error("idle belongs to the cell of its parent")
	}
}

func TestSilentFailures(t *testing.T) {
	for stderr, fails := range map[string]bool{
		"":                        false,
		"warning: low memory\n":   false,
		"it said exit status 3\n": false,
		"exit status 3\n":         true,
		"panic: boom\n\ngoroutine 1 [running]:\n":   true,
		"x\npanic: boom\n":                          true,
		"fatal error: all goroutines are asleep\n":  true,
		"signal: killed\n":                          true,
		`"%magic" unknown or not implemented yet.`:  true,
		"don't panic: this is only part of a line.": false,
	} {
		out := &cellOutputs{}
		out.stream("stderr", stderr)
		if err := failed(out); (err != nil) != fails {
			t.Errorf("stderr %q: %v, want failure %v", stderr, err, fails)
		}
	}
}

func TestFirstLines(t *testing.T) {
	if got := firstLines("\na\nb\nc\n", 2); got != "a\nb\n…" {
		t.Errorf("%q", got)
	}
	if got := firstLines("a\nb", 2); got != "a\nb" || strings.Contains(got, "…") {
		t.Errorf("%q", got)
	}
}
