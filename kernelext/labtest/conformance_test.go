package labtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// conformanceTests is how many tests jupyter_kernel_test 0.7.0 has; all are to be passed, none skipped.
const conformanceTests = 13

func TestConformance(t *testing.T) {
	interpreter := python(t)
	installed(t)
	root := trace(t)
	script, err := os.Open(filepath.Join("testdata", "conformance.py")) // by the test itself: a changed script makes it run again
	if err != nil {
		t.Fatal(err)
	}
	defer script.Close()
	cmd := exec.CommandContext(t.Context(), interpreter, "-", kernelspec.Name)
	cmd.Env = append(os.Environ(), "JUPYTER_PATH="+jupyterDir, root.variable, "JUPYTER_RUNTIME_DIR="+t.TempDir(),
		"JUPYTER_CONFIG_DIR="+t.TempDir(), "JUPYTER_DATA_DIR="+t.TempDir(), "IPYTHONDIR="+t.TempDir())
	cmd.WaitDelay = 5 * time.Second
	var log bytes.Buffer
	cmd.Stdin, cmd.Stderr = script, &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, log.Bytes())
	}
	passed := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var result struct {
			Test, Outcome, Why string
			Seconds            float64
		}
		if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		t.Run(result.Test, func(t *testing.T) {
			if result.Outcome != "pass" {
				t.Errorf("%s after %.1f s: %s", result.Outcome, result.Seconds, result.Why)
				return
			}
			passed++
		})
	}
	t.Logf("jupyter_kernel_test: %d of %d", passed, conformanceTests)
	if passed != conformanceTests {
		t.Errorf("%d tests passed, want all %d; the kernel said:\n%.4000s", passed, conformanceTests, log.Bytes())
	}
	root.expectGone(t)
}
