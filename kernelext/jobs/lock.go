package jobs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock opens a file and locks it for this process and those that inherit the open file; it waits for whoever has it.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w; runs must be in a folder that you can write", err)
	}
	if err := flock(f, syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("jobs: cannot lock %s: %w; runs must be on a disk whose file system has locks", path, err)
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// held reports whether some process has the lock. The shared lock it takes to find out is given back at once.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
