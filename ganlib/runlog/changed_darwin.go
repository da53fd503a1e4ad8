package runlog

import "syscall"

// changed is when the state of a file changed last, in nanoseconds.
func changed(s *syscall.Stat_t) int64 { return s.Ctimespec.Nano() }
