//go:build !unix

package data

import (
	"io"
	"os"
)

// mapFile reads the file where the system has no mmap that we use.
func mapFile(f *os.File, size int) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), b)
	return b, err
}
