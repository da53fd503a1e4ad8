package proxy

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

const linger = time.Second // for the last messages to leave

// front is the side towards Jupyter. Its sockets call from goroutines of their own; all else is the loop's.
type front struct {
	p                                       *proxy
	key                                     []byte
	shell, control, stdin, iopub, heartbeat *zmtp.Socket
	seen                                    *signatures
	open                                    chan struct{} // closed when all sockets are there: calls may come before
}

// channel names a socket that requests come from.
type channel int

const (
	shell channel = iota
	control
	stdin
)

func openFront(p *proxy) (*front, error) {
	f := &front{p: p, key: []byte(p.connection.Key), seen: newSignatures(1 << 16), open: make(chan struct{})}
	c := p.connection
	receive := func(ch channel) func([][]byte) { return func(frames [][]byte) { f.receive(ch, frames) } }
	var err error
	for _, s := range []struct {
		socket *(*zmtp.Socket)
		kind   zmtp.Kind
		port   int
		o      zmtp.Options
	}{
		{&f.shell, zmtp.Router, c.Shell, zmtp.Options{Received: receive(shell)}},
		{&f.control, zmtp.Router, c.Control, zmtp.Options{Received: receive(control)}},
		{&f.stdin, zmtp.Router, c.Stdin, zmtp.Options{Received: receive(stdin)}},
		{&f.iopub, zmtp.Pub, c.IOPub, zmtp.Options{Subscribed: f.welcome, Limit: 1 << 10}},
		{&f.heartbeat, zmtp.Router, c.Heartbeat, zmtp.Options{Received: f.beat, Limit: 1 << 16}},
	} {
		s.o.Log = p.log.printf
		if *s.socket, err = zmtp.Listen(s.kind, c.Address(s.port), s.o); err != nil {
			break
		}
	}
	close(f.open)
	if err != nil {
		f.close()
		return nil, fmt.Errorf("proxy: %s: %w", p.options.Connection, err)
	}
	return f, nil
}

func (f *front) close() {
	for _, s := range []*zmtp.Socket{f.iopub, f.shell, f.control, f.stdin, f.heartbeat} {
		if s != nil {
			s.Close(linger)
		}
	}
}

// receive checks a message and reports it to the loop. What is not signed with our key, or comes a second time, is not
// from the front end.
func (f *front) receive(ch channel, frames [][]byte) {
	m, err := wire.Decode(f.key, frames)
	if err == nil && m.Signature != "" && !f.seen.add(m.Signature) {
		err = errors.New("a message comes a second time")
	}
	if err != nil {
		f.p.log.printf("a request is dropped: %v", err)
		return
	}
	f.p.post(func() { f.p.request(ch, m) })
}

// beat answers that the kernel lives.
func (f *front) beat(frames [][]byte) {
	<-f.open
	f.heartbeat.Send(frames)
}

// welcome tells a new subscriber that it misses nothing from now on.
func (f *front) welcome(identity, topic string) {
	<-f.open
	m, err := wire.New(f.p.session, "iopub_welcome", nil, map[string]any{"subscription": topic})
	if err == nil {
		if topic == "" {
			topic = "iopub_welcome"
		}
		m.Routes = [][]byte{[]byte(topic)}
		err = f.iopub.SendTo(identity, m.Encode(f.key))
	}
	if err != nil {
		f.p.log.printf("iopub_welcome: %v", err)
	}
}

// publish sends a message to all subscribers.
func (f *front) publish(parent *wire.Message, messageType string, content any) {
	m, err := wire.New(f.p.session, messageType, parent, content)
	if err != nil {
		f.p.log.printf("%v", err)
		return
	}
	f.forward(m)
}

// forward sends a message that has its parent already to all subscribers.
func (f *front) forward(m wire.Message) {
	m.Routes = [][]byte{[]byte("kernel." + f.p.session + "." + m.Header.Type)}
	f.send(f.iopub, m)
}

func (f *front) status(parent *wire.Message, state string) {
	f.publish(parent, "status", map[string]any{"execution_state": state})
}

// reply answers a request on the channel it came from.
func (f *front) reply(ch channel, request *wire.Message, messageType string, content any) {
	m, err := wire.New(f.p.session, messageType, request, content)
	if err != nil {
		f.p.log.printf("%v", err)
		return
	}
	m.Routes = request.Routes
	f.send(map[channel]*zmtp.Socket{shell: f.shell, control: f.control, stdin: f.stdin}[ch], m)
}

// send signs and queues a message. Jupyter reads UTF-8 only, a cell may print what it likes.
func (f *front) send(to *zmtp.Socket, m wire.Message) {
	if !utf8.Valid(m.Content) || !utf8.Valid(m.Metadata) {
		m.Content, m.Metadata = validUTF8(m.Content), validUTF8(m.Metadata)
	}
	if err := to.Send(m.Encode(f.key)); err != nil {
		f.p.log.printf("%s: %v", m.Header.Type, err)
	}
}
