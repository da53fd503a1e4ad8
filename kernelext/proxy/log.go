package proxy

import (
	"fmt"
	"io"
	"sync"
)

// logger writes lines, and remembers the last ones of GoNB for the message that it has ended.
type logger struct {
	mu   sync.Mutex
	to   io.Writer
	tail []byte
}

const tailSize = 4000 // bytes

func newLogger(to io.Writer) *logger {
	if to == nil {
		to = io.Discard
	}
	return &logger{to: to}
}

func (l *logger) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.to, "ganbook-kernel: "+format+"\n", args...)
}

// Write takes what GoNB writes to its stdout and stderr.
func (l *logger) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, text...)
	if len(l.tail) > tailSize {
		l.tail = append([]byte{}, l.tail[len(l.tail)-tailSize:]...)
	}
	l.to.Write(text) // a log that cannot be written must not end the kernel
	return len(text), nil
}

// takeTail returns the last words of GoNB and forgets them.
func (l *logger) takeTail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := string(l.tail)
	l.tail = nil
	return text
}
