package runlog

import (
	"errors"
	"os"
	"syscall"
)

func lockExclusive(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := flock(f, syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	// The file may have been deleted with its run between opening and locking.
	if mine, err := f.Stat(); err == nil {
		if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: os.ErrNotExist}
		}
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errHeld
		case err != nil:
			return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		return nil
	}
}

// held reports whether some process writes the run. The shared lock it takes to find out is given back at once.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH), errHeld)
}
