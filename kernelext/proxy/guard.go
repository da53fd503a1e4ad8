package proxy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// guardPatience is how long a kernel may take to end in order when the program that started it is gone.
const guardPatience = 15 * time.Second

// folderName is the pattern of the private folders of a kernel; that of its assistant's gopls is called so, too.
func folderName(pid int) string { return fmt.Sprintf("ganbook-kernel-%d-*", pid) }

// Guard starts a kernel as a process of its own and returns its exit status when it has ended. The kernel has a process
// group of its own, so that Jupyter, killing the process that it started, kills the guard alone: the kernel then ends in
// order. And when the kernel is killed, the guard ends what it has left. Signals are passed on.
func Guard(program string, args ...string) (status int, err error) {
	parent := os.Getppid()
	adoptOrphans()
	runtime.LockOSThread() // the system signals the kernel when the thread that started it ends
	defer runtime.UnlockOSThread()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = guarded()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("proxy: the kernel does not start: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		var told time.Time
		watch := time.NewTicker(watchEvery)
		defer watch.Stop()
		for {
			select {
			case s := <-signals:
				cmd.Process.Signal(s)
			case <-watch.C:
				switch {
				case parent <= 1 || os.Getppid() == parent:
				case told.IsZero():
					told = time.Now()
					cmd.Process.Signal(syscall.SIGTERM)
				case time.Since(told) > guardPatience:
					cmd.Process.Kill()
				}
			case <-ended:
				return
			}
		}
	}()
	err = cmd.Wait()
	close(ended)
	tree := &processes{self: os.Getpid(), group: cmd.Process.Pid}
	tree.end(nil, func() { tree.reap(nil) })
	for _, folder := range shared.Find(os.TempDir(), folderName(cmd.Process.Pid)) { // of a kernel that was killed
		os.RemoveAll(folder)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, fmt.Errorf("proxy: the kernel: %w", err)
	}
	if status := cmd.ProcessState.ExitCode(); status >= 0 {
		return status, nil
	}
	return 1, fmt.Errorf("proxy: the kernel was ended: %v", err)
}
