package data

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file read-only. The mapping lives as long as the process: images of it may be anywhere.
func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}
