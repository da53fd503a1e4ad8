package assist

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
)

// conn speaks JSON-RPC 2.0 with Content-Length headers, as language servers do.
type conn struct {
	answer func(method string, params json.RawMessage) any // to requests of the other side
	done   chan struct{}                                   // closed when nothing can be received any more

	mu      sync.Mutex // of what follows and of writing
	w       io.Writer
	next    int
	waiting map[int]chan rpcMessage
}

type rpcMessage struct {
	Version string           `json:"jsonrpc"`
	ID      *json.RawMessage `json:"id,omitempty"`
	Method  string           `json:"method,omitempty"`
	Params  json.RawMessage  `json:"params,omitempty"`
	Result  json.RawMessage  `json:"result,omitempty"`
	Error   *rpcError        `json:"error,omitempty"`
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// maxMessage is the length in bytes that a message may have.
const maxMessage = 64 << 20

var errClosed = errors.New("assist: the language server is gone")

func newConn(r io.Reader, w io.Writer, answer func(string, json.RawMessage) any) *conn {
	c := &conn{answer: answer, done: make(chan struct{}), w: w, waiting: map[int]chan rpcMessage{}}
	go func() {
		defer close(c.done)
		in := bufio.NewReader(r)
		for {
			m, err := readMessage(in)
			if err != nil {
				return
			}
			c.received(m)
		}
	}()
	return c
}

func readMessage(in *bufio.Reader) (m rpcMessage, err error) {
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		return m, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(header.Get("Content-Length")))
	if err != nil || n < 0 || n > maxMessage {
		return m, fmt.Errorf("assist: a message of %q bytes", header.Get("Content-Length"))
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

func (c *conn) received(m rpcMessage) {
	if m.Method != "" {
		if m.ID != nil { // the server waits for an answer
			result, err := json.Marshal(c.answer(m.Method, m.Params))
			if err == nil {
				c.write(rpcMessage{ID: m.ID, Result: result})
			}
		}
		return
	}
	if m.ID == nil {
		return
	}
	id, err := strconv.Atoi(string(*m.ID))
	if err != nil {
		return
	}
	c.mu.Lock()
	to := c.waiting[id]
	delete(c.waiting, id)
	c.mu.Unlock()
	if to != nil {
		to <- m
	}
}

func (c *conn) write(m rpcMessage) error {
	m.Version = "2.0"
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err = fmt.Fprintf(c.w, "Content-Length: %d\r\n\r\n%s", len(text), text)
	return err
}

// notify sends what is not answered.
func (c *conn) notify(method string, params any) error {
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	return c.write(rpcMessage{Method: method, Params: text})
}

// call asks, and decodes the answer into result. A call that ctx ends is cancelled.
func (c *conn) call(ctx context.Context, method string, params, result any) error {
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	to := make(chan rpcMessage, 1)
	c.mu.Lock()
	c.next++
	id := c.next
	c.waiting[id] = to
	c.mu.Unlock()
	raw := json.RawMessage(strconv.Itoa(id))
	if err := c.write(rpcMessage{ID: &raw, Method: method, Params: text}); err != nil {
		c.forget(id)
		return fmt.Errorf("%w: %w", errClosed, err)
	}
	select {
	case m := <-to:
		if m.Error != nil {
			return fmt.Errorf("assist: %s: %s (%d)", method, m.Error.Message, m.Error.Code)
		}
		return json.Unmarshal(m.Result, result)
	case <-c.done:
		c.forget(id)
		return errClosed
	case <-ctx.Done():
		c.forget(id)
		c.notify("$/cancelRequest", map[string]int{"id": id})
		return fmt.Errorf("assist: %s: %w", method, ctx.Err())
	}
}

func (c *conn) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}
