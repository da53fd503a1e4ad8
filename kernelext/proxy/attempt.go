package proxy

import (
	"strings"

	"github.com/ganbook/ganbook/kernelext/wire"
)

// attempt is a request to GoNB for a cell: a cell whose last expression turns out to have no value needs two.
type attempt struct {
	cell  *cell
	id    string
	plain bool
	reply *executeReply // nil until it has come
	idle  bool          // GoNB has published all that belongs to it
}

type executeReply struct {
	Status    string
	Value     string `json:"evalue"`
	Traceback []string
}

// ofProgram says whether the cell's program failed, not its compilation or one of its commands.
func (r *executeReply) ofProgram() bool {
	return strings.HasPrefix(r.Value, "exit status ") || strings.HasPrefix(r.Value, "signal: ")
}

// text is all that GoNB says about a failure.
func (r *executeReply) text() string {
	return strings.Join(append([]string{r.Value}, r.Traceback...), "\n")
}

// attempts finds the attempt a message of GoNB belongs to, for as many as may still have something to say.
type attempts struct {
	byID  map[string]*attempt
	order []string
}

func (a *attempts) add(t *attempt) {
	if a.byID == nil {
		a.byID = map[string]*attempt{}
	}
	a.byID[t.id] = t
	if a.order = append(a.order, t.id); len(a.order) > 100 {
		delete(a.byID, a.order[0])
		a.order = a.order[1:]
	}
}

// try sends a cell to GoNB.
func (p *proxy) try(c *cell, code string, plain bool) {
	b := p.backend
	for ; c.store && b.cells < c.number-1; b.cells++ { // cells that GoNB has not seen
		b.execute(p.session, "", true, false)
	}
	count := c.store && b.cells < c.number
	if count {
		b.cells++
	}
	c.attempt = &attempt{cell: c, id: b.execute(p.session, code, count, c.allowStdin), plain: plain}
	p.attempts.add(c.attempt)
}

// execute sends code to GoNB, to be counted as a cell or not, and returns the request's id.
func (b *backend) execute(session, code string, count, allowStdin bool) (id string) {
	m, err := wire.New(session, "execute_request", nil, map[string]any{"code": code, "silent": true, "store_history": count,
		"user_expressions": struct{}{}, "allow_stdin": allowStdin, "stop_on_error": true})
	if err == nil {
		err = b.shell.Send(m.Encode(b.key))
	}
	if err != nil { // GoNB is gone: the loop is about to hear of it
		b.p.log.printf("GoNB: %v", err)
	}
	return m.Header.ID
}
