// Package zmtp speaks the part of ZeroMQ's protocol that Jupyter's kernels need: ZMTP 3.0 over TCP without
// authentication (https://rfc.zeromq.org/spec/23), listening as ROUTER and PUB, calling as DEALER and SUB.
//
// It exists because a kernel must live with peers that it cannot trust: a frame that claims more than it may be is
// thrown away before it costs memory, a peer that does not read delays nobody, and every goroutine ends.
package zmtp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Kind is the type of a socket.
type Kind string

// The sockets there are.
const (
	Router Kind = "ROUTER"
	Pub    Kind = "PUB"
	Dealer Kind = "DEALER"
	Sub    Kind = "SUB"
)

// Options of a socket.
type Options struct {
	Identity   []byte                       // of a Dealer: the name by which a router answers it
	Limit      int                          // bytes of a message that is received; 0: 64 MiB
	Queue      int                          // bytes that may wait for one peer; 0: 256 MiB
	Received   func(frames [][]byte)        // called for every message, one at a time per peer; a Router's begin with the peer's identity
	Subscribed func(identity, topic string) // of a Pub: a peer wants a topic; SendTo reaches this peer only
	Gone       func()                       // of a Dealer or a Sub: the connection has ended, not by Close; it is not made again
	Log        func(format string, args ...any)
}

func (o Options) limit() int {
	if o.Limit > 0 {
		return o.Limit
	}
	return 64 << 20
}

func (o Options) queue() int {
	if o.Queue > 0 {
		return o.Queue
	}
	return 256 << 20
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		o.Log(format, args...)
	}
}

// Socket is a listening or calling socket; its methods may be used by several goroutines.
type Socket struct {
	kind     Kind
	options  Options
	listener net.Listener // nil when calling

	mu      sync.Mutex
	opening map[net.Conn]bool // not through the handshake yet
	peers   map[*peer]bool
	routes  map[string]*peer // the newest peer of an identity
	closed  bool
	work    sync.WaitGroup
}

// leaveTime is how long what is queued may take to leave when nothing comes from the peer any more.
const leaveTime = time.Second

func newSocket(kind Kind, o Options) *Socket {
	return &Socket{kind: kind, options: o, opening: map[net.Conn]bool{}, peers: map[*peer]bool{}, routes: map[string]*peer{}}
}

// Listen opens a Router or a Pub at tcp://host:port.
func Listen(kind Kind, address string, o Options) (*Socket, error) {
	l, err := net.Listen("tcp", strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		return nil, fmt.Errorf("zmtp: %w", err)
	}
	s := newSocket(kind, o)
	s.listener = l
	s.work.Go(s.accept)
	return s, nil
}

// Dial connects a Dealer or a Sub (of everything) once; it fails at once when nobody listens.
func Dial(ctx context.Context, kind Kind, address string, o Options) (*Socket, error) {
	conn, err := (&net.Dialer{Timeout: handshakeTimeout}).DialContext(ctx, "tcp", strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		return nil, fmt.Errorf("zmtp: %w", err)
	}
	s := newSocket(kind, o)
	p := newPeer(conn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = p.handshake(kind, o.Identity)
	if !stop() {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("zmtp: %s: %w", address, err)
	}
	s.add(p)
	if kind == Sub {
		p.send([][]byte{{1}}, s.options.queue())
	}
	return s, nil
}

func (s *Socket) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file handles, for example: others may end
			s.options.logf("zmtp: %v", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		s.opening[conn] = true
		closed := s.closed
		s.mu.Unlock()
		if closed {
			conn.Close()
			return
		}
		s.work.Go(func() { s.open(conn) })
	}
}

// open makes an accepted connection a peer.
func (s *Socket) open(conn net.Conn) {
	p := newPeer(conn)
	err := p.handshake(s.kind, nil)
	s.mu.Lock()
	delete(s.opening, conn)
	s.mu.Unlock()
	if err != nil {
		s.options.logf("zmtp: a connection from %v is refused: %v", conn.RemoteAddr(), err)
		conn.Close()
		return
	}
	s.add(p)
}

// add makes a peer one of the socket's and starts its goroutines.
func (s *Socket) add(p *peer) {
	if p.identity == "" {
		p.identity = "\x00" + rand.Text()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		p.conn.Close()
		return
	}
	s.peers[p], s.routes[p.identity] = true, p
	s.work.Go(p.write)
	s.work.Go(func() { s.read(p) })
}

// read hands on a peer's messages until it is gone.
func (s *Socket) read(p *peer) {
	defer s.remove(p)
	for {
		frames, err := readMessage(p.in, s.options.limit())
		if errors.Is(err, errTooLong) {
			s.options.logf("zmtp: a message of more than %d bytes is dropped", s.options.limit())
			continue
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.options.logf("zmtp: a connection ends: %v", err)
			}
			return
		}
		switch s.kind {
		case Pub:
			if topic, added := p.subscribe(frames[0]); added && s.options.Subscribed != nil {
				s.options.Subscribed(p.identity, topic)
			}
		case Router:
			s.options.Received(append([][]byte{[]byte(p.identity)}, frames...))
		default:
			s.options.Received(frames)
		}
	}
}

func (s *Socket) remove(p *peer) {
	p.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.conn.SetWriteDeadline(time.Now().Add(leaveTime)) // Close does not know of it any more
	delete(s.peers, p)
	if s.routes[p.identity] == p {
		delete(s.routes, p.identity)
	}
	if s.listener == nil && !s.closed && s.options.Gone != nil {
		s.work.Go(s.options.Gone)
	}
}

// Connected says whether any peer is connected.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.peers) > 0
}

// Close sends what is queued, for at most the time given, and ends all goroutines of the socket. Received is not
// called again after Close.
func (s *Socket) Close(linger time.Duration) {
	if s.listener != nil {
		s.listener.Close()
	}
	s.mu.Lock()
	s.closed = true
	for conn := range s.opening {
		conn.Close()
	}
	var peers []*peer
	for p := range s.peers {
		peers = append(peers, p)
	}
	s.mu.Unlock()
	deadline := time.After(linger)
	for _, p := range peers {
		p.end()
	}
	for _, p := range peers {
		select {
		case <-p.written:
		case <-deadline:
			deadline = time.After(0)
			p.conn.Close()
		}
	}
	s.work.Wait()
}
