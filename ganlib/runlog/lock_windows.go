package runlog

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is ERROR_SHARING_VIOLATION.
const sharingViolation = syscall.Errno(32)

// lockExclusive opens the file for writing and lets others only read it until it is closed.
func lockExclusive(path string) (*os.File, error) {
	f, err := open(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.OPEN_ALWAYS)
	if errors.Is(err, sharingViolation) {
		return nil, errHeld
	}
	return f, err
}

func open(path string, access, disposition uint32) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	h, err := syscall.CreateFile(name, access, syscall.FILE_SHARE_READ, nil, disposition, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// held reports whether some process writes the run: then the file cannot be opened without sharing writes.
func held(path string) bool {
	f, err := open(path, syscall.GENERIC_READ, syscall.OPEN_EXISTING)
	if err == nil {
		f.Close()
	}
	return errors.Is(err, sharingViolation)
}
