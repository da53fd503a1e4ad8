package proxy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

func (b *backend) closeSockets() {
	for _, s := range []*zmtp.Socket{b.shell, b.stdin, b.iopub} {
		if s != nil {
			s.Close(0)
		}
	}
}

// drain waits until what GoNB sent before its end has been read.
func (b *backend) drain() {
	for deadline := time.Now().Add(drainTimeout); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		left := false
		for _, s := range []*zmtp.Socket{b.shell, b.stdin, b.iopub} {
			left = left || s != nil && s.Connected()
		}
		if !left {
			return
		}
	}
}

// connect reaches GoNB's sockets and waits until it answers and its output can be heard: a subscription takes effect
// some time after it was made.
func (b *backend) connect(ctx context.Context, c wire.Connection) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("GoNB did not answer within %v", startTimeout))
	defer cancel()
	for {
		gone := make(chan struct{}, 3)
		heard := make(chan string, 16)
		if err := b.dial(ctx, c, heard, gone); err != nil {
			return err
		}
		err := b.greet(ctx, heard, gone)
		if err == nil {
			close(b.hello)
			select {
			case <-gone: // in the last moment, when the hello was still to come
				return fmt.Errorf("GoNB answered, but %w", errGone)
			default:
				return nil
			}
		}
		if !errors.Is(err, errGone) {
			return err
		}
		b.closeSockets() // another program had GoNB's port, and left it
		if !pause(ctx, 5*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

var errGone = errors.New("the connection has ended")

// dial calls GoNB until it listens.
func (b *backend) dial(ctx context.Context, c wire.Connection, heard chan<- string, gone chan<- struct{}) error {
	identity := []byte(wire.NewID())
	lost := func() {
		gone <- struct{}{}
		select {
		case <-b.hello: // a GoNB that cannot be reached any more is of no use
			b.cancel()
		default:
		}
	}
	for _, s := range []struct {
		socket *(*zmtp.Socket)
		kind   zmtp.Kind
		port   int
		handle func(m wire.Message)
	}{
		{&b.iopub, zmtp.Sub, c.IOPub, func(m wire.Message) { b.p.fromIOPub(b, m) }},
		{&b.shell, zmtp.Dealer, c.Shell, func(m wire.Message) { b.p.fromShell(b, m) }},
		{&b.stdin, zmtp.Dealer, c.Stdin, func(m wire.Message) { b.p.fromStdin(b, m) }},
	} {
		o := zmtp.Options{Identity: identity, Gone: lost, Log: b.p.log.printf, Received: b.receiver(heard, s.handle)}
		for {
			var err error
			if *s.socket, err = zmtp.Dial(ctx, s.kind, c.Address(s.port), o); err == nil {
				break
			}
			if !pause(ctx, 5*time.Millisecond) {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// receiver checks what GoNB sends and hands it to the loop. Until GoNB is ready only the types of its messages matter.
func (b *backend) receiver(heard chan<- string, handle func(wire.Message)) func([][]byte) {
	return func(frames [][]byte) {
		m, err := wire.Decode(b.key, frames)
		if err != nil {
			b.p.log.printf("a message of GoNB is dropped: %v", err)
			return
		}
		select {
		case <-b.hello:
			b.p.post(func() {
				if b.p.backend == b {
					handle(m)
				}
			})
		default:
			select {
			case heard <- m.Header.Type:
			default: // more than enough was heard
			}
		}
	}
}

// greet asks for kernel_info until its answer and a status on iopub have come. A question is not repeated before it is
// answered, but then it is: its status may have come before the subscription took effect.
func (b *backend) greet(ctx context.Context, heard <-chan string, gone <-chan struct{}) error {
	ask := time.NewTimer(0)
	defer ask.Stop()
	for answered, published := false, false; !answered || !published; {
		select {
		case <-ask.C:
			m, err := wire.New(b.p.session, "kernel_info_request", nil, struct{}{})
			if err != nil {
				return err
			}
			if b.shell.Send(m.Encode(b.key)) != nil {
				return errGone
			}
		case <-gone:
			return errGone
		case messageType := <-heard:
			published = published || messageType == "status"
			if messageType == "kernel_info_reply" {
				answered = true
				ask.Reset(20 * time.Millisecond)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// pause waits, and says whether the context still holds.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
