package client

import (
	"context"

	"github.com/ganbook/ganbook/kernelext/wire"
)

// Code is the content of an execute_request, as front ends send a cell.
func Code(code string) map[string]any {
	return map[string]any{"code": code, "silent": false, "store_history": true,
		"user_expressions": struct{}{}, "allow_stdin": false, "stop_on_error": true}
}

// Execute sends a cell and returns the id of the request.
func (c *Client) Execute(code string) (id string, err error) {
	return c.Send(Shell, "execute_request", Code(code))
}

// Interrupt is the stop button. The reply of the interrupted cell says how it ended; a kernel that cannot be told is
// ended by Close.
func (c *Client) Interrupt() error {
	_, err := c.Send(Control, "interrupt_request", struct{}{})
	return err
}

// Do sends a request on the shell and waits for both its reply and the "idle" that ends its output: output may come
// after the reply. Every message of iopub that comes meanwhile, also of other requests, is given to seen unless that
// is nil. The errors are those of the kernel (ErrExited) and of ctx; a reply that reports a failure is none.
func (c *Client) Do(ctx context.Context, messageType string, content any, seen func(wire.Message)) (wire.Message, error) {
	id, err := c.Send(Shell, messageType, content)
	if err != nil {
		return wire.Message{}, err
	}
	var reply wire.Message
	for idle, replied := false, false; !idle || !replied; {
		select {
		case m := <-c.Replies:
			if m.Parent.ID == id {
				reply, replied = m, true
			}
		case m := <-c.Output:
			if seen != nil {
				seen(m)
			}
			idle = idle || m.Parent.ID == id && IsIdle(m)
		case <-c.exited:
			return reply, c.Err()
		case <-ctx.Done():
			return reply, context.Cause(ctx)
		}
	}
	return reply, nil
}
