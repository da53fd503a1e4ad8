package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// A training started elsewhere is listed with its process and its command, and stopped with a snapshot.
func TestRunsStop(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	cmd := exec.Command(os.Args[0], "run", "dcgan", "--scale=smoke", "--images=1000000", "--out", root)
	cmd.Env = append(os.Environ(), "GANBOOK_TEST_AS_PROGRAM=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	dir := filepath.Join(root, "00001-dcgan")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if run, err := runlog.Open(dir); err == nil {
			if points, _ := run.Points(); len(points) > 2 {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the training does not begin")
		}
	}
	line := events(t, mustCall(t, "runs", "list", "--json", "--runs", root))[0]
	if line["status"] != "running" || line["pid"] != float64(cmd.Process.Pid) || !strings.HasPrefix(line["from"].(string), "ganbook run dcgan") {
		t.Errorf("listed as %v", line)
	}
	// Also where other runs are listed: the folder is one of the checkout.
	t.Setenv("GANBOOK_ROOT", filepath.Dir(root))
	if out := mustCall(t, "runs", "--runs", filepath.Join(t.TempDir(), "none")); !strings.Contains(out, dir+" is running in process") {
		t.Errorf("elsewhere:\n%s", out)
	}
	out := mustCall(t, "runs", "stop", "1", "--runs", root)
	if !strings.Contains(out, "newest snapshot is that after") || !strings.Contains(out, "resume "+dir) {
		t.Errorf("%q", out)
	}
	<-ended
	if out := mustCall(t, "runs", "--runs", root); !strings.Contains(out, "stopped") {
		t.Errorf("after the stop:\n%s", out)
	}
	for _, name := range []string{"1", "2"} {
		status, _, message := call(t, "runs", "stop", name, "--runs", root)
		if status != statusUsage || !strings.Contains(message, map[string]string{"1": "it is not running (stopped)", "2": "there is no training"}[name]) {
			t.Errorf("stop %s: status %d, %s", name, status, message)
		}
	}
}
