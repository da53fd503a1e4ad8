//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// diskFree returns how many bytes an ordinary user may still write to the file system of a folder.
func diskFree(dir string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
