package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/ganbook/ganbook/kernelext/wire"
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
	identity := zmq4.WithID(zmq4.SocketIdentity(c.Session))
	once := zmq4.WithDialerMaxRetries(0)
	iopub := zmq4.NewSub(running, once)
	if err := iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return err
	}
	for i := range c.sockets {
		c.sockets[i] = zmq4.NewDealer(running, identity, once)
	}
	for port, s := range map[int]zmq4.Socket{c.Connection.Shell: c.sockets[Shell],
		c.Connection.Control: c.sockets[Control], c.Connection.IOPub: iopub} {
		for s.Dial(c.Connection.Address(port)) != nil {
			select {
			case <-time.After(10 * time.Millisecond): // the kernel does not listen yet
			case <-c.exited:
				return fmt.Errorf("%w before it could be reached", c.Err())
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	replies, output := make(chan wire.Message, 64), make(chan wire.Message, 1024)
	c.Replies, c.Output = replies, output
	go c.receive(running, c.sockets[Shell], replies)
	go c.receive(running, c.sockets[Control], replies)
	go c.receive(running, iopub, output)
	return c.waitUntilReady(ctx)
}

// receive hands messages on until the socket is closed; what is not signed with our key is no message of ours.
func (c *Client) receive(ctx context.Context, s zmq4.Socket, to chan<- wire.Message) {
	for {
		raw, err := s.Recv()
		if err != nil {
			return
		}
		if m, err := wire.Decode([]byte(c.Connection.Key), raw.Frames); err == nil {
			select {
			case to <- m:
			case <-ctx.Done():
				return
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
	return c.sockets[on].SendMulti(zmq4.NewMsgFrom(frames...))
}

// IsIdle says whether a message is the "idle" that ends the output of a request.
func IsIdle(m wire.Message) bool {
	var status struct {
		State string `json:"execution_state"`
	}
	return m.Header.Type == "status" && json.Unmarshal(m.Content, &status) == nil && status.State == "idle"
}
