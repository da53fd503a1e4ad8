package proxy

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// look is how often processes are looked at while something is being stopped.
const look = 10 * time.Millisecond

// diesWithUs lets a process be killed by the system when the thread that starts it ends.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// guarded gives the kernel a group of its own, and lets the system end it in order when the guard ends.
func guarded() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// adoptOrphans makes processes whose parent ends children of ours instead of the system's.
func adoptOrphans() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// listProcesses reads /proc.
func listProcesses() (all []process) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
		if open < 0 || end < open {
			continue
		}
		q := process{pid: pid, name: string(stat[open+1 : end])}
		var state byte
		if n, _ := fmt.Sscanf(string(stat[end+1:]), " %c %d %d", &state, &q.parent, &q.group); n == 3 {
			q.zombie = state == 'Z'
			all = append(all, q)
		}
	}
	return all
}

// isDetached says whether a process is a training that was detached.
func isDetached(pid int) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && (bytes.HasPrefix(env, []byte("GANBOOK_DETACHED=")) || bytes.Contains(env, []byte("\x00GANBOOK_DETACHED=")))
}

// reap takes leave of adopted processes that have ended; the others are waited for by who started them.
func (t *processes) reap(own []int) {
	for _, q := range listProcesses() {
		if q.zombie && q.parent == t.self && !slices.Contains(own, q.pid) {
			var status syscall.WaitStatus
			syscall.Wait4(q.pid, &status, syscall.WNOHANG, nil)
		}
	}
}
