package proxy

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
)

const (
	maxText    = 1 << 20               // bytes of stdout and stderr that are shown of a cell
	maxHeld    = 1 << 18               // bytes of stderr that are kept for the explanation of a failure
	reportTime = 2 * time.Second       // a program that reports its failure ends sooner
	flushAfter = 40 * time.Millisecond // text is collected for this long: front ends drop messages that come too fast
)

// MIME types by which a cell's program speaks to the proxy; kernelext sends them.
const (
	resultType = "application/vnd.ganbook.result" // marks the value of the last expression
	clearType  = "application/vnd.ganbook.clear"  // clears the cell's output when the next comes
	pageType   = "application/vnd.ganbook.page"   // text for the pager
	leftType   = "application/vnd.ganbook.left"   // after the stop button: the cell ends as it is meant to, which is no error
)

// output is what a cell shows, on its way from GoNB to the front end.
type output struct {
	p      *proxy
	cell   *cell
	name   string // stdout or stderr: of pending
	text   []byte // pending
	timer  *time.Timer
	last   time.Time // of the last flush
	total  int       // bytes of text so far, also those cut off
	errors held
	page   []any
}

// fromIOPub takes what GoNB publishes.
func (p *proxy) fromIOPub(b *backend, m wire.Message) {
	a := p.attempts.byID[m.Parent.ID]
	if a == nil {
		if strings.HasPrefix(m.Header.Type, "comm_") {
			p.front.forward(m)
		}
		return
	}
	c := a.cell
	if m.Header.Type == "status" {
		var s struct {
			State string `json:"execution_state"`
		}
		if json.Unmarshal(m.Content, &s) == nil && s.State == "idle" {
			a.idle = true
			p.attemptEnded(a)
		}
		return
	}
	if c.ours {
		return
	}
	switch m.Header.Type {
	case "execute_input", "error": // ours replace them
	case "stream":
		var s struct{ Name, Text string }
		if json.Unmarshal(m.Content, &s) == nil {
			c.out.stream(s.Name, s.Text)
		}
	case "display_data", "execute_result":
		c.out.display(m)
	default:
		c.out.flush()
		c.out.forward(m)
	}
}

// forward sends a message of GoNB's under the user's request.
func (o *output) forward(m wire.Message) {
	o.p.front.forward(m.WithParent(&o.cell.request))
}

// display turns what is marked into what it means.
func (o *output) display(m wire.Message) {
	o.flush()
	var c struct {
		Data      map[string]json.RawMessage `json:"data"`
		Metadata  map[string]any             `json:"metadata"`
		Transient map[string]any             `json:"transient,omitempty"`
	}
	if json.Unmarshal(m.Content, &c) != nil {
		return
	}
	request := &o.cell.request
	switch {
	case c.Data[clearType] != nil:
		o.p.front.publish(request, "clear_output", map[string]any{"wait": true})
	case c.Data[pageType] != nil:
		o.page = append(o.page, map[string]any{"source": "page", "start": 0, "data": map[string]any{"text/plain": c.Data[pageType]}})
	case c.Data[leftType] != nil:
		o.p.cellLeaves(o.cell)
	case c.Data[resultType] != nil:
		if o.cell.silent {
			return
		}
		delete(c.Data, resultType)
		o.p.front.publish(request, "execute_result", map[string]any{"data": c.Data, "metadata": notNil(c.Metadata), "execution_count": o.cell.number})
	default:
		o.p.front.publish(request, "display_data", map[string]any{"data": c.Data, "metadata": notNil(c.Metadata), "transient": notNil(c.Transient)})
	}
}

func notNil(m map[string]any) map[string]any {
	if m == nil {
		m = map[string]any{}
	}
	return m
}

// stream takes printed text. What may be the beginning of a failure's report is held back: it belongs to the error.
func (o *output) stream(name, text string) {
	if name == "stderr" {
		before := o.errors.holds()
		text = o.errors.add(text)
		if !before && o.errors.holds() {
			o.p.later(reportTime, func() {
				if o.p.running == o.cell {
					o.print("stderr", o.errors.release())
				}
			})
		}
	}
	o.print(name, text)
}

// print shows text up to the cell's limit.
func (o *output) print(name, text string) {
	if text == "" {
		return
	}
	before := o.total
	o.total += len(text)
	if before >= maxText {
		return
	}
	if o.total > maxText {
		o.collect(name, strings.ToValidUTF8(text[:maxText-before], ""))
		o.collect("stderr", fmt.Sprintf("\n… output cut after %d bytes; write to a file\n", maxText))
		return
	}
	o.collect(name, text)
}

// collect lets the first text out at once, and what follows soon after together.
func (o *output) collect(name, text string) {
	if name != o.name {
		o.flush()
	}
	o.name = name
	o.text = append(o.text, text...)
	if o.timer != nil {
		return
	}
	if wait := flushAfter - time.Since(o.last); wait > 0 {
		o.timer = o.p.later(wait, o.flush)
		return
	}
	o.flush()
}

// flush shows the text that was collected.
func (o *output) flush() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	if len(o.text) == 0 {
		return
	}
	o.p.front.publish(&o.cell.request, "stream", map[string]any{"name": o.name, "text": string(o.text)})
	o.text, o.last = nil, time.Now()
}

// end shows what is left when the cell ends. What was held back is part of the error of a failed cell.
func (o *output) end(failed bool) {
	if text := o.errors.rest(); !failed {
		o.print("stderr", text)
	}
	o.flush()
	if o.total > maxText {
		o.p.log.printf("cell %d printed %d bytes", o.cell.number, o.total)
	}
}

// failureText is what a failed cell said about it: GoNB's error when it was not compiled, else its stderr.
func (o *output) failureText(r *executeReply) string {
	if r.ofProgram() {
		if text := o.errors.failure(); text != "" {
			return text
		}
	} else {
		o.print("stderr", o.errors.release()) // of commands before the Go code, which was not compiled
	}
	return r.text()
}

func (o *output) payload() []any {
	if o.page == nil {
		return []any{}
	}
	return o.page
}
