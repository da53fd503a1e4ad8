package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// FileLock is an exclusive hold on some work that several processes share, such as a cell of a grid. It is a lock of the
// operating system on an open file, so it ends with the process however that ends, and a file that a dead process left
// holds nobody up.
type FileLock struct {
	path string
	file *os.File
}

// LockFile takes a lock by a file of this name, which is made if it is not there. The error wraps ErrLocked and names the
// holder while another process, or another caller in this one, has it.
func LockFile(path string) (*FileLock, error) {
	for {
		file, err := lockExclusive(path)
		switch {
		case errors.Is(err, errHeld):
			return nil, &heldFile{path, whoHolds(path)}
		case errors.Is(err, os.ErrNotExist) && exists(filepath.Dir(path)):
			continue // its holder removed it between opening and locking
		case err != nil:
			return nil, fmt.Errorf("runlog: cannot lock %s: %w; it must be on a writable disk whose file system has locks", path, err)
		}
		host, _ := os.Hostname()
		text, _ := json.Marshal(Holder{os.Getpid(), host, time.Now().UTC()})
		if err := file.Truncate(0); err == nil {
			file.WriteAt(append(text, '\n'), 0) // the lock holds without its text, which a full disk may refuse
		}
		return &FileLock{path, file}, nil
	}
}

// Release gives the lock back and removes its file, which happens under the lock, so that nobody else's is removed.
func (l *FileLock) Release() error {
	return errors.Join(os.Remove(l.path), l.file.Close())
}

// heldFile is the error of a lock that somebody has.
type heldFile struct {
	path   string
	holder Holder
}

func (h *heldFile) Error() string {
	return fmt.Sprintf("%s is locked by another process (%s)", h.path, h.holder)
}

func (h *heldFile) Unwrap() error { return ErrLocked }
