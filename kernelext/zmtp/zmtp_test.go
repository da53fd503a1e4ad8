package zmtp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// inbox collects messages as text, frames joined by "|".
type inbox chan string

func (in inbox) received(frames [][]byte) {
	var parts []string
	for _, f := range frames {
		parts = append(parts, string(f))
	}
	in <- strings.Join(parts, "|")
}

func (in inbox) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-in:
		if got != want {
			t.Fatalf("received %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing received, want %q", want)
	}
}

func bytesOf(parts ...string) (frames [][]byte) {
	for _, p := range parts {
		frames = append(frames, []byte(p))
	}
	return frames
}

func listen(t *testing.T, kind Kind, o Options) (*Socket, string) {
	t.Helper()
	o.Log = t.Logf
	s, err := Listen(kind, "tcp://127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(0) })
	return s, "tcp://" + s.listener.Addr().String()
}

func dial(t *testing.T, kind Kind, address string, o Options) *Socket {
	t.Helper()
	s, err := Dial(t.Context(), kind, address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(0) })
	return s
}

func send(t *testing.T, s *Socket, parts ...string) {
	t.Helper()
	if err := s.Send(bytesOf(parts...)); err != nil {
		t.Fatal(err)
	}
}

// A router tells its peers apart, and messages arrive in order with all their frames, short and long.
func TestRouterAndDealers(t *testing.T) {
	asked := make(inbox, 8)
	router, address := listen(t, Router, Options{Received: asked.received})
	a, b := make(inbox, 8), make(inbox, 8)
	first := dial(t, Dealer, address, Options{Identity: []byte("a"), Received: a.received})
	dial(t, Dealer, address, Options{Identity: []byte("b"), Received: b.received})
	big := strings.Repeat("x", 3<<20)
	send(t, first, "one", "")
	send(t, first, strings.Repeat("y", 300))
	send(t, first, big)
	asked.expect(t, "a|one|")
	asked.expect(t, "a|"+strings.Repeat("y", 300))
	asked.expect(t, "a|"+big)
	send(t, router, "b", "for b")
	send(t, router, "a", "for a", big)
	a.expect(t, "for a|"+big)
	b.expect(t, "for b")
	if err := router.Send(bytesOf("c", "for nobody")); err == nil {
		t.Error("a message to a peer that is not there is no error")
	}
	dial(t, Dealer, address, Options{Identity: []byte("b"), Received: a.received})
	for deadline := time.Now().Add(10 * time.Second); ; { // the newest peer of a name has it
		send(t, router, "b", "again")
		select {
		case <-a:
			return
		case <-b:
		}
		if time.Now().After(deadline) {
			t.Fatal("the new peer of an identity gets nothing")
		}
	}
}

// A publisher hears of subscriptions and can answer one subscriber alone.
func TestPub(t *testing.T) {
	type subscription struct{ identity, topic string }
	subscribed := make(chan subscription, 4)
	pub, address := listen(t, Pub, Options{Subscribed: func(identity, topic string) { subscribed <- subscription{identity, topic} }})
	a, b := make(inbox, 8), make(inbox, 8)
	dial(t, Sub, address, Options{Received: a.received})
	one := <-subscribed
	dial(t, Sub, address, Options{Received: b.received})
	two := <-subscribed
	if one.topic != "" || one.identity == two.identity {
		t.Fatalf("subscriptions %+v and %+v", one, two)
	}
	if err := pub.SendTo(two.identity, bytesOf("welcome")); err != nil {
		t.Fatal(err)
	}
	send(t, pub, "topic", "all")
	a.expect(t, "topic|all")
	b.expect(t, "welcome")
	b.expect(t, "topic|all")
	if err := pub.SendTo("nobody", bytesOf("x")); err == nil {
		t.Error("a message to a subscriber that is not there is no error")
	}
}

// Another implementation of the protocol understands us, as caller and as listener.
func TestOtherImplementation(t *testing.T) {
	asked := make(inbox, 8)
	router, address := listen(t, Router, Options{Received: asked.received})
	dealer := zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("z")))
	defer dealer.Close()
	if err := dealer.Dial(address); err != nil {
		t.Fatal(err)
	}
	if err := dealer.SendMulti(zmq4.NewMsgFrom(bytesOf("hello", strings.Repeat("w", 70000))...)); err != nil {
		t.Fatal(err)
	}
	asked.expect(t, "z|hello|"+strings.Repeat("w", 70000))
	send(t, router, "z", "back", "")
	if m, err := dealer.Recv(); err != nil || len(m.Frames) != 2 || string(m.Frames[0]) != "back" {
		t.Fatalf("%v, %v", m, err)
	}

	pub := zmq4.NewPub(t.Context())
	defer pub.Close()
	if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	heard := make(inbox, 1000)
	dial(t, Sub, "tcp://"+pub.Addr().String(), Options{Received: heard.received})
	for {
		if err := pub.SendMulti(zmq4.NewMsgFrom(bytesOf("topic", "text")...)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if got != "topic|text" {
				t.Fatalf("received %q", got)
			}
			return
		case <-time.After(5 * time.Millisecond): // the subscription is on its way
		}
	}
}

