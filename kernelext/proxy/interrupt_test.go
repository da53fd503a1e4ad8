package proxy

import (
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
)

const trap = `trap 'echo saving; sleep 0.2; echo saved; exit 0' INT; echo ready; while :; do sleep 0.01; done`

// The stop button ends what runs, whatever it is, as one error, and what waits behind it is aborted.
func TestStopButton(t *testing.T) {
	k := start(t)
	for _, tc := range []struct{ name, code, stdout string }{
		{"program", "!run cell echo ready; exec sleep 1000", "ready\n"},
		{"program that saves", "!run cell " + trap, "ready\nsaving\nsaved\n"},
		{"command, then Go", "!run bash echo ready; sleep 1000\n!out never", "ready\n"},
		{"compiler", "!run go echo ready; trap '' INT; sleep 1000\n!out never", "ready\n"},
		{"program that starts others", "!run cell sleep 1000 & echo ready; sleep 1001 & wait", "ready\n"},
		{"program that has ended, but not what it started", "!run cell sleep 1000 & echo ready", "ready\n"},
	} {
		id, next := k.send(tc.code), k.send("!out next")
		k.seen(id, "ready")
		k.stop()
		r := k.wait(id)
		if name, _ := r.failure(t); name != "interrupted" || r.stdout != tc.stdout {
			t.Errorf("%s: error %s, stdout %q, want %q", tc.name, name, r.stdout, tc.stdout)
		}
		k.wait(next).expect(t, "aborted")
		k.run("!out again").expect(t, "ok")
	}
}

// The waiting cells are aborted when the stopped one has ended, not while it saves: a front end would take it for ended, too.
func TestAbortedAfterTheEnd(t *testing.T) {
	k := start(t)
	id, next := k.send("!run cell "+trap), k.send("!out next")
	k.seen(id, "ready")
	k.stop()
	late := k.send("!out late") // sent after the stop button, but before the cell has ended
	k.wait(id)
	k.wait(next).expect(t, "aborted", "busy", "idle")
	k.wait(late).expect(t, "aborted", "busy", "idle")
	ended := map[string]bool{} // the stopped cell, on iopub and on shell
	for _, m := range k.said {
		what := m.Header.Type
		if what == "status" && decode[struct {
			State string `json:"execution_state"`
		}](m).State != "idle" {
			what = "begin"
		}
		switch {
		case m.Parent.ID == id:
			ended[what] = true
		case m.Parent.ID != next && m.Parent.ID != late:
		case !ended["status"] && what != "execute_reply", !ended["execute_reply"] && what == "execute_reply":
			t.Errorf("the %s of an aborted cell comes before the end of the stopped one", what)
		}
	}
}

// A cell that says so ends well by the stop button; what waits behind it is aborted all the same.
func TestLeft(t *testing.T) {
	k := start(t)
	k.run("!mime " + leftType + "\n!fail ./main.go:1:1: oh").failure(t) // without the stop button it means nothing
	id, next := k.send("!run cell trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done\n!mime "+leftType), k.send("!out next")
	k.seen(id, "ready")
	k.stop()
	k.wait(id).expect(t, "ok", "busy", "execute_input", "stdout", "busy", "idle")
	k.wait(next).expect(t, "aborted", "busy", "idle")
	id = k.send("!run cell trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done\n!mime " + leftType + "\n!fail exit status 2")
	k.seen(id, "ready")
	k.stop()
	if name, _ := k.wait(id).failure(t); name != "exit status" {
		t.Errorf("a cell that fails after it was left: error %s", name)
	}
	id = k.send("!run cell trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done\n!mime " + leftType +
		"\n!run cell trap 'echo saving; sleep 2; echo saved; exit 0' INT; echo second; while :; do sleep 0.01; done")
	k.seen(id, "ready")
	k.stop()
	k.seen(id, "second")
	k.stop() // the first press for this one: it may save for longer than GoNB lets it
	if r := k.wait(id); !strings.HasSuffix(r.stdout, "saving\nsaved\n") {
		t.Errorf("stdout %q", r.stdout)
	} else if name, _ := r.failure(t); name != "interrupted" {
		t.Errorf("error %s", name)
	}
	k.run("!out again").expect(t, "ok")
}

// The request is answered at once on control, and a front end sees that the cell still runs.
func TestStopIsAnswered(t *testing.T) {
	k := start(t)
	id := k.send("!run cell " + trap)
	k.seen(id, "ready")
	stop, err := k.Send(client.Control, "interrupt_request", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	k.wait(stop).expect(t, "ok", "busy", "idle")
	r := k.wait(id)
	if got := strings.Join(r.types, " "); !strings.HasPrefix(got, "busy execute_input stdout busy ") {
		t.Errorf("said %s", got)
	}
}

// A program that does not end gets its time, and is told so; pressed again, the button ends it.
func TestStopTwice(t *testing.T) {
	k := start(t)
	id := k.send("!run cell trap 'echo no' INT; echo ready; while :; do sleep 0.01; done")
	k.seen(id, "ready")
	k.stop()
	k.seen(id, "press stop again")
	k.stop()
	if name, _ := k.wait(id).failure(t); name != "interrupted" {
		t.Errorf("error %s", name)
	}
}

// After its time a program is ended.
func TestGraceEnds(t *testing.T) {
	k := start(t, "FAKE_GRACE=200ms")
	id := k.send("!run cell trap '' INT; echo ready; while :; do sleep 0.01; done")
	k.seen(id, "ready")
	began := time.Now()
	k.stop()
	k.wait(id).failure(t)
	if time.Since(began) < 200*time.Millisecond {
		t.Error("the program had no time to save")
	}
}

// With nothing running the button does nothing; it also ends a cell that only waits for an answer of ours.
func TestStopWithoutProgram(t *testing.T) {
	k := start(t)
	stop, err := k.Send(client.Control, "interrupt_request", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	k.wait(stop).expect(t, "ok", "busy", "idle")
	k.run("!out a").expect(t, "ok")
	id := k.send("slow?")
	for len(k.result(id).types) < 2 {
		k.said = append(k.said, <-k.Output)
	}
	k.stop()
	if name, _ := k.wait(id).failure(t); name != "interrupted" {
		t.Errorf("error %s", name)
	}
	k.run("!out b").expect(t, "ok")
}
