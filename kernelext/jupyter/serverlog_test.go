package jupyter

import (
	"strings"
	"testing"
)

func TestServerLog(t *testing.T) {
	var shown strings.Builder
	l := &serverLog{to: &shown}
	for _, part := range []string{"[W 2026-11-25 ServerApp] one\n  more of it\nI1125 22:36:27.992701    9017 goexec.go:209] GoNB: jupyter root", " in /x\n",
		"E1125 22:36:27.992701    9017 x.go:1] no gopls\n", "\nInstall it\n", "[E 2026-11-25 ServerApp] tw", "o\nganbook-kernel: three\nI think\n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	l.close()
	l.Write([]byte("[C] received signal 15, stopping\n"))
	if want := "[W 2026-11-25 ServerApp] one\n  more of it\n[E 2026-11-25 ServerApp] two\nganbook-kernel: three\nI think\n"; shown.String() != want {
		t.Errorf("shown %q, want %q", shown.String(), want)
	}
}
