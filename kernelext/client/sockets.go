package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

// Channel is where requests are sent: code to the shell, interrupt and shutdown to control.
type Channel int

const (
	Shell Channel = iota
	Control
)

// connect dials the kernel until it listens, then asks until it answers.
func (c *Client) connect(ctx context.Context) error {
	running, stop := context.WithCancel(context.Background())
	c.stop = stop
	replies, output := make(chan wire.Message, 64), make(chan wire.Message, 1024)
	c.Replies, c.Output = replies, output
	for _, s := range []struct {
		socket *(*zmtp.Socket)
		kind   zmtp.Kind
		port   int
		to     chan<- wire.Message
	}{
		{&c.iopub, zmtp.Sub, c.Connection.IOPub, output},
		{&c.sockets[Shell], zmtp.Dealer, c.Connection.Shell, replies},
		{&c.sockets[Control], zmtp.Dealer, c.Connection.Control, replies},
	} {
		o := zmtp.Options{Identity: []byte(c.Session), Received: c.receiver(running, s.to)}
		for {
			var err error
			if *s.socket, err = zmtp.Dial(ctx, s.kind, c.Connection.Address(s.port), o); err == nil {
				break
			}
			select {
			case <-time.After(10 * time.Millisecond): // the kernel does not listen yet
			case <-c.exited:
				return fmt.Errorf("%w before it could be reached", c.Err())
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return c.waitUntilReady(ctx)
}

// receiver hands messages on until the client is closed; what is not signed with our key is no message of ours.
func (c *Client) receiver(running context.Context, to chan<- wire.Message) func([][]byte) {
	return func(frames [][]byte) {
		if m, err := wire.Decode([]byte(c.Connection.Key), frames); err == nil {
			select {
			case to <- m:
			case <-running.Done():
			}
		}
	}
}

// waitUntilReady asks for kernel_info until the "idle" that follows is seen on iopub: only then is it certain
// that no output will be missed, because a subscription takes effect some time after it was made.
func (c *Client) waitUntilReady(ctx context.Context) error {
	asked := map[string]bool{}
	again := time.NewTimer(0)
	for seen := false; !seen || c.Language == nil; {
		select {
		case <-again.C:
			id, err := c.Send(Shell, "kernel_info_request", struct{}{})
			if err != nil {
				return err
			}
			asked[id] = true
			again.Reset(100 * time.Millisecond)
		case m := <-c.Replies:
			var info struct {
				Language map[string]any `json:"language_info"`
			}
			if json.Unmarshal(m.Content, &info) == nil {
				c.Language = info.Language
			}
		case m := <-c.Output:
			seen = seen || asked[m.Parent.ID] && IsIdle(m)
		case <-c.exited:
			return fmt.Errorf("%w while starting", c.Err())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Send sends a request and returns its id, by which its reply and its output are known.
func (c *Client) Send(on Channel, messageType string, content any) (id string, err error) {
	m, err := wire.New(c.Session, messageType, nil, content)
	if err != nil {
		return "", err
	}
	if err := c.SendFrames(on, m.Encode([]byte(c.Connection.Key))); err != nil {
		return "", fmt.Errorf("client: %s: %w", messageType, err)
	}
	return m.Header.ID, nil
}

// SendFrames sends a message as it is, well formed and signed or not.
func (c *Client) SendFrames(on Channel, frames [][]byte) error {
	return c.sockets[on].Send(frames)
}

// IsIdle says whether a message is the "idle" that ends the output of a request.
func IsIdle(m wire.Message) bool {
	var status struct {
		State string `json:"execution_state"`
	}
	return m.Header.Type == "status" && json.Unmarshal(m.Content, &status) == nil && status.State == "idle"
}
