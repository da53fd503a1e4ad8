package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// lock is the writer's exclusive hold on a run. It is a lock of the operating system on an open file, so it ends with
// the process however that ends; the file's text only tells others who holds it.
type lock struct{ file *os.File }

// Holder is the process that writes a run, as the lock file says it.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"` // when the lock was taken
}

// String names process and host.
func (h Holder) String() string {
	if h.PID == 0 {
		return "holder unknown"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Started.Local().Format(time.DateTime))
}

// Holder returns the process that writes the run; ok is false when none does. A lock file without its text, which a full
// disk may have refused, gives the zero Holder.
func (r *Run) Holder() (h Holder, ok bool) {
	path := r.path(lockFile)
	if !held(path) {
		return Holder{}, false
	}
	return whoHolds(path), true
}

// errHeld is what lockFileExclusive returns when another open file holds the lock.
var errHeld = errors.New("locked")

// ErrLocked is wrapped by the error of Resume and Delete on a run that another process writes.
var ErrLocked = errors.New("the run is being written by another process")

// acquire takes the lock. It tries for a moment, since a reader that asks for the state of the run holds it briefly.
func acquire(path string) (*lock, error) {
	var file *os.File
	var err error
	for try := range 20 {
		if try > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if file, err = lockExclusive(path); !errors.Is(err, errHeld) {
			break
		}
	}
	if errors.Is(err, errHeld) {
		return nil, fmt.Errorf("runlog: %w (%s, lock %s); wait for it or stop it", ErrLocked, whoHolds(path), path)
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: cannot lock the run: %w; runs must be on a writable disk whose file system has locks", err)
	}
	host, _ := os.Hostname()
	text, _ := json.Marshal(Holder{os.Getpid(), host, time.Now().UTC()})
	if err := file.Truncate(0); err == nil {
		file.WriteAt(append(text, '\n'), 0) // the lock holds without its text, which a full disk may refuse
	}
	return &lock{file}, nil
}

func whoHolds(path string) Holder {
	f, err := os.Open(path)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	var h Holder
	b, _ := io.ReadAll(io.LimitReader(f, 4096))
	if json.Unmarshal(b, &h) != nil {
		return Holder{}
	}
	return h
}

// release gives the lock back; closing the file does it.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
