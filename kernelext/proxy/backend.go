package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

const (
	startTimeout = 30 * time.Second
	maxDeaths    = 3 // of GoNB in a row: then it is left alone until the next cell
	drainTimeout = time.Second
)

// backend is one GoNB: its process and our sockets to it.
type backend struct {
	p      *proxy
	folder string // its connection file and its temporary files
	key    []byte
	cancel context.CancelFunc // kills the process
	pid    int                // 0 until the loop knows it
	ready  bool
	cells  int // as GoNB counts them: its errors name cells by this number

	shell, stdin, iopub *zmtp.Socket
	hello               chan struct{} // closed when GoNB has answered, and is heard on iopub
}

// startBackend starts a GoNB and lets it know what earlier cells declared; backendReady or backendEnded is called by the
// loop later.
func (p *proxy) startBackend() {
	ctx, cancel := context.WithCancel(context.Background())
	b := &backend{p: p, cancel: cancel, hello: make(chan struct{})}
	p.backend, p.silent = b, append([]string{p.options.Prelude}, p.remembered()...)
	p.work.Go(func() {
		err := b.run(ctx)
		p.post(func() { p.backendEnded(b, err) })
	})
}

// run is GoNB's life.
func (b *backend) run(ctx context.Context) error {
	defer b.cancel()
	folder, err := os.MkdirTemp(b.p.folder, "gonb-")
	if err != nil {
		return fmt.Errorf("no folder for GoNB: %w", err)
	}
	b.folder = folder
	defer os.RemoveAll(folder)
	connection, err := wire.NewConnection()
	if err != nil {
		return err
	}
	connection.Key, connection.Scheme = b.p.connection.Key, b.p.connection.Scheme
	b.key = []byte(connection.Key)
	// GoNB reads the kernel's id from the file's name.
	file, err := connection.Write(folder, filepath.Base(b.p.options.Connection))
	if err != nil {
		return err
	}
	// On Linux a process may ask to be killed when the thread that started it ends, hence the lock.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	argv := b.p.options.Gonb
	cmd := exec.CommandContext(ctx, argv[0], append([]string{"--kernel", file}, argv[1:]...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder, "GANBOOK_TMPDIR="+os.TempDir())
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = b.p.log, b.p.log, time.Second
	cmd.SysProcAttr = diesWithUs()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("GoNB does not start: %w; mend it with ./ganbook setup", err)
	}
	b.p.post(func() { b.pid = cmd.Process.Pid })
	connected := make(chan error, 1)
	go func() {
		err := b.connect(ctx, connection)
		if err != nil {
			b.cancel() // a GoNB that cannot be reached is of no use
		} else {
			b.p.post(func() { b.p.backendReady(b) })
		}
		connected <- err
	}()
	err = cmd.Wait()
	b.cancel()
	if e := <-connected; e != nil && !errors.Is(e, context.Canceled) {
		err = errors.Join(err, e)
	}
	b.drain()
	b.closeSockets()
	if err == nil {
		err = errors.New("GoNB ended by itself")
	}
	return err
}

// backendReady is called by the loop.
func (p *proxy) backendReady(b *backend) {
	if p.backend != b || p.done {
		return
	}
	b.ready = true
	p.next()
}

// backendEnded is called by the loop when a GoNB is gone, expected or not.
func (p *proxy) backendEnded(b *backend, err error) {
	if p.backend != b {
		return
	}
	p.backend = nil
	if p.ending {
		return
	}
	p.gonbDied(b.ready, err)
}

// toGonb passes on what is between the front end and GoNB alone: widgets and answers to questions of a cell.
func (p *proxy) toGonb(ch channel, m wire.Message) {
	b := p.backend
	if b == nil || !b.ready {
		p.log.printf("a %s is dropped: there is no GoNB", m.Header.Type)
		return
	}
	m.Routes = nil
	to := b.shell
	if ch == stdin {
		to = b.stdin
	}
	if err := to.Send(m.Encode(b.key)); err != nil {
		p.log.printf("GoNB: %v", err)
	}
}
