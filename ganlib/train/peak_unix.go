//go:build unix

package train

import (
	"runtime"
	"syscall"
)

// peakMemory is the most memory this process has held, in bytes; 0 where the system does not say.
func peakMemory() int64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(used.Maxrss) // in bytes there, in kB elsewhere
	}
	return int64(used.Maxrss) << 10
}
