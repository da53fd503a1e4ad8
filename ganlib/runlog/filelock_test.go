package runlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A lock is held by one at a time, names its holder, and what a dead process left behind holds nobody up.
func TestLockFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cell.lock")
	must(t, os.WriteFile(path, []byte(`{"pid":1}`), 0o666)) // of a process that was killed
	l, err := LockFile(path)
	must(t, err)
	if _, err := LockFile(path); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), whoHolds(path).String()) {
		t.Errorf("a second lock: %v", err)
	}
	must(t, l.Release())
	if exists(path) {
		t.Error("the file is there after the release")
	}
	if _, err := LockFile(filepath.Join(t.TempDir(), "none", "cell.lock")); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("a lock in a folder that is not there: %v", err)
	}
}

// Files come and go with their holders, and still nobody holds a lock that another has.
func TestLockFileIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cell.lock")
	var holders, most int
	var mu sync.Mutex
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		holders += by
		most = max(most, holders)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for taken := 0; taken < 50; {
				l, err := LockFile(path)
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken++
				count(1)
				count(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if most != 1 {
		t.Errorf("%d held the lock at once", most)
	}
}
