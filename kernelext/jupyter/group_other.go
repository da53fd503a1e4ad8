//go:build !linux

package jupyter

import "syscall"

// ownGroup keeps Ctrl-C in a terminal from reaching the server, which would ask its user back.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
