package jupyter

import "syscall"

// ownGroup keeps Ctrl-C in a terminal from reaching the server, which would ask its user back; should this process be
// killed, the system ends the server.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
