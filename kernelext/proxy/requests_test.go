package proxy

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
)

func TestAnswers(t *testing.T) {
	k := start(t)
	for _, tc := range []struct{ request, content, reply string }{
		{"is_complete_request", `{"code":"f("}`, `"status":"incomplete"`},
		{"is_complete_request", `{"code":"f()"}`, `{"status":"complete"}`},
		{"comm_info_request", `{}`, `{"comms":{},"status":"ok"}`},
		{"complete_request", `{"code":"日本.x","cursor_pos":2}`, `"matches":["日本!"]`},
		{"complete_request", `{"code":"ab"}`, `"cursor_end":2`},
		{"complete_request", `{"code":"ab","cursor_pos":99}`, `"_jupyter_types_experimental":[{"end":2,"start":0,"text":"ab!","type":"function"}]`},
		{"inspect_request", `{"code":"f","cursor_pos":1,"detail_level":0}`, `"data":{"text/plain":"about f"},"found":true`},
		{"inspect_request", `{"code":"unknown","cursor_pos":1}`, `"found":false`},
		{"history_request", `{"hist_access_type":"tail","n":3}`, `{"history":[],"status":"ok"}`},
		{"kernel_info_request", `{}`, `"implementation":"ganbook"`},
	} {
		r := k.wait(k.ask(tc.request, jsonText(tc.content)))
		r.expect(t, r.status, "busy", "idle")
		if want := strings.Replace(tc.request, "request", "reply", 1); r.reply.Header.Type != want || !strings.Contains(string(r.reply.Content), tc.reply) {
			t.Errorf("%s %s: %s %s, want %s", tc.request, tc.content, r.reply.Header.Type, r.reply.Content, tc.reply)
		}
	}
}

func TestGoVersion(t *testing.T) {
	for version, want := range map[string]string{"go1.27.0": "1.27.0", "go1.27.0-X:simd": "1.27.0", "go1.25.1 X:greenteagc": "1.25.1", "go1.28rc1-X:a,b": "1.28rc1"} {
		if got := goVersion(version); got != want {
			t.Errorf("%s is version %q, want %q", version, got, want)
		}
	}
}

type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// %help and name? are pages.
func TestPages(t *testing.T) {
	k := start(t)
	for code, want := range map[string]string{"%help": "A cell is just Go code", "dcgan.New?": "about dcgan.New", "?fmt.Println": "about fmt.Println"} {
		r := k.run(code)
		r.expect(t, "ok", "busy", "execute_input", "idle")
		if !strings.Contains(string(r.reply.Content), want) {
			t.Errorf("%s: %s", code, r.reply.Content)
		}
	}
	if _, value := k.run("unknown?").failure(t); value != "unknown is not known" {
		t.Errorf("unknown?: %s", value)
	}
}

