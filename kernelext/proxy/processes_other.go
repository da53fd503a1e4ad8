//go:build !linux

package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// look is how often processes are looked at while something is being stopped; each look runs ps.
const look = 100 * time.Millisecond

// diesWithUs: other systems cannot end a process with its parent; the kernel's end does it.
func diesWithUs() *syscall.SysProcAttr { return nil }

// guarded gives the kernel a group of its own; that the guard is gone it sees itself.
func guarded() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// adoptOrphans: orphans are found by their process group.
func adoptOrphans() {}

// listProcesses asks ps.
func listProcesses() (all []process) {
	out, err := exec.Command("ps", "-axo", "pid=,ppid=,pgid=,state=,comm=").Output()
	if err != nil {
		return nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var q process
		var state string
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		if n, _ := fmt.Sscan(strings.Join(fields[:4], " "), &q.pid, &q.parent, &q.group, &state); n == 4 {
			q.zombie, q.name = strings.HasPrefix(state, "Z"), filepath.Base(strings.Join(fields[4:], " "))
			all = append(all, q)
		}
	}
	return all
}

// isDetached says whether a process is a training that was detached.
func isDetached(pid int) bool {
	out, err := exec.Command("ps", "-E", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && bytes.Contains(out, []byte(" GANBOOK_DETACHED="))
}

// reap: nothing is adopted here.
func (t *processes) reap(own []int) {}
