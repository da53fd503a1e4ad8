package labtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
)

// mark is a variable in the environment of a kernel, thus of all its programs, by which they are found however they
// were started: a program that left its parent and its session still carries it.
type mark struct{ variable string }

// trace makes a mark. Whatever still carries it when the test ends is killed.
func trace(t *testing.T) mark {
	m := mark{"GANBOOK_LABTEST=" + wire.NewID()}
	t.Cleanup(func() {
		for _, p := range m.processes() {
			if process, err := os.FindProcess(p.pid); err == nil {
				process.Kill()
			}
		}
	})
	return m
}

type process struct {
	pid     int
	command string
}

func (p process) String() string { return fmt.Sprintf("%d (%s)", p.pid, p.command) }

// processes lists what carries the mark and has not ended; nothing where there is no /proc.
func (m mark) processes() (found []process) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environ, err := os.ReadFile(file) // empty for a zombie
		if err != nil || !bytes.Contains(environ, []byte(m.variable)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		found = append(found, process{pid, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))})
	}
	return found
}

// expectGone waits until nothing carries the mark.
func (m mark) expectGone(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Log("not checked for processes left over: there is no /proc")
		return
	}
	var left []process
	if !eventually(func() bool { left = m.processes(); return len(left) == 0 }) {
		t.Errorf("processes are left over: %v", left)
	}
}

// eventually asks until a condition holds, for a minute at most: processes end when the system gets round to it.
func eventually(holds func() bool) bool {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return holds()
}

// usage is what a process holds.
type usage struct {
	files, threads int
	memory         int // resident, kB
}

func (u usage) String() string {
	return fmt.Sprintf("%d files, %d threads, %d MB", u.files, u.threads, u.memory/1024)
}

func use(t *testing.T, pid int) (u usage) {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	u.files = len(files)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Threads":
			fmt.Sscan(value, &u.threads)
		case "VmRSS":
			fmt.Sscan(value, &u.memory)
		}
	}
	return u
}