// A forged request, a repeated one and rubbish are dropped, and the kernel goes on.
func TestForeignRequests(t *testing.T) {
	k := start(t)
	forged, err := wire.New(k.Session, "execute_request", nil, client.Code("!out forged"))
	if err != nil {
		t.Fatal(err)
	}
	key := []byte(k.Connection.Key)
	genuine, err := wire.New(k.Session, "execute_request", nil, client.Code("!out once"))
	if err != nil {
		t.Fatal(err)
	}
	edited := genuine.Encode(key)
	edited[5] = []byte(strings.Replace(string(edited[5]), "once", "more", 1))
	for _, frames := range [][][]byte{forged.Encode([]byte("another")), forged.Encode(nil), edited, {[]byte("x")}, {[]byte("<IDS|MSG>")}, {{}},
		genuine.Encode(key), genuine.Encode(key), genuine.Encode(key)} {
		for _, on := range []client.Channel{client.Shell, client.Control} {
			if err := k.SendFrames(on, frames); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, content := range []string{`7`, `{"code":3}`, `{"code":"!out x","silent":"no"}`} {
		k.wait(k.ask("execute_request", jsonText(content))).expect(t, "error")
	}
	k.ask("history_request", jsonText(`[]`))
	k.ask("no_such_request", jsonText(`{}`))
	k.ask("is_complete_request", jsonText(`{"code":[]}`))
	if r := k.run("!count"); r.stdout != "2" { // the genuine one, and this
		t.Errorf("%s cells have run, want 2", r.stdout)
	}
	if r := k.result(forged.Header.ID); r.types != nil || r.reply.Header.Type != "" {
		t.Errorf("a forged request is answered: %v", r.types)
	}
	if r := k.result(genuine.Header.ID); r.stdout != "once" {
		t.Errorf("a repeated request printed %q", r.stdout)
	}
	for _, want := range []string{"signed with another key", "a second time", "parts after its routing"} {
		if !strings.Contains(k.log(), want) {
			t.Errorf("the log lacks %q:\n%s", want, k.log())
		}
	}
}

func TestHistory(t *testing.T) {
	var h history
	for i, code := range []string{"a := 1", "b/c", "a := 2", "b/c", "x"} {
		h.add(i+1, code)
	}
	stop := 4
	for _, tc := range []struct {
		r    historyRequest
		want string
	}{
		{historyRequest{Access: "tail", N: 2}, "4 5"},
		{historyRequest{Access: "tail"}, "1 2 3 4 5"},
		{historyRequest{Access: "range", Start: 2, Stop: &stop}, "2 3"},
		{historyRequest{Access: "range", Start: 4, Session: 1}, "4 5"},
		{historyRequest{Access: "range", Session: -1}, ""},
		{historyRequest{Access: "search", Pattern: "a*"}, "1 3"},
		{historyRequest{Access: "search", Pattern: "b?c"}, "2 4"},
		{historyRequest{Access: "search", Pattern: "*", Unique: true}, "1 3 4 5"},
		{historyRequest{Access: "search", Pattern: "*", N: 1}, "5"},
		{historyRequest{Access: "search", Pattern: "[bx]*"}, "2 4 5"},
		{historyRequest{Access: "search", Pattern: "["}, ""},
	} {
		var got []string
		for _, c := range h.find(tc.r) {
			got = append(got, fmt.Sprint(c.number))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%+v: %v, want %s", tc.r, got, tc.want)
		}
	}
	for i := range historySize + 5 {
		h.add(i+6, "y")
	}
	if len(h.cells) != historySize || h.cells[0].number != 11 {
		t.Errorf("%d cells are kept, the first is %d", len(h.cells), h.cells[0].number)
	}
}

func TestSignatures(t *testing.T) {
	s := newSignatures(3)
	var got []bool
	for _, x := range []string{"a", "b", "a", "c", "d", "a", "d", "b"} { // d pushes a out
		got = append(got, s.add(x))
	}
	if want := []bool{true, true, false, true, true, true, false, true}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(s.seen) != 3 {
		t.Errorf("%d are remembered", len(s.seen))
	}
}

func TestHeldText(t *testing.T) {
	for _, tc := range []struct {
		in                  []string
		show, rest, failure string
	}{
		{[]string{"warning\n"}, "warning\n", "", ""},
		{[]string{"x", "panic: no"}, "xpanic: no", "", ""},
		{[]string{"a\npanic: b\n", "goroutine\n"}, "a\n", "panic: b\ngoroutine\n", "a\npanic: b\ngoroutine\n"},
		{[]string{"pa", "nic:", " b"}, "", "panic: b", "panic: b"},
		{[]string{"pa", "per\n", "exit status 2\n"}, "paper\n", "exit status 2\n", "paper\nexit status 2\n"},
		{[]string{"fatal erro"}, "", "fatal erro", ""},
		{[]string{"log line\nsig", "nal: killed\n"}, "log line\n", "signal: killed\n", "log line\nsignal: killed\n"},
	} {
		var h held
		show := ""
		for _, text := range tc.in {
			show += h.add(text)
		}
		if show != tc.show || h.rest() != tc.rest || h.failure() != tc.failure {
			t.Errorf("%q: shows %q, holds %q, failure %q", tc.in, show, h.rest(), h.failure())
		}
	}
	var h held
	h.add("panic: a\n")
	if got := h.release() + h.add("b\n"); got != "panic: a\nb\n" || h.holds() {
		t.Errorf("released %q", got)
	}
	for range 100 {
		h.add("panic: " + strings.Repeat("y", maxHeld/10) + "\n")
	}
	if n := len(h.rest()); n > maxHeld {
		t.Errorf("%d bytes are held", n)
	}
}

// 50 MB of stderr, which a cell may print, cost neither memory nor, for that matter, time.
func TestHeldTextIsCheap(t *testing.T) {
	var h held
	piece := strings.Repeat("x\n", 1<<14)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 50_000_000/len(piece) + 1 {
		if got := h.add(piece); len(got) != len(piece) {
			t.Fatalf("%d of %d bytes are shown", len(got), len(piece))
		}
	}
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 20*maxHeld { // while the tail grows to its size
		t.Errorf("%d bytes are allocated", bytes)
	}
	h.add("panic: a\n")
	if got := h.failure(); len(got) > maxHeld+100 || !strings.HasSuffix(got, "x\npanic: a\n") {
		t.Errorf("the failure has %d bytes and ends with %q", len(got), got[max(0, len(got)-20):])
	}
}
