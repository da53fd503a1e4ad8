package proxy

import (
	"os"
	"strings"
	"syscall"
	"time"
)

// process is one of the processes below the kernel.
type process struct {
	pid, parent, group int
	zombie             bool
	name               string // of its program, without folders
}

// processes sees what runs below the kernel and signals it. Trainings that were detached are left alone.
type processes struct {
	self  int
	group int // of the kernel; it is the leader
}

// newProcesses makes the kernel the leader of a process group, and where the system can, the parent of those whose
// parent ends: what is started below it then stays in sight.
func newProcesses() *processes {
	if syscall.Getpgrp() != os.Getpid() {
		syscall.Setpgid(0, 0) // fails only for a session's leader, which leads its group already
	}
	adoptOrphans()
	return &processes{self: os.Getpid(), group: syscall.Getpgrp()}
}

// below returns the processes below one, parents before children, without detached ones and what is below those.
func below(all []process, root int) (found []process) {
	children := map[int][]process{}
	for _, q := range all {
		children[q.parent] = append(children[q.parent], q)
	}
	queue := []int{root}
	for len(queue) > 0 {
		for _, q := range children[queue[0]] {
			if !q.zombie && isDetached(q.pid) {
				continue
			}
			found = append(found, q)
			queue = append(queue, q.pid)
		}
		queue = queue[1:]
	}
	return found
}

// left returns all that the kernel started and that still runs, besides the processes to be kept and what is below
// them: also those whose parent ended, when they are still of the kernel's group.
func (t *processes) left(keep ...int) (found []process) {
	all := listProcesses()
	kept := map[int]bool{t.self: true}
	for _, pid := range keep {
		kept[pid] = true
		for _, q := range below(all, pid) {
			kept[q.pid] = true
		}
	}
	seen := map[int]bool{}
	add := func(list []process) {
		for _, q := range list {
			if !kept[q.pid] && !seen[q.pid] && !q.zombie {
				seen[q.pid] = true
				found = append(found, q)
			}
		}
	}
	add(below(all, t.self))
	for _, q := range all {
		if q.group == t.group && !isDetached(q.pid) {
			add([]process{q})
		}
	}
	return found
}

// end kills what is left, besides the processes to be kept. A process may start another one while it is being killed,
// hence the rounds.
func (t *processes) end(keep []int, reap func()) {
	for range 50 {
		left := t.left(keep...)
		if len(left) == 0 {
			return
		}
		signalAll(left, syscall.SIGKILL)
		time.Sleep(2 * time.Millisecond)
		reap()
	}
}

// task is what GoNB does for a cell.
type task int

const (
	nothing task = iota
	tool         // go, the compiler, goimports: ended without being asked
	command      // a line of the cell for the shell, by whatever name
	program      // the cell's program, which GoNB calls gonb_ and its own id
)

// running says what GoNB does now, and returns the processes that do it.
func (t *processes) running(gonb int) (what task, found []process) {
	all := listProcesses()
	found = below(all, gonb)
	for _, q := range found {
		if q.parent != gonb || q.zombie {
			continue
		}
		switch {
		case q.name == "go" || q.name == "goimports" || q.name == "gopls":
			what = max(what, tool)
		case strings.HasPrefix(q.name, "gonb_"):
			what = max(what, program)
		default:
			what = max(what, command)
		}
	}
	return what, found
}

// signal sends a signal to processes; one that has ended meanwhile is no error.
func signalAll(to []process, s syscall.Signal) {
	for _, q := range to {
		if q.pid > 1 && !q.zombie {
			syscall.Kill(q.pid, s)
		}
	}
}
