package proxy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

// What a cell shows comes under its request, in order, with one number, its idle last.
func TestCell(t *testing.T) {
	k := start(t)
	r := k.run("!out a\n!err b\n!show x\n!out c\n!late")
	r.expect(t, "ok", "busy", "execute_input", "stdout", "stderr", "display_data", "update_display_data", "stdout", "stdout", "idle")
	if r.stdout != "aclate\n" || r.stderr != "b" {
		t.Errorf("stdout %q, stderr %q", r.stdout, r.stderr)
	}
	reply := decode[map[string]any](r.reply)
	if reply["execution_count"] != 1.0 || fmt.Sprint(reply["user_expressions"], reply["payload"]) != "map[] []" {
		t.Errorf("reply %s", r.reply.Content)
	}
	if in := decode[map[string]any](r.output[1]); in["execution_count"] != 1.0 || !strings.HasPrefix(in["code"].(string), "!out a\n") {
		t.Errorf("execute_input %s", r.output[1].Content)
	}
	if up := decode[map[string]any](r.output[5]); fmt.Sprint(up["transient"], up["data"]) != "map[display_id:d] map[text/plain:xx]" {
		t.Errorf("update %s", r.output[5].Content)
	}
}

// A marked display is the result, under the cell's number; an expression without a value is run again without showing it.
func TestResult(t *testing.T) {
	k := start(t)
	k.run("!out first")
	r := k.run("!mime " + resultType)
	r.expect(t, "ok", "busy", "execute_input", "execute_result", "idle")
	if got := string(r.output[2].Content); got != `{"data":{"text/plain":"42"},"execution_count":2,"metadata":{}}` {
		t.Errorf("result %s", got)
	}
	k.run("!mime "+clearType).expect(t, "ok", "busy", "execute_input", "clear_output", "idle")
	r = k.run("novalue()")
	r.expect(t, "ok", "busy", "execute_input", "idle")
	marks := filepath.Join(t.TempDir(), "marks")
	r = k.run("!mark " + marks + "\n!out once\nnovalue()")
	if text, err := os.ReadFile(marks); err != nil || string(text) != "x" || r.stdout != "once" {
		t.Errorf("commands of a cell that is compiled twice: %q, stdout %q, %v", text, r.stdout, err)
	}
	r = k.run("!count")
	if r.stdout != "6" {
		t.Errorf("GoNB counts %s cells, the notebook 6", r.stdout)
	}
	r = k.run("!mime " + pageType)
	if !strings.Contains(string(r.reply.Content), `"source":"page"`) {
		t.Errorf("reply %s", r.reply.Content)
	}
}

// A silent cell leaves no trace but its output; one that is not to be remembered has no number of its own.
func TestSilentAndUnremembered(t *testing.T) {
	k := start(t)
	silent := client.Code("!out quiet\n!mime " + resultType)
	silent["silent"] = true
	k.wait(k.ask("execute_request", silent)).expect(t, "ok", "busy", "stdout", "idle")
	forgotten := client.Code("!out forgotten")
	forgotten["store_history"] = false
	k.wait(k.ask("execute_request", forgotten)).expect(t, "ok", "busy", "execute_input", "stdout", "idle")
	k.run("")
	k.run("!out kept")
	r := k.wait(k.ask("history_request", map[string]any{"hist_access_type": "tail", "n": 10, "raw": true, "output": false}))
	if got := string(r.reply.Content); got != `{"history":[[1,1,""],[1,2,"!out kept"]],"status":"ok"}` {
		t.Errorf("history %s", got)
	}
}

// After a failure the waiting cells are aborted without a number, unless the cell says otherwise.
func TestFailure(t *testing.T) {
	k := start(t)
	a, b, c := k.send("!out a\n!wait\n!err panic: oh\\n\\ngoroutine 1 [running]:\\nexit status 2\\n\n!fail exit status 2"), k.send("!out b"), k.send("!out c")
	r := k.wait(a)
	r.expect(t, "error", "busy", "execute_input", "stdout", "error", "idle")
	if name, value := r.failure(t); name != "panic" || value != "oh" {
		t.Errorf("%s: %s", name, value)
	}
	for _, id := range []string{b, c} {
		r := k.wait(id)
		r.expect(t, "aborted", "busy", "idle")
		if strings.Contains(string(r.reply.Content), "execution_count") {
			t.Errorf("an aborted cell has a number: %s", r.reply.Content)
		}
	}
	k.run("!count").expect(t, "ok")
	request := client.Code("!fail no such thing")
	request["stop_on_error"] = false
	failed, next := k.ask("execute_request", request), k.send("!out next")
	k.wait(failed).failure(t)
	k.wait(next).expect(t, "ok")
	if r := k.run("!count"); r.stdout != "5" {
		t.Errorf("GoNB counts %s cells, the notebook 5", r.stdout)
	}
}

// Text that only looks like the report of a failure is shown when the cell does not fail.
func TestFalseAlarm(t *testing.T) {
	k := start(t)
	r := k.run("!err before\\npan\n!err ic: not really\\n\n!err more\\n")
	r.expect(t, "ok")
	if r.stderr != "before\npanic: not really\nmore\n" {
		t.Errorf("stderr %q", r.stderr)
	}
}

// A question of a cell reaches the front end that runs it, and the answer the cell.
func TestInput(t *testing.T) {
	k := start(t)
	asked := make(chan wire.Message, 1)
	key := []byte(k.Connection.Key)
	s, err := zmtp.Dial(t.Context(), zmtp.Dealer, k.Connection.Address(k.Connection.Stdin), zmtp.Options{Identity: []byte(k.Session),
		Received: func(frames [][]byte) {
			if m, err := wire.Decode(key, frames); err == nil {
				asked <- m
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(0)
	id := k.send("!ask name?")
	m := <-asked
	if m.Header.Type != "input_request" || m.Parent.ID != id || !strings.Contains(string(m.Content), "name?") {
		t.Fatalf("%s %s", m.Header.Type, m.Content)
	}
	answer, err := wire.New(k.Session, "input_reply", &m, map[string]any{"value": "me"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(answer.Encode(key)); err != nil {
		t.Fatal(err)
	}
	if r := k.wait(id); r.stdout != "answered me" {
		t.Errorf("stdout %q", r.stdout)
	}
}

// Much output is cut, with a word about it, and comes in few messages.
func TestMuchOutput(t *testing.T) {
	k := start(t)
	r := k.run("!much 50000")
	r.expect(t, "ok")
	if len(r.stdout) != maxText || !strings.Contains(r.stderr, "output cut after 1048576 bytes") {
		t.Errorf("%d bytes, stderr %q", len(r.stdout), r.stderr)
	}
	for i, line := range strings.Split(r.stdout, "\n")[:1000] {
		if !strings.HasPrefix(line, fmt.Sprintf("%09d ", i)) {
			t.Fatalf("line %d is %.30q", i, line)
		}
	}
	if len(r.types) > 200 {
		t.Errorf("%d messages", len(r.types))
	}
	if r := k.run("!out again"); r.stdout != "again" {
		t.Errorf("the next cell prints %q", r.stdout)
	}
}

// What GoNB sends is checked, and what is not UTF-8 becomes so.
func TestBrokenOutput(t *testing.T) {
	k := start(t)
	if r := k.run("!broken"); r.stdout != "a\uFFFDb" {
		t.Errorf("stdout %q", r.stdout)
	}
}
