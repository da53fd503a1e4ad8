package proxy

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

const (
	endGrace   = 3 * time.Second // of a program when the kernel ends; Jupyter waits for five
	watchEvery = 500 * time.Millisecond
	reapEvery  = 5 * time.Second
)

// shutdownRequest answers and ends the kernel; a restart is an end too: Jupyter starts another kernel.
func (p *proxy) shutdownRequest(ch channel, m *wire.Message) {
	var c struct{ Restart bool }
	p.content(m, &c)
	content := map[string]any{"status": "ok", "restart": c.Restart}
	p.answer(ch, m, "shutdown_reply", content)
	p.front.publish(m, "shutdown_reply", content) // for the other front ends
	p.shutdown("Jupyter asks for it")
}

// shutdown ends the kernel: programs are asked first, so that a training can save, then all that is left is killed.
func (p *proxy) shutdown(why string) {
	if p.ending {
		return
	}
	p.ending = true
	p.log.printf("the kernel ends: %s", why)
	p.abortQueue()
	asked := map[int]bool{}
	began := time.Now()
	var step func()
	step = func() {
		busy := false
		for _, q := range p.programs() {
			busy = true
			if !asked[q.pid] {
				asked[q.pid] = true
				signalAll([]process{q}, syscall.SIGINT)
			}
		}
		if busy && time.Since(began) < endGrace {
			p.later(look, step)
			return
		}
		p.endAll()
		p.done = true
	}
	step()
}

// endAll kills what is left.
func (p *proxy) endAll() {
	if p.backend != nil {
		p.backend.cancel()
	}
	p.tree.end(p.kept(), p.reap)
}

func (p *proxy) gonb() int {
	if p.backend != nil {
		return p.backend.pid
	}
	return 0
}

// kept are processes of ours that cells have no part in: the assistant's gopls and go list, which lead groups of their own.
func (p *proxy) kept() (pids []int) {
	for _, q := range listProcesses() {
		if q.parent == p.tree.self && q.group == q.pid && (q.name == "gopls" || q.name == "go") {
			pids = append(pids, q.pid)
		}
	}
	return pids
}

// reap takes leave of adopted processes that have ended. It waits until GoNB's own number is known.
func (p *proxy) reap() {
	if p.backend == nil || p.backend.pid != 0 {
		p.tree.reap(append(p.kept(), p.gonb()))
	}
}

// orphans are processes whose parent, a cell's program, has ended.
func (p *proxy) orphans() []process {
	return p.tree.left(append(p.kept(), p.gonb())...)
}

// programs are the running processes of cells.
func (p *proxy) programs() []process {
	var found []process
	if g := p.gonb(); g != 0 {
		_, found = p.tree.running(g)
	}
	return append(found, p.orphans()...)
}

// watchOrphans takes leave of adopted processes that have ended.
func (p *proxy) watchOrphans() { p.every(reapEvery, p.reap) }

// watchParent ends the kernel when Jupyter is gone, however it went.
func (p *proxy) watchParent(parent int) {
	jupyter, _ := strconv.Atoi(os.Getenv("JPY_PARENT_PID"))
	if parent <= 1 && jupyter <= 1 {
		return // started by nobody who could go away
	}
	p.every(watchEvery, func() {
		switch {
		case parent > 1 && os.Getppid() != parent:
			p.shutdown("the program that started it is gone")
		case jupyter > 1 && syscall.Kill(jupyter, 0) == syscall.ESRCH:
			p.shutdown("Jupyter is gone")
		}
	})
}

// every runs an event again and again.
func (p *proxy) every(d time.Duration, event func()) {
	p.work.Go(func() {
		for pause(p.ctx, d) {
			p.post(event)
		}
	})
}

// remembered is the cell that lets a new GoNB know the declarations of earlier cells, if there are any.
func (p *proxy) remembered() []string {
	var fresh cells.Memory
	fresh.Executed(p.options.Prelude)
	none, _ := fresh.Document("", 0)
	text, _ := p.memory.Document("", 0)
	if text == none {
		return nil
	}
	return []string{strings.TrimSpace(strings.TrimPrefix(text, "package main\n"))}
}

// gonbDied tells the front end what the end of GoNB means, and starts another one.
func (p *proxy) gonbDied(wasReady bool, err error) {
	reason := fmt.Sprintf("GoNB, which compiles and runs cells, has ended: %v", err)
	p.log.printf("%s", reason)
	tail := p.log.takeTail()
	p.deaths++
	signalAll(p.tree.left(p.kept()...), syscall.SIGKILL) // what it ran cannot be heard any more
	c, again := p.running, p.deaths < maxDeaths
	if c != nil && c.ours {
		p.running, c, wasReady = nil, nil, false
		if !again { // it may be the declarations that it does not bear
			p.forget()
			p.lost = true
		}
	}
	if again {
		p.startBackend()
	}
	switch {
	case c == nil && again:
		return
	case c == nil && len(p.queue) > 0:
		c = p.queue[0]
		p.queue = p.queue[1:]
		p.begin(c)
	case c == nil:
		return
	}
	f := cells.Failure{Name: "KernelError", Value: reason, Traceback: []string{reason}}
	switch {
	case wasReady && !again:
		f.Traceback = append(f.Traceback, "The next cell starts it again, with the declarations of earlier cells. Give %env and %cd again.")
	case wasReady:
		f.Traceback = append(f.Traceback, "It is started again, with the declarations of earlier cells. Give %env and %cd again.")
	case tail != "":
		f.Traceback = append(f.Traceback, "Its last words:\n"+tail)
	}
	p.finish(c, &f)
	p.abortQueue()
}