// Sockets that have nothing to say to each other are not connected, and no socket is connected to itself.
func TestUnsuitable(t *testing.T) {
	received := Options{Received: func([][]byte) {}}
	_, router := listen(t, Router, received)
	_, pub := listen(t, Pub, received)
	for _, tc := range []struct {
		kind    Kind
		address string
	}{{Dealer, pub}, {Sub, router}} {
		if s, err := Dial(t.Context(), tc.kind, tc.address, received); err == nil || !strings.Contains(err.Error(), "cannot talk to a "+string(tc.kind)) {
			t.Errorf("%s: %v, %v", tc.kind, s, err)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().(*net.TCPAddr)
	free.Close()
	conn, err := net.DialTCP("tcp", address, address) // nobody listens: the call is answered by the caller
	if err != nil {
		t.Skipf("this system connects no port to itself: %v", err)
	}
	defer conn.Close()
	if err := newPeer(conn).handshake(Dealer, nil); err == nil || !strings.Contains(err.Error(), `a "DEALER" cannot talk to a DEALER`) {
		t.Errorf("a socket talks to itself: %v", err)
	}
}

// A caller is told that the other side has left, and only then: not of its own end.
func TestGone(t *testing.T) {
	left := make(chan string, 10)
	options := func(name string) Options {
		return Options{Received: func([][]byte) {}, Gone: func() { left <- name }}
	}
	router, address := listen(t, Router, Options{Received: func([][]byte) {}})
	staying := dial(t, Dealer, address, options("the one that closed"))
	dial(t, Dealer, address, options("the one that was left"))
	staying.Close(time.Second)
	if len(left) > 0 {
		t.Fatal("told of its own end:", <-left)
	}
	router.Close(0)
	select {
	case who := <-left:
		if who != "the one that was left" {
			t.Error("told:", who)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told that the other side has left")
	}
	if len(left) > 0 {
		t.Error("told again:", <-left)
	}
}

// What a stranger may send: nothing of it ends the socket, or takes memory.
func TestMalformed(t *testing.T) {
	asked := make(inbox, 8)
	var mu sync.Mutex
	var log strings.Builder
	s, err := Listen(Router, "tcp://127.0.0.1:0", Options{Limit: 1000, Received: asked.received, Log: func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&log, format+"\n", args...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(0)
	address := s.listener.Addr().String()
	hello := append(greeting(), 0)[:64]
	rdy := append([]byte{command, byte(len(ready(Dealer, nil)))}, ready(Dealer, nil)...)
	huge := binary.BigEndian.AppendUint64([]byte{long}, 1<<63)
	for name, sent := range map[string][]byte{
		"not ZMTP":       []byte(strings.Repeat("GET / HTTP/1.1\r\n", 8)),
		"old version":    append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 1}, make([]byte, 53)...),
		"mechanism":      append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'}, make([]byte, 47)...),
		"no READY":       append(append([]byte{}, hello...), command, 3, 'a', 'b', 'c'),
		"cut READY":      append(append([]byte{}, hello...), command, 8, 5, 'R', 'E', 'A', 'D', 'Y', 200, 'x'),
		"a message":      append(append([]byte{}, hello...), 0, 3, 'a', 'b', 'c'),
		"huge handshake": append(append([]byte{}, hello...), huge...),
		"huge frame":     append(append(append([]byte{}, hello...), rdy...), huge...),
		"cut frame":      append(append(append([]byte{}, hello...), rdy...), 0, 9, 'x'),
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(sent); err != nil {
			t.Logf("%s: %v", name, err) // refused while we wrote
		}
		conn.(*net.TCPConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		var b [1 << 10]byte
		for err == nil {
			_, err = conn.Read(b[:])
		}
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Errorf("%s: the connection stays open", name)
		}
		conn.Close()
	}
	d := dial(t, Dealer, "tcp://"+address, Options{Identity: []byte("d"), Received: asked.received})
	send(t, d, "too", strings.Repeat("x", 995), "long")
	send(t, d, strings.Repeat("x", 100000), "long")
	send(t, d, "short")
	asked.expect(t, "d|short")
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"this is not ZMTP", "version 1", `mechanism "CURVE"`, "want READY", "cut off", "claims 9223372036854775808", "more than 1000 bytes"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
}

// A subscriber that does not read costs no more than its queue, and the others get everything.
func TestSlowPeer(t *testing.T) {
	subscribed := make(chan string, 4)
	pub, address := listen(t, Pub, Options{Queue: 1 << 20, Subscribed: func(identity, _ string) { subscribed <- identity }})
	stuck := make(chan struct{})
	dial(t, Sub, address, Options{Received: func([][]byte) { <-stuck }})
	defer close(stuck)
	<-subscribed
	heard := make(inbox, 8)
	dial(t, Sub, address, Options{Received: heard.received})
	<-subscribed
	text := strings.Repeat("z", 100000)
	var refused error
	for i := 0; i < 1000 && refused == nil; i++ {
		refused = pub.Send(bytesOf("t", text))
		heard.expect(t, "t|"+text)
	}
	if refused == nil || !strings.Contains(refused.Error(), "does not read") {
		t.Fatalf("100 MB wait for a peer that does not read: %v", refused)
	}
	send(t, pub, "t", "more")
	heard.expect(t, "t|more")
}

// A subscriber that reads nothing and then talks nonsense, or stops to talk, holds nobody up at the end.
func TestCloseWithStuckPeer(t *testing.T) {
	for name, last := range map[string][]byte{"nonsense": binary.BigEndian.AppendUint64([]byte{long}, 1<<63), "end of file": nil} {
		subscribed := make(chan string, 1)
		pub, err := Listen(Pub, "tcp://127.0.0.1:0", Options{Log: t.Logf, Subscribed: func(identity, _ string) { subscribed <- identity }})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", pub.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		hello := append(append(greeting(), command, byte(len(ready(Sub, nil)))), ready(Sub, nil)...)
		if _, err := conn.Write(append(hello, 0, 1, 1)); err != nil {
			t.Fatal(err)
		}
		<-subscribed
		send(t, pub, "t", strings.Repeat("x", 30_000_000))
		if _, err := conn.Write(last); err != nil {
			t.Fatal(err)
		}
		if last == nil {
			conn.(*net.TCPConn).CloseWrite()
		}
		for pub.Connected() {
			time.Sleep(time.Millisecond)
		}
		closed := make(chan struct{})
		go func() {
			pub.Close(100 * time.Millisecond)
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: Close does not return", name)
		}
	}
}

// A call that is taken by a program that says nothing ends with its context.
func TestDialIsCancelled(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	reason := errors.New("not wanted any more")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		if conn, err := silent.Accept(); err == nil {
			defer conn.Close()
			conn.Read(make([]byte, 1)) // its greeting, to which nothing is said
			cancel(reason)
			<-t.Context().Done()
		}
	}()
	if _, err := Dial(ctx, Dealer, silent.Addr().String(), Options{}); !errors.Is(err, reason) {
		t.Errorf("%v", err)
	}
}

// A subscriber has a limited number of topics.
func TestManyTopics(t *testing.T) {
	p := newPeer(nil)
	for i := range 1000 {
		p.subscribe([]byte(fmt.Sprintf("\x01%03d", i)))
	}
	if len(p.topics) != maxTopics || !p.wants([]byte("099")) || p.wants([]byte("100")) {
		t.Errorf("%d topics, that of 99: %v, of 100: %v", len(p.topics), p.wants([]byte("099")), p.wants([]byte("100")))
	}
}

// Close delivers what is queued and leaves no goroutine, also with connections half open.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	heard := make(inbox, 1000)
	router, err := Listen(Router, "tcp://127.0.0.1:0", Options{Received: func([][]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	address := router.listener.Addr().String()
	half, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	d, err := Dial(context.Background(), Dealer, address, Options{Identity: []byte("d"), Received: heard.received})
	if err != nil {
		t.Fatal(err)
	}
	for !router.Connected() {
		time.Sleep(time.Millisecond)
	}
	for i := range 100 {
		send(t, router, "d", fmt.Sprint(i))
	}
	router.Close(10 * time.Second)
	for i := range 100 {
		heard.expect(t, fmt.Sprint(i))
	}
	d.Close(0)
	if err := d.Send(bytesOf("x")); err == nil {
		t.Error("sending after Close is no error")
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	if _, err := Dial(context.Background(), Dealer, address, Options{}); err == nil {
		t.Error("a closed socket can be called")
	}
}
