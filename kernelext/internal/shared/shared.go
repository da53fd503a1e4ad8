// Package shared looks after what several ganbook processes keep in one cache folder: one builds while the others
// wait, and nothing is removed from under a running program.
package shared

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// retry is the pause between two attempts to take a lock that another process holds.
const retry = 100 * time.Millisecond

// Held is a lock that this process has.
type Held struct{ file *os.File }

// Lock takes the lock that a file stands for. It waits while another process has it, after calling waiting once, until ctx ends. A
// process that dies gives its lock back; the file stays. On a file system without locks it returns at once: there, two
// processes may do the same work.
func Lock(ctx context.Context, file string, waiting func()) (*Held, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil, errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOLCK):
			return &Held{f}, nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", file, err)
		}
		if first && waiting != nil {
			waiting()
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
}

// Share lets a program that is about to be started hold the lock, too: should this process be killed, the lock is free
// only once that program has ended.
func (h *Held) Share(cmd *exec.Cmd) { cmd.ExtraFiles = append(cmd.ExtraFiles, h.file) }

// Release gives the lock back.
func (h *Held) Release() { h.file.Close() }

// InUse says whether another process runs with a path, or one below it, in its command line. When the system does not
// tell, it says yes.
func InUse(path string) bool {
	lines, ok := commandLines()
	if !ok {
		return true
	}
	for _, line := range lines {
		for rest := line; ; {
			_, after, found := strings.Cut(rest, path)
			if !found {
				break
			}
			if after == "" || strings.ContainsRune("/ \x00", rune(after[0])) {
				return true
			}
			rest = after
		}
	}
	return false
}

// commandLines lists the command lines of all other processes that this one may see.
func commandLines() (lines []string, ok bool) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	own := fmt.Sprintf("/proc/%d/cmdline", os.Getpid())
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && file != own {
			lines = append(lines, string(text))
		}
	}
	if len(files) > 0 {
		return lines, true
	}
	out, err := exec.Command("ps", "-axww", "-o", "args=").Output() // macOS has no /proc
	for line := range bytes.Lines(out) {
		lines = append(lines, strings.TrimRight(string(line), "\n"))
	}
	return lines, err == nil
}
