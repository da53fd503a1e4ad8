package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
)

// Flags of a frame.
const (
	more    = 1
	long    = 2
	command = 4
)

const (
	maxFrames = 4096    // of a message
	atOnce    = 1 << 20 // bytes: a longer frame gets memory as it arrives, not as it claims
)

var errTooLong = errors.New("longer than allowed")

// greeting opens a connection: version 3.0, no authentication (the messages are signed).
func greeting() []byte {
	g := make([]byte, 64)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:], "NULL")
	return g
}

func checkGreeting(g []byte) error {
	switch {
	case g[0] != 0xff || g[9]&1 != 1:
		return errors.New("this is not ZMTP")
	case g[10] < 3:
		return fmt.Errorf("version %d of ZMTP, want 3", g[10])
	case string(bytes.TrimRight(g[12:32], "\x00")) != "NULL":
		return fmt.Errorf("mechanism %q, only NULL is known", bytes.TrimRight(g[12:32], "\x00"))
	}
	return nil
}

// ready is the command that ends the handshake.
func ready(kind Kind, identity []byte) []byte {
	body := []byte("\x05READY")
	for _, p := range [][2]string{{"Socket-Type", string(kind)}, {"Identity", string(identity)}} {
		body = append(append(body, byte(len(p[0]))), p[0]...)
		body = append(binary.BigEndian.AppendUint32(body, uint32(len(p[1]))), p[1]...)
	}
	return body
}

// suits says whether a socket may talk to one of another type. It also tells a call that was answered by the caller: TCP
// connects a port to itself when it is called from that port and nobody listens.
func (k Kind) suits(peer string) error {
	suitable := map[Kind][]string{Router: {"DEALER", "REQ", "ROUTER"}, Dealer: {"ROUTER", "REP"}, Pub: {"SUB", "XSUB"}, Sub: {"PUB", "XPUB"}}
	if !slices.Contains(suitable[k], peer) {
		return fmt.Errorf("a %.20q cannot talk to a %s", peer, k)
	}
	return nil
}

// parseReady reads the properties of a READY command.
func parseReady(body []byte) (map[string]string, error) {
	rest, ok := bytes.CutPrefix(body, []byte("\x05READY"))
	if !ok {
		return nil, fmt.Errorf("the handshake ended with %.40q, want READY", body)
	}
	properties := map[string]string{}
	for len(rest) > 0 {
		n := int(rest[0])
		if len(rest) < 1+n+4 {
			return nil, errors.New("a property of READY is cut off")
		}
		name := string(rest[1 : 1+n])
		size := binary.BigEndian.Uint32(rest[1+n:])
		rest = rest[1+n+4:]
		if uint64(len(rest)) < uint64(size) {
			return nil, errors.New("a property of READY is cut off")
		}
		properties[name] = string(rest[:size])
		rest = rest[size:]
	}
	return properties, nil
}

// appendFrame adds a frame's header and body to what is to be written.
func appendFrame(to net.Buffers, flags byte, body []byte) net.Buffers {
	head := []byte{flags, byte(len(body))}
	if len(body) > 255 {
		head = binary.BigEndian.AppendUint64([]byte{flags | long}, uint64(len(body)))
	}
	return append(to, head, body)
}

// encode is a message as it is written.
func encode(frames [][]byte) net.Buffers {
	var out net.Buffers
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = more
		}
		out = appendFrame(out, flags, f)
	}
	return out
}

// readFrame reads one frame. A frame longer than left bytes is read to its end and thrown away (errTooLong).
func readFrame(r *bufio.Reader, left int) (flags byte, body []byte, err error) {
	if flags, err = r.ReadByte(); err != nil {
		return 0, nil, err
	}
	var head [8]byte
	n := 1
	if flags&long != 0 {
		n = 8
	}
	if _, err := io.ReadFull(r, head[8-n:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint64(head[:])
	switch {
	case size > 1<<62:
		return 0, nil, fmt.Errorf("a frame claims %d bytes", size)
	case size > uint64(left):
		if _, err := io.CopyN(io.Discard, r, int64(size)); err != nil {
			return 0, nil, err
		}
		return flags, nil, errTooLong
	case size <= atOnce:
		body = make([]byte, size)
		_, err = io.ReadFull(r, body)
		return flags, body, err
	}
	var b bytes.Buffer
	_, err = io.CopyN(&b, r, int64(size))
	return flags, b.Bytes(), err
}

// readMessage reads the frames of the next message; what commands say after the handshake does not matter to us.
// A message longer than the limit is thrown away whole (errTooLong).
func readMessage(r *bufio.Reader, limit int) ([][]byte, error) {
	var frames [][]byte
	var tooLong error
	for left := limit; ; {
		flags, body, err := readFrame(r, left)
		if errors.Is(err, errTooLong) || len(frames) >= maxFrames {
			tooLong, left, frames = errTooLong, 0, nil
		} else if err != nil {
			return nil, err
		}
		if flags&command != 0 {
			continue
		}
		left -= len(body)
		if tooLong == nil {
			frames = append(frames, body)
		}
		if flags&more == 0 {
			return frames, tooLong
		}
	}
}
