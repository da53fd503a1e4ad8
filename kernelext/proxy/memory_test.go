package proxy

import (
	"strings"
	"testing"
)

// replayed ends GoNB and returns the declarations that the next one is given.
func (k *kernel) replayed() string {
	k.t.Helper()
	k.run("!die").failure(k.t)
	return k.run("!codes").stdout
}

// GoNB keeps the declarations of every cell that it has compiled, however the program ended; so does the kernel, and no others.
func TestDeclarationsThatAreKept(t *testing.T) {
	k := start(t)
	k.run("func kept1() {}").expect(t, "ok")
	k.run("func kept2() {}\n!run cell exit 3").failure(t)
	k.run("func kept3() {}\n!run cell kill -9 $$").failure(t)
	k.run("func lost1() {}\n!fail ./main.go:3:1: undefined: x").failure(t)
	k.run("func lost2() {}\n!fail failed to run goimports: exit status 1").failure(t)
	for _, code := range []string{
		"func kept4() {}\n!run cell echo ready; exec sleep 1000",
		"func kept5() {}\n!run cell " + trap,
		"func lost3() {}\n!run go echo ready; trap '' INT; sleep 1000",
		"func lost4() {}\n!run bash echo ready; sleep 1000", // GoNB leaves the Go code out then, and calls the cell well
	} {
		id := k.send(code)
		k.seen(id, "ready")
		k.stop()
		k.wait(id).failure(t)
	}
	got := k.replayed()
	for _, name := range []string{"kept1", "kept2", "kept3", "kept4", "kept5"} {
		if !strings.Contains(got, "func "+name+"()") {
			t.Errorf("%s is forgotten", name)
		}
	}
	if strings.Contains(got, "lost") {
		t.Error("a declaration is remembered that GoNB does not keep")
	}
	if t.Failed() {
		t.Logf("GoNB was given\n%s", got)
	}
}

// %rm and %reset are obeyed by GoNB before it compiles: also in a cell that fails. After %reset the prelude is run again.
func TestCommandsThatForget(t *testing.T) {
	k := start(t)
	k.run("func a() {}\nfunc b() {}\nfunc c() {}").expect(t, "ok")
	k.run("%rm a").expect(t, "ok")
	k.run("%rm b\n!fail ./main.go:3:1: undefined: x").failure(t)
	if got := k.replayed(); strings.Contains(got, "func a()") || strings.Contains(got, "func b()") || !strings.Contains(got, "func c()") {
		t.Errorf("after %%rm of a and b, GoNB was given\n%s", got)
	}
	for _, tc := range []struct{ code, status string }{{"%reset", "ok"}, {"%reset\n!fail ./main.go:3:1: undefined: x", "error"}} {
		k.run("func d() {}").expect(t, "ok")
		before := strings.Count(k.run("!codes").stdout, "quiet prelude")
		k.run(tc.code).expect(t, tc.status)
		if now := strings.Count(k.run("!codes").stdout, "quiet prelude"); now != before+1 {
			t.Errorf("%q: the prelude was run %d times, %d times before", tc.code, now, before)
		}
		if got := k.replayed(); strings.Contains(got, "func c()") || strings.Contains(got, "func d()") {
			t.Errorf("%q: GoNB was given\n%s", tc.code, got)
		}
	}
}
