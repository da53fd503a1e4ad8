package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// console writes lines, and below them one progress line that is rewritten in place on a terminal. In a log, progress
// is a plain line every ten seconds. It is an io.Writer for warnings, safe for several goroutines.
type console struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	progress string // what stands in the last line of the terminal
	next     time.Time
	partial  string // written without its newline yet
}

func newConsole(w io.Writer) *console { return &console{w: w, terminal: isTerminal(w)} }

// Pauses between progress lines on a terminal and in a log.
const (
	terminalPause = 250 * time.Millisecond
	logPause      = 10 * time.Second
)

// Line writes a whole line above the progress line.
func (c *console) Line(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(fmt.Sprintf(format, args...))
}

func (c *console) line(text string) {
	c.erase()
	fmt.Fprintln(c.w, text)
}

// Due says whether it is time for another progress line, so that nobody formats one for nothing.
func (c *console) Due(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next.IsZero() {
		c.next = now.Add(c.pause())
		return c.terminal
	}
	return !now.Before(c.next)
}

func (c *console) pause() time.Duration {
	if c.terminal {
		return terminalPause
	}
	return logPause
}

// Progress shows the state of the work.
func (c *console) Progress(now time.Time, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = now.Add(c.pause())
	if !c.terminal {
		fmt.Fprintln(c.w, text)
		return
	}
	c.erase()
	fmt.Fprint(c.w, text)
	c.progress = text
}

// Clear takes the progress line away.
func (c *console) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.erase()
}

func (c *console) erase() {
	if c.progress != "" {
		fmt.Fprintf(c.w, "\r%s\r", strings.Repeat(" ", len(c.progress)))
		c.progress = ""
	}
}

// Write takes text of others, line by line.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := strings.Split(c.partial+string(p), "\n")
	for _, l := range lines[:len(lines)-1] {
		c.line(l)
	}
	c.partial = lines[len(lines)-1]
	return len(p), nil
}

// isTerminal says whether somebody sits in front of a writer.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminalFile(f)
}

// isTerminalFile takes every character device but the null device for a terminal.
func isTerminalFile(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
