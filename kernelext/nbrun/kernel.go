package nbrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
)

const (
	startTimeout    = time.Minute
	shutdownTimeout = 3 * time.Second
)

// kernel is a running kernel process and the sockets to it.
type kernel struct {
	cmd     *exec.Cmd
	dir     string // temporary: connection file, log, and the kernel's own temporary files
	exited  chan struct{}
	exitErr error // after exited

	key            []byte
	session        string
	stop           context.CancelFunc // of the sockets
	shell, control zmq4.Socket
	replies, iopub chan wire.Message
	language       map[string]any // language_info of its kernel_info_reply
}

// startKernel starts a kernel in a folder and returns when it answers and its output can be seen. Free ports may
// be taken by another program before the kernel listens, hence the second attempt.
func startKernel(ctx context.Context, spec kernelspec.Spec, folder string, env []string) (*kernel, error) {
	k, err := tryStart(ctx, spec, folder, env)
	if errors.Is(err, errExited) && ctx.Err() == nil {
		k, err = tryStart(ctx, spec, folder, env)
	}
	return k, err
}

var errExited = errors.New("the kernel ended")

func tryStart(ctx context.Context, spec kernelspec.Spec, folder string, env []string) (*kernel, error) {
	c, err := wire.NewConnection()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nbrun-")
	if err != nil {
		return nil, err
	}
	k := &kernel{dir: dir, exited: make(chan struct{}), key: []byte(c.Key), session: wire.NewID(),
		replies: make(chan wire.Message, 64), iopub: make(chan wire.Message, 1024)}
	if err := k.launch(spec, c, folder, env); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("the kernel did not answer within %v", startTimeout))
	defer cancel()
	if err = k.connect(ctx, c); err == nil {
		err = k.waitUntilReady(ctx)
	}
	if err != nil {
		log := k.logTail()
		k.close()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return k, nil
}

// launch starts the process in a group of its own, so that it can be ended together with the cells' programs.
func (k *kernel) launch(spec kernelspec.Spec, c wire.Connection, folder string, env []string) error {
	file, err := c.Write(k.dir, "kernel-"+wire.NewID()+".json")
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(k.dir, "kernel.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	argv := make([]string, len(spec.Argv))
	for i, a := range spec.Argv {
		argv[i] = strings.ReplaceAll(a, "{connection_file}", file)
	}
	k.cmd = exec.Command(argv[0], argv[1:]...)
	k.cmd.Dir, k.cmd.Stdout, k.cmd.Stderr = folder, log, log
	k.cmd.Env = append(spec.Environ(os.Environ()), append(env, "TMPDIR="+k.dir)...)
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := k.cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the kernel: %w; mend it with ./ganbook setup", err)
	}
	go func() {
		k.exitErr = k.cmd.Wait()
		close(k.exited)
	}()
	return nil
}

func (k *kernel) connect(ctx context.Context, c wire.Connection) error {
	sockets, stop := context.WithCancel(context.Background())
	k.stop = stop
	identity := zmq4.WithID(zmq4.SocketIdentity(k.session))
	once := zmq4.WithDialerMaxRetries(0)
	k.shell, k.control = zmq4.NewDealer(sockets, identity, once), zmq4.NewDealer(sockets, identity, once)
	iopub := zmq4.NewSub(sockets, once)
	if err := iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return err
	}
	for port, s := range map[int]zmq4.Socket{c.Shell: k.shell, c.Control: k.control, c.IOPub: iopub} {
		for s.Dial(c.Address(port)) != nil {
			select {
			case <-time.After(10 * time.Millisecond): // the kernel does not listen yet
			case <-k.exited:
				return fmt.Errorf("%w before it could be reached: %v", errExited, k.exitErr)
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	go k.receive(sockets, k.shell, k.replies)
	go k.receive(sockets, iopub, k.iopub)
	return nil
}

// receive hands messages on until the socket is closed; what is not signed with our key is no message of ours.
func (k *kernel) receive(ctx context.Context, s zmq4.Socket, to chan<- wire.Message) {
	for {
		raw, err := s.Recv()
		if err != nil {
			return
		}
		if m, err := wire.Decode(k.key, raw.Frames); err == nil {
			select {
			case to <- m:
			case <-ctx.Done():
				return
			}
		}
	}
}

// waitUntilReady asks for kernel_info until the "idle" that follows is seen on iopub: only then is it certain
// that no output will be missed, because a subscription takes effect some time after it was made.
func (k *kernel) waitUntilReady(ctx context.Context) error {
	asked := map[string]bool{}
	again := time.NewTimer(0)
	for seen := false; !seen || k.language == nil; {
		select {
		case <-again.C:
			id, err := k.send(k.shell, "kernel_info_request", struct{}{})
			if err != nil {
				return err
			}
			asked[id] = true
			again.Reset(250 * time.Millisecond)
		case m := <-k.replies:
			var c struct {
				Language map[string]any `json:"language_info"`
			}
			if json.Unmarshal(m.Content, &c) == nil {
				k.language = c.Language
			}
		case m := <-k.iopub:
			seen = seen || asked[m.Parent.ID] && isIdle(m)
		case <-k.exited:
			return fmt.Errorf("%w while starting: %v", errExited, k.exitErr)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (k *kernel) send(s zmq4.Socket, messageType string, content any) (id string, err error) {
	m, err := wire.New(k.session, messageType, nil, content)
	if err != nil {
		return "", err
	}
	if err := s.SendMulti(zmq4.NewMsgFrom(m.Encode(k.key)...)); err != nil {
		return "", fmt.Errorf("%s: %w", messageType, err)
	}
	return m.Header.ID, nil
}

func (k *kernel) execute(code string) (id string, err error) {
	return k.send(k.shell, "execute_request", map[string]any{"code": code, "silent": false, "store_history": true,
		"user_expressions": struct{}{}, "allow_stdin": false, "stop_on_error": true})
}

// interrupt is the stop button. GoNB passes it on as SIGINT and kills the cell's program five seconds later.
func (k *kernel) interrupt() {
	k.send(k.control, "interrupt_request", struct{}{}) // a kernel that cannot be told is killed by close
}

// close asks the kernel to end, then kills whatever is left of its process group, and removes its files.
func (k *kernel) close() {
	if k.language != nil { // it has answered, so there is somebody to ask
		k.send(k.control, "shutdown_request", map[string]bool{"restart": false})
		select {
		case <-k.exited:
		case <-time.After(shutdownTimeout):
		}
	}
	syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL)
	<-k.exited
	if k.stop != nil {
		k.stop()
	}
	os.RemoveAll(k.dir)
}

// logTail is the end of what the kernel wrote to its log, for the error of a kernel that does not start.
func (k *kernel) logTail() string {
	f, err := os.Open(filepath.Join(k.dir, "kernel.log"))
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

func isIdle(m wire.Message) bool {
	var c struct {
		State string `json:"execution_state"`
	}
	return m.Header.Type == "status" && json.Unmarshal(m.Content, &c) == nil && c.State == "idle"
}
