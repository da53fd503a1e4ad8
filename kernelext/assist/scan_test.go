package assist

import (
	"strings"
	"testing"
)

// A cell does not wait for the first look at all packages: before that, nothing is known of them, and the compiler is asked.
func TestPrepareBeforeTheScan(t *testing.T) {
	a := &Assistant{index: &index{scanned: make(chan struct{})}}
	a.memory.Packages = a.index
	if p := a.Prepare("kernelext.Markdown(1)"); p.Plain == "" || !strings.Contains(p.Code, "kernelext.Markdown(1)") {
		t.Errorf("prepared as %+v, want one that may have no value", p)
	}
}
