package proxy

import (
	"fmt"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/kernelext/cells"
)

const (
	defaultGrace = time.Minute
	sayAfter     = 2 * time.Second // the user is told what is waited for
	gonbKills    = 5 * time.Second // after GoNB is interrupted it kills the cell's program
	stuckAfter   = 10 * time.Second
)

var interruptedFailure = cells.Failure{Name: "interrupted", Value: "the cell was stopped", Traceback: []string{"interrupted: the cell was stopped"}}

// interruption is a cell that is being stopped.
type interruption struct {
	cell    *cell
	began   time.Time
	said    bool
	worked  time.Time    // when GoNB was last seen to run something
	passed  time.Time    // when GoNB was told; zero: not yet
	tooled  time.Time    // when a tool was first asked to end
	ran     bool         // the cell's program was seen: it has been compiled
	told    map[int]bool // processes that got their SIGINT
	pressed int
}

// stopButton stops the running cell; the waiting ones are aborted when it has ended. Pressed again it no longer waits for the
// cell's program to save.
func (p *proxy) stopButton() {
	p.doomQueue()
	c := p.running
	if c == nil || c.ours {
		p.abortDoomed()
		return
	}
	c.interrupted = true
	if c.attempt == nil { // it waits for an answer of ours
		p.finish(c, nil)
		return
	}
	if p.interrupt == nil {
		p.interrupt = &interruption{cell: c, began: time.Now(), worked: time.Now(), told: map[int]bool{}}
		p.interrupt.pressed = 1
		p.stopStep()
		return
	}
	p.interrupt.pressed++
	if p.interrupt.passed.IsZero() {
		p.passInterrupt()
	}
}

// stopEnded forgets the interruption when its cell has ended.
func (p *proxy) stopEnded() { p.interrupt = nil }

// cellLeaves hears that a cell has ended what the stop button was to end, the watching of a training, say: it has not failed,
// and the button stops what it does after that as if pressed for the first time. Only GoNB, once told, does not forget.
func (p *proxy) cellLeaves(c *cell) {
	switch {
	case !c.interrupted || p.interrupt == nil:
	case p.interrupt.passed.IsZero():
		c.interrupted = false
		p.stopEnded()
	default:
		c.left = true
	}
}

// passInterrupt lets GoNB interrupt: it remembers that the rest of the cell is not to run, and kills the program in five
// seconds.
func (p *proxy) passInterrupt() {
	p.interrupt.passed = time.Now()
	if p.backend != nil && p.backend.ready {
		syscall.Kill(p.backend.pid, syscall.SIGINT)
	}
}

// stopStep does what is next to stop the cell, again and again until it has ended: what GoNB starts meanwhile is
// stopped as well.
func (p *proxy) stopStep() {
	i := p.interrupt
	if i == nil || p.backend == nil || !p.backend.ready || p.ending {
		return
	}
	what, found := p.tree.running(p.backend.pid)
	i.ran = i.ran || what == program
	if what == command && i.passed.IsZero() {
		p.passInterrupt() // first: or GoNB would go on with the Go code below the command
		p.later(look, p.stopStep)
		return
	}
	for _, q := range found {
		if !i.told[q.pid] {
			i.told[q.pid] = true
			signalAll([]process{q}, syscall.SIGINT)
		}
	}
	waited := time.Since(i.began)
	switch what {
	case tool:
		if i.tooled.IsZero() {
			i.tooled = time.Now()
		}
		if time.Since(i.tooled) > 300*time.Millisecond {
			signalAll(found, syscall.SIGKILL)
		}
	case program, command:
		if !i.said && waited > sayAfter && i.passed.IsZero() {
			i.said = true
			i.cell.out.print("stderr", fmt.Sprintf("stopping: the program may take up to %v to save; press stop again to end it in %v\n",
				p.options.Grace.Round(time.Second), gonbKills))
		}
		if waited > p.options.Grace && i.passed.IsZero() {
			p.passInterrupt()
		}
	}
	if !i.passed.IsZero() && time.Since(i.passed) > gonbKills+500*time.Millisecond {
		// GoNB kills the program alone; what the program started may hold its output open.
		signalAll(found, syscall.SIGKILL)
		signalAll(p.orphans(), syscall.SIGKILL)
	}
	if what != nothing {
		i.worked = time.Now()
	} else if waited > look {
		p.endOrphans(i)
		if time.Since(i.worked) > stuckAfter {
			p.log.printf("GoNB runs nothing and does not end the cell: it is started anew")
			p.backend.cancel()
			return
		}
	}
	p.later(look, p.stopStep)
}

// endOrphans ends what the cell's program left behind and what keeps GoNB waiting for its output.
func (p *proxy) endOrphans(i *interruption) {
	for _, q := range p.orphans() {
		if !i.told[q.pid] {
			i.told[q.pid] = true
			signalAll([]process{q}, syscall.SIGINT)
		} else if time.Since(i.began) > time.Second {
			signalAll([]process{q}, syscall.SIGKILL)
		}
	}
}
