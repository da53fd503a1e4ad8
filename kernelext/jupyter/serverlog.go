package jupyter

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// serverLog passes on, line by line, what a server says, and our kernel's own words, until the server is told to end: what it says of that,
// its user knows. GoNB's log it keeps back: its errors are shown in cells, and some of its advice is wrong here (to install gopls).
type serverLog struct {
	mu      sync.Mutex
	to      io.Writer // nil: nobody
	partial []byte
	gonb    bool // the entry that the last line belongs to is GoNB's
	closed  bool
}

// The first lines of entries: GoNB's, and those of the others.
var (
	gonbEntry  = regexp.MustCompile(`^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ `)
	otherEntry = regexp.MustCompile(`^(\[[A-Z] |ganbook-kernel: |Traceback )`)
)

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
		if gonbEntry.Match(line) {
			l.gonb = true
		} else if otherEntry.Match(line) {
			l.gonb = false
		}
		if l.to != nil && !l.closed && !l.gonb {
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
