package runlog

import (
	"os"
	"syscall"
)

// mapFile maps a file read-only; whole says that all of it will be read. The mapping outlives the file's name, so a
// snapshot in use may be deleted.
func mapFile(path string, whole bool) (data []byte, unmap func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() == 0 || int64(int(info.Size())) != info.Size() || !info.Mode().IsRegular() {
		return nil, nil, &os.PathError{Op: "map", Path: path, Err: syscall.EINVAL}
	}
	flags := syscall.MAP_PRIVATE
	if whole {
		flags |= populate
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, flags)
	if err != nil {
		return nil, nil, &os.PathError{Op: "map", Path: path, Err: err}
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
