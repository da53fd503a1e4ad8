// Package proxy is the Jupyter kernel "Go (ganbook)": it stands between Jupyter and GoNB and adds what GoNB lacks.
//
// A cell is just code, and runs after the one before it: after an error or the stop button the cells that wait are
// aborted. The value of a cell's last expression is its result, and a failure is one error in the cell's own lines. The
// stop button lets a training save, and ends a compiler too. What GoNB does not answer is answered here. Nothing that a
// kernel started is left when it ends, except trainings that were detached.
//
// What a warm cell takes is what go build takes: GoNB, goimports and this package need 0.05 s of it, reading packages 0.15 s,
// and the rest is linking. GOFLAGS="-mod=readonly '-ldflags=-s -w'" saves 40 % of all, and CGO_ENABLED=0, where cells
// need no XLA, another 15 %: the kernelspec's environment should have both.
//
// A limit: GoNB reads what a cell prints in pieces of up to 32 kB and makes each a message, so in much text at once a letter
// of several bytes may be torn and come as question marks (U+FFFD). Nothing here can mend it, and a pipe of the cell's own in
// front of GoNB's would lose what is printed before os.Exit.
//
// One goroutine, the loop, owns all state: sockets, timers and waits report to it, and what it calls never waits.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// Options says which kernel to be.
type Options struct {
	Connection string        // Jupyter's connection file
	Gonb       []string      // GoNB's program and its arguments, without --kernel
	Prelude    string        // cell that runs before all others, without output; "": Prelude
	Grace      time.Duration // how long an interrupted program may take to save; 0: 60 s
	Log        io.Writer     // what goes wrong, and what GoNB says; nil: nowhere
	Assistant  Assistant     // completion and inspection; nil: none. The caller closes it
}

// Assistant knows Go code: package assist has the real one. Positions count code points.
type Assistant interface {
	Complete(ctx context.Context, code string, cursor int) (matches []string, start, end int, kinds []string)
	Inspect(ctx context.Context, code string, cursor, detail int) (data map[string]string, found bool)
	Executed(code string)               // a cell was compiled
	Commanded(code string)              // a cell was not compiled, but its commands were obeyed
	Prepare(code string) cells.Prepared // knows what functions of packages return
}

// proxy is the state of a kernel, owned by its loop.
type proxy struct {
	options    Options
	connection wire.Connection
	log        *logger
	ctx        context.Context // ends with the loop
	events     chan func()
	work       sync.WaitGroup // goroutines that report to the loop
	session    string         // of the messages we make
	ending     bool           // the kernel is ending: nothing new starts
	done       bool           // the loop is to end

	front   *front
	backend *backend // nil while there is no GoNB
	deaths  int      // of GoNB in a row, without a cell of the user's that came to its end between them
	tree    *processes
	folder  string // private, removed at the end

	queue     []*cell
	doomed    []*cell // were waiting, and will not run: the front end is told when the running cell has ended
	running   *cell
	attempts  attempts
	silent    []string // cells of ours that are still to run in this GoNB, before all others
	lost      bool     // the declarations of earlier cells are gone, and the user does not know yet
	count     int      // of executed cells, as the notebook numbers them
	history   history
	memory    *cells.Memory
	interrupt *interruption // of the running cell; nil: none
}

// Run is a kernel from its start to its end: a shutdown request, SIGTERM, the end of the program that started it, or of
// ctx. It fails when the connection file is bad or its ports are taken.
func Run(ctx context.Context, o Options) error {
	parent := os.Getppid() // before anything else: it may go at any time
	connection, err := wire.ReadConnection(o.Connection)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if len(o.Gonb) == 0 {
		return errors.New("proxy: no program of GoNB is given")
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Prelude == "" {
		o.Prelude = Prelude
	}
	folder, err := os.MkdirTemp("", folderName(os.Getpid()))
	if err != nil {
		return fmt.Errorf("proxy: no folder for temporary files: %w; make room there, or choose another one with TMPDIR", err)
	}
	defer os.RemoveAll(folder)
	own, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what is told to end still needs the loop for it
	defer cancel()
	p := &proxy{options: o, connection: connection, log: newLogger(o.Log), ctx: own, events: make(chan func(), 256),
		session: wire.NewID(), folder: folder, tree: newProcesses(),
		memory: new(cells.Memory)}
	if p.front, err = openFront(p); err != nil {
		return err
	}
	p.executed(o.Prelude)
	p.startBackend()
	p.watchSignals()
	p.watchParent(parent)
	p.watchOrphans()
	p.loop(ctx.Done())
	cancel()
	p.front.close()
	p.work.Wait()
	return nil
}

// loop runs until the kernel is to end and what it started is gone.
func (p *proxy) loop(ended <-chan struct{}) {
	for !p.done {
		select {
		case event := <-p.events:
			event()
		case <-ended:
			ended = nil
			p.shutdown("the kernel is told to end")
		}
	}
}

// post reports to the loop; what comes after the loop's end is dropped.
func (p *proxy) post(event func()) {
	select {
	case p.events <- event:
	case <-p.ctx.Done():
	}
}

// later runs an event after a time, unless the loop has ended.
func (p *proxy) later(after time.Duration, event func()) *time.Timer {
	return time.AfterFunc(after, func() { p.post(event) })
}

// watchSignals takes Ctrl-C for the stop button, and SIGTERM and SIGHUP for the end.
func (p *proxy) watchSignals() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	p.work.Go(func() {
		defer signal.Stop(signals)
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGINT {
					p.post(p.stopButton)
				} else {
					p.post(func() { p.shutdown(s.String()) })
				}
			case <-p.ctx.Done():
				return
			}
		}
	})
}
