package labtest

import (
	"encoding/json"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
)

// completions are what can stand at the end of a cell.
func (k *kernel) completions(t *testing.T, code string) []string {
	t.Helper()
	id, err := k.Send(client.Shell, "complete_request", map[string]any{"code": code, "cursor_pos": len(code)})
	if err != nil {
		t.Fatal(err)
	}
	r := k.await(t, id, "an answer", func(r record) bool { return len(r.replies) > 0 })
	var reply struct{ Matches []string }
	if err := json.Unmarshal(r.replies[0].Content, &reply); err != nil {
		t.Fatal(err)
	}
	return reply.Matches
}

// What GoNB knows, completion knows, and a new GoNB is told: also what a cell declared that failed while it ran.
func TestDeclarationsOfFailedCells(t *testing.T) {
	k := start(t)
	k.run(t, "func keptOne() int { return 7 }\npanic(\"after it was compiled\")").expectFailure(t, "after it was compiled")
	k.run(t, "func lostOne() int { return 8 }\nnoSuchName()").expectFailure(t, "noSuchName")
	for name, want := range map[string]bool{"keptOne": true, "lostOne": false} {
		if got := k.completions(t, name[:5]); slices.Contains(got, name) != want {
			t.Errorf("%s is completed: %v, want %v: %q", name, !want, want, got)
		}
	}
	for _, p := range k.processes() {
		if strings.Contains(p.command, "gonb --kernel") {
			syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	if got := k.run(t, "fmt.Print(keptOne())"); got.status == "ok" && got.stdout != "7" || got.status != "ok" && !strings.Contains(got.traceback, "GoNB") {
		t.Errorf("status %q, stdout %q, errors %q", got.status, got.stdout, got.errors)
	}
	if got := k.run(t, "fmt.Print(keptOne())"); got.stdout != "7" {
		t.Errorf("in a new GoNB: status %q, stdout %q, errors %q", got.status, got.stdout, got.errors)
	}
}

// A failure in a function of an earlier cell names that cell and its line as the user wrote it.
func TestFailureInAnEarlierCell(t *testing.T) {
	k := start(t)
	if got := k.run(t, "x := 41\nfunc deep(n int) int {\n\treturn 1 / n\n}\nx + 1"); got.status != "ok" {
		t.Fatalf("errors %q", got.errors)
	}
	const want = "cell [1], line 3, in deep:\n    \treturn 1 / n\nline 1:"
	var got result
	for range 10 { // GoNB finds no place in a line that comes in pieces, as on a busy machine some do
		got = k.run(t, "fmt.Println(deep(0))")
		got.expectFailure(t, "integer divide by zero")
		if strings.Contains(got.traceback, want) {
			return
		}
	}
	t.Errorf("the traceback lacks %q:\n%s", want, got.traceback)
}

// %rm and %reset forget everywhere, also in a cell that fails; what every notebook begins with is there again after %reset.
func TestForgetting(t *testing.T) {
	k := start(t)
	for _, tc := range []struct{ forget, message string }{
		{"%rm gone", ""},
		{"%reset", ""},
		{"%reset\nnoSuchName()", "noSuchName"},
	} {
		if got := k.run(t, "func gone() int { return 7 }\ngone();"); got.status != "ok" {
			t.Fatalf("status %q, errors %q", got.status, got.errors)
		}
		if got := k.completions(t, "gon"); !slices.Contains(got, "gone") {
			t.Errorf("before %q completion does not know gone: %q", tc.forget, got)
		}
		if got := k.run(t, tc.forget); tc.message != "" {
			got.expectFailure(t, tc.message)
		} else if got.status != "ok" {
			t.Errorf("%q: errors %q", tc.forget, got.errors)
		}
		if got := k.completions(t, "gon"); slices.Contains(got, "gone") {
			t.Errorf("after %q completion still knows gone: %q", tc.forget, got)
		}
		k.run(t, "fmt.Println(gone())").expectFailure(t, "gone")
		// math/rand has no N, math/rand/v2 of the prelude has.
		if got := k.run(t, "fmt.Println(rand.N(1), kernelext.Context != nil)"); got.stdout != "0 true\n" {
			t.Errorf("after %q: stdout %q, errors %q", tc.forget, got.stdout, got.errors)
		}
	}
}
