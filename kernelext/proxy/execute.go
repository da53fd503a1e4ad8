package proxy

import (
	"encoding/json"
	"strings"

	"github.com/ganbook/ganbook/kernelext/cells"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// cell is one execute_request.
type cell struct {
	request     wire.Message
	from        channel
	code        string
	silent      bool // no execute_input, no result
	store       bool // in the history, with a number
	stopOnError bool
	allowStdin  bool
	ours        bool // prelude and replayed declarations: nobody hears of it

	number      int
	prepared    cells.Prepared
	attempt     *attempt // the newest
	out         output
	interrupted bool
	left        bool // interrupted, it ended as it is meant to end then
}

// execute takes a cell into the queue.
func (p *proxy) execute(ch channel, m wire.Message) {
	var c struct {
		Code        string
		Silent      bool
		Store       *bool `json:"store_history"`
		StopOnError *bool `json:"stop_on_error"`
		AllowStdin  bool  `json:"allow_stdin"`
	}
	if !p.content(&m, &c) {
		p.answer(ch, &m, "execute_reply", errorReply(cells.Failure{Name: "ValueError", Value: "this execute_request cannot be read"}, p.count))
		return
	}
	isTrue := func(b *bool) bool { return b == nil || *b }
	p.queue = append(p.queue, &cell{request: m, from: ch, code: c.Code, silent: c.Silent, store: !c.Silent && isTrue(c.Store),
		stopOnError: isTrue(c.StopOnError), allowStdin: c.AllowStdin})
	p.next()
}

// next starts the cell that is first in the queue, if it can.
func (p *proxy) next() {
	for p.running == nil && len(p.queue) > 0 && p.isLocal(p.queue[0]) { // these need no GoNB
		c := p.queue[0]
		p.queue = p.queue[1:]
		p.begin(c)
		p.runLocal(c)
	}
	if p.running != nil || p.ending {
		return
	}
	switch {
	case p.backend == nil:
		if len(p.queue) > 0 { // it did not start before: the reason may be gone
			p.deaths = maxDeaths - 1
			p.startBackend()
		}
	case !p.backend.ready:
	case len(p.silent) > 0:
		c := &cell{code: p.silent[0], silent: true, ours: true}
		p.silent = p.silent[1:]
		p.running = c
		p.try(c, c.code, true)
	case len(p.queue) > 0:
		c := p.queue[0]
		p.queue = p.queue[1:]
		p.begin(c)
		if p.lost {
			p.lost = false
			c.out.print("stderr", "The declarations of earlier cells are gone: run those cells again.\n")
		}
		if strings.TrimSpace(c.code) == "" {
			p.finish(c, nil)
			return
		}
		c.prepared = p.prepare(c.code)
		if c.store {
			p.history.cells[len(p.history.cells)-1].prepared = c.prepared
		}
		p.try(c, c.prepared.Code, false)
	}
}

// begin tells the front end that a cell runs now.
func (p *proxy) begin(c *cell) {
	p.running = c
	c.out = output{p: p, cell: c}
	p.front.status(&c.request, "busy")
	if c.store {
		p.count++
		p.history.add(p.count, c.code)
	}
	c.number = p.count
	if !c.silent {
		p.front.publish(&c.request, "execute_input", map[string]any{"code": c.code, "execution_count": c.number})
	}
}

func (p *proxy) prepare(code string) cells.Prepared {
	if p.options.Assistant != nil {
		return p.options.Assistant.Prepare(code)
	}
	return p.memory.Prepare(code)
}

// executed remembers what a cell declares.
func (p *proxy) executed(code string) {
	p.memory.Executed(code)
	if p.options.Assistant != nil {
		p.options.Assistant.Executed(code)
	}
}

// learn keeps what GoNB keeps of a cell: the declarations of one that was compiled, however its program ended. Its commands
// were obeyed before that; %reset takes the imports that every notebook begins with, too, so they are made again.
func (p *proxy) learn(c *cell, compiled bool) {
	if compiled {
		p.executed(c.code)
	} else {
		p.commanded(c.code)
	}
	if c.prepared.Resets {
		p.executed(p.options.Prelude)
		p.silent = append(p.silent, p.options.Prelude)
	}
}

func (p *proxy) commanded(code string) {
	p.memory.Commanded(code)
	if p.options.Assistant != nil {
		p.options.Assistant.Commanded(code)
	}
}

// forget is for a GoNB that has lost all declarations.
func (p *proxy) forget() {
	p.commanded("%reset")
	p.executed(p.options.Prelude)
}

// fromShell takes GoNB's replies.
func (p *proxy) fromShell(b *backend, m wire.Message) {
	a := p.attempts.byID[m.Parent.ID]
	if a == nil || m.Header.Type != "execute_reply" {
		return
	}
	var r executeReply
	if err := json.Unmarshal(m.Content, &r); err != nil {
		r = executeReply{Status: "error", Value: err.Error()}
	}
	a.reply = &r
	p.attemptEnded(a)
}

// fromStdin passes a cell's question on to the front end that runs the cell.
func (p *proxy) fromStdin(b *backend, m wire.Message) {
	a := p.attempts.byID[m.Parent.ID]
	if a == nil || a.cell.ours {
		return
	}
	p.front.reply(stdin, &a.cell.request, m.Header.Type, m.Content)
}

// attemptEnded goes on when an attempt is over: when GoNB has replied and has published all its output.
func (p *proxy) attemptEnded(a *attempt) {
	c := a.cell
	if a.reply == nil || !a.idle || p.running != c || c.attempt != a {
		return
	}
	failed := a.reply.Status == "error"
	if failed && !a.plain && c.prepared.Plain != "" && !c.interrupted && cells.HasNoValue(a.reply.text()) {
		p.try(c, c.prepared.Plain, true)
		return
	}
	switch {
	case c.ours && failed:
		p.log.printf("a cell of the kernel's own fails: %s\n%s", a.reply.Value, c.code)
		if c.code != p.options.Prelude {
			p.forget()
			p.lost = true
		}
	case !c.ours:
		p.deaths = 0
		p.learn(c, p.compiled(a.reply))
	}
	if c.ours || !failed {
		p.finish(c, nil)
		return
	}
	failure := cells.Explain(c.out.failureText(a.reply), c.prepared, p.history.prepared)
	p.finish(c, &failure)
}

// compiled says whether GoNB has built the running cell's program. Told to stop before that, it leaves the Go code out
// and calls the cell well.
func (p *proxy) compiled(r *executeReply) bool {
	if r.Status == "error" {
		return r.ofProgram()
	}
	i := p.interrupt
	return i == nil || i.ran || i.passed.IsZero()
}

// finish ends the running cell: what it still has to say, its error, idle, its reply, in this order.
func (p *proxy) finish(c *cell, failure *cells.Failure) {
	p.running, c.attempt = nil, nil
	p.stopEnded()
	if c.ours {
		p.next()
		return
	}
	if c.interrupted && !(c.left && failure == nil) {
		failure = &interruptedFailure
	}
	c.out.end(failure != nil)
	content := map[string]any{"status": "ok", "execution_count": c.number, "user_expressions": map[string]any{}, "payload": c.out.payload()}
	if failure != nil {
		p.front.publish(&c.request, "error", errorContent(*failure))
		content = errorReply(*failure, c.number)
	}
	p.front.status(&c.request, "idle")
	p.front.reply(c.from, &c.request, "execute_reply", content)
	if failure != nil && c.stopOnError {
		p.doomQueue()
	}
	p.abortDoomed()
	p.next()
}

// doomQueue takes the waiting cells out of the queue: they will not run.
func (p *proxy) doomQueue() {
	p.doomed = append(p.doomed, p.queue...)
	p.queue = nil
}

// abortDoomed tells the front end of the cells that will not run. It is told after the end of the cell they waited for: a
// front end takes the answer for the end of all that runs.
func (p *proxy) abortDoomed() {
	doomed := p.doomed
	p.doomed = nil
	for _, c := range doomed { // no execution_count: they never ran
		p.answer(c.from, &c.request, "execute_reply", map[string]any{"status": "aborted"})
	}
}

// abortQueue ends the waiting cells at once.
func (p *proxy) abortQueue() {
	p.doomQueue()
	p.abortDoomed()
}

// errorContent is the content of an error.
func errorContent(f cells.Failure) map[string]any {
	if f.Traceback == nil {
		f.Traceback = []string{}
	}
	return map[string]any{"ename": f.Name, "evalue": f.Value, "traceback": f.Traceback}
}

// errorReply is the content of an execute_reply after an error.
func errorReply(f cells.Failure, number int) map[string]any {
	content := errorContent(f)
	content["status"], content["execution_count"], content["user_expressions"] = "error", number, map[string]any{}
	return content
}
