// Package client starts a kernel and talks to it as a Jupyter front end does, without Python.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

const (
	startTimeout    = time.Minute
	shutdownTimeout = 3 * time.Second
)

// ErrExited is the error of a kernel that ended by itself.
var ErrExited = errors.New("the kernel ended")

// Client is a running kernel process and the sockets to it. Somebody must receive from Replies and Output, or call
// Do, while the kernel works: what is not received holds the kernel up in the end.
type Client struct {
	Connection wire.Connection
	Session    string
	Language   map[string]any      // language_info of its kernel_info_reply
	Replies    <-chan wire.Message // of shell and control
	Output     <-chan wire.Message // of iopub

	cmd     *exec.Cmd
	dir     string // temporary: connection file, log, and the kernel's own temporary files
	exited  chan struct{}
	exitErr error // after exited

	stop    context.CancelFunc // of those who wait to hand on a message
	sockets [Control + 1]*zmtp.Socket
	iopub   *zmtp.Socket
}

// Start starts a kernel in a folder, with NAME=value added to its environment, and returns when it answers and its
// output can be seen. A kernel that ends at once is started again, up to five times in all: another program may
// have taken a port. The error holds the end of the kernel's log.
func Start(ctx context.Context, spec kernelspec.Spec, folder string, env ...string) (*Client, error) {
	c, err := tryStart(ctx, spec, folder, env)
	for again := 0; again < 4 && errors.Is(err, ErrExited) && ctx.Err() == nil; again++ {
		c, err = tryStart(ctx, spec, folder, env)
	}
	return c, err
}

func tryStart(ctx context.Context, spec kernelspec.Spec, folder string, env []string) (*Client, error) {
	connection, err := wire.NewConnection()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ganbook-kernel-")
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &Client{Connection: connection, Session: wire.NewID(), dir: dir, exited: make(chan struct{})}
	if err := c.launch(spec, folder, env); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("client: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("the kernel did not answer within %v", startTimeout))
	defer cancel()
	if err := c.connect(ctx); err != nil {
		log := c.logTail()
		c.Close()
		return nil, fmt.Errorf("client: %w\n%s", err, log)
	}
	return c, nil
}

// launch starts the process in a group of its own, so that it can be ended together with the cells' programs.
func (c *Client) launch(spec kernelspec.Spec, folder string, env []string) error {
	if len(spec.Argv) == 0 {
		return errors.New("the kernel's spec names no program; install it with ./ganbook setup")
	}
	file, err := c.Connection.Write(c.dir, "kernel-"+wire.NewID()+".json")
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, "kernel.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	argv := make([]string, len(spec.Argv))
	for i, a := range spec.Argv {
		argv[i] = strings.ReplaceAll(a, "{connection_file}", file)
	}
	c.cmd = exec.Command(argv[0], argv[1:]...)
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = folder, log, log
	c.cmd.Env = append(append(spec.Environ(os.Environ()), env...), "TMPDIR="+c.dir)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the kernel: %w; mend it with ./ganbook setup", err)
	}
	go func() {
		c.exitErr = c.cmd.Wait()
		close(c.exited)
	}()
	return nil
}

// Pid is the process that was started; it leads a process group of its own.
func (c *Client) Pid() int { return c.cmd.Process.Pid }

// Exited is closed when the process has ended; Err then says how.
func (c *Client) Exited() <-chan struct{} { return c.exited }

// Err is ErrExited with the way the process ended, nil while it runs.
func (c *Client) Err() error {
	select {
	case <-c.exited:
		return fmt.Errorf("%w: %v", ErrExited, c.exitErr)
	default:
		return nil
	}
}

// Close asks the kernel to end, then kills whatever is left of its process group, and removes its files.
func (c *Client) Close() {
	if c.Language != nil { // it has answered, so there is somebody to ask
		c.Send(Control, "shutdown_request", map[string]bool{"restart": false})
		select {
		case <-c.exited:
		case <-time.After(shutdownTimeout):
		}
	}
	syscall.Kill(-c.Pid(), syscall.SIGKILL)
	<-c.exited
	if c.stop != nil {
		c.stop()
	}
	for _, s := range append(c.sockets[:], c.iopub) {
		if s != nil {
			s.Close(0)
		}
	}
	os.RemoveAll(c.dir)
}

// logTail is the end of what the kernel wrote to its log, for the error of a kernel that does not start.
func (c *Client) logTail() string {
	f, err := os.Open(filepath.Join(c.dir, "kernel.log"))
	if err != nil {
		return ""
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		f.Seek(max(0, size-4000), io.SeekStart)
	}
	text, _ := io.ReadAll(f)
	return strings.TrimSpace(string(text))
}
