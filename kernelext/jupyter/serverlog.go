package jupyter

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// serverLog passes on what a server and its kernels write, line by line, except what GoNB tells of its daily work, and until the
// server is told to end: what it says of that, its user knows.
type serverLog struct {
	mu      sync.Mutex
	to      io.Writer // nil: nobody
	partial []byte
	closed  bool
}

// daily matches the lines of level "info" in GoNB's log.
var daily = regexp.MustCompile(`^I\d{4} \d\d:\d\d:\d\d\.\d+ `)

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, p...)
	for {
		end := bytes.IndexByte(l.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := l.partial[:end+1]
		l.partial = l.partial[end+1:]
		if l.to != nil && !l.closed && !daily.Match(line) {
			if _, err := l.to.Write(line); err != nil {
				l.to = nil // nobody reads it any more; the server goes on
			}
		}
	}
}

func (l *serverLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}
