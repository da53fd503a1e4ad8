package zmtp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	handshakeTimeout = 10 * time.Second
	maxTopics        = 100 // of a subscriber; it gets nothing of further ones
)

// peer is one connection. Messages to it wait in a queue, so that nobody waits for a slow peer.
type peer struct {
	conn     net.Conn
	in       *bufio.Reader
	identity string // given by the peer, else a random one

	mu      sync.Mutex
	topics  map[string]int // subscriptions, and how often
	queue   net.Buffers
	queued  int // bytes
	closing bool
	wake    chan struct{} // holds one token when there is something to write, or to end
	written chan struct{} // closed when the writer has ended
}

func newPeer(conn net.Conn) *peer {
	return &peer{conn: conn, in: bufio.NewReaderSize(conn, 1<<16), topics: map[string]int{},
		wake: make(chan struct{}, 1), written: make(chan struct{})}
}

// handshake exchanges greetings and READY commands.
func (p *peer) handshake(kind Kind, identity []byte) error {
	p.conn.SetDeadline(time.Now().Add(handshakeTimeout))
	defer p.conn.SetDeadline(time.Time{})
	if _, err := p.conn.Write(greeting()); err != nil {
		return err
	}
	var g [64]byte
	if _, err := io.ReadFull(p.in, g[:]); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := checkGreeting(g[:]); err != nil {
		return err
	}
	out := appendFrame(nil, command, ready(kind, identity))
	if _, err := out.WriteTo(p.conn); err != nil {
		return err
	}
	flags, body, err := readFrame(p.in, atOnce)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if flags&command == 0 {
		return errors.New("the handshake ended with a message, want READY")
	}
	properties, err := parseReady(body)
	if err != nil {
		return err
	}
	p.identity = properties["Identity"]
	return kind.suits(properties["Socket-Type"])
}

// send queues a message. A peer that does not read what it is sent is cut off when more than the limit waits.
func (p *peer) send(frames [][]byte, limit int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return net.ErrClosed
	}
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	if p.queued+size > limit {
		p.closing = true
		p.conn.Close()
		p.signal()
		return fmt.Errorf("a peer does not read: %d bytes wait for it, it is cut off", p.queued)
	}
	p.queue = append(p.queue, encode(frames)...)
	p.queued += size
	p.signal()
	return nil
}

func (p *peer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued until the connection ends, or is to end and nothing is left.
func (p *peer) write() {
	defer close(p.written)
	defer p.conn.Close()
	for range p.wake {
		p.mu.Lock()
		batch, closing := p.queue, p.closing
		p.queue = nil
		size := p.queued
		p.mu.Unlock()
		if _, err := batch.WriteTo(p.conn); err != nil {
			p.end()
			return
		}
		p.mu.Lock()
		p.queued -= size
		more := len(p.queue) > 0
		p.mu.Unlock()
		if closing && !more {
			return
		}
		if more {
			p.signal()
		}
	}
}

// end lets the writer finish what is queued and close the connection.
func (p *peer) end() {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.signal()
}

// subscribe follows the subscription messages of a SUB: 1 or 0 and the topic.
func (p *peer) subscribe(frame []byte) (topic string, added bool) {
	if len(frame) == 0 || frame[0] > 1 {
		return "", false
	}
	topic = string(frame[1:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if frame[0] == 1 {
		if len(p.topics) >= maxTopics && p.topics[topic] == 0 {
			return topic, false
		}
		p.topics[topic]++
		return topic, p.topics[topic] == 1
	}
	if p.topics[topic]--; p.topics[topic] <= 0 {
		delete(p.topics, topic)
	}
	return topic, false
}

func (p *peer) wants(topic []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.topics {
		if strings.HasPrefix(string(topic), t) {
			return true
		}
	}
	return false
}
