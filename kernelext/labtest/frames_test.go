package labtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// request is a cell as frames: delimiter, signature, header, parent, metadata, content.
func (k *kernel) request(t *testing.T, key, code string) (id string, frames [][]byte) {
	t.Helper()
	m, err := wire.New(k.Session, "execute_request", nil, client.Code(code))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header.ID, m.Encode([]byte(key))
}

// signed are frames with a part replaced and a signature that is right for it.
func (k *kernel) signed(frames [][]byte, part int, text string) [][]byte {
	frames = slices.Clone(frames)
	frames[part] = []byte(text)
	mac := hmac.New(sha256.New, []byte(k.Connection.Key))
	for _, part := range frames[2:6] {
		mac.Write(part)
	}
	frames[1] = hex.AppendEncode(nil, mac.Sum(nil))
	return frames
}

func (k *kernel) sendFrames(t *testing.T, frames [][]byte) {
	t.Helper()
	for _, channel := range []client.Channel{client.Shell, client.Control} {
		if err := k.SendFrames(channel, frames); err != nil {
			t.Fatal(err)
		}
	}
}

// A request that is not signed with the kernel's key does nothing; neither does one that was listened to and sent again.
func TestForgedAndReplayedRequests(t *testing.T) {
	k := start(t)
	file := filepath.Join(k.folder, "executed")
	for _, key := range []string{"another key", ""} {
		_, frames := k.request(t, key, "!echo forged >> "+file)
		k.sendFrames(t, frames)
	}
	_, frames := k.request(t, k.Connection.Key, "!echo forged >> "+file)
	frames[1] = bytes.ToUpper(frames[1])
	frames[5] = bytes.Replace(frames[5], []byte("forged"), []byte("edited"), 1)
	k.sendFrames(t, frames)

	id, frames := k.request(t, k.Connection.Key, "!echo once >> "+file)
	if err := k.SendFrames(client.Shell, frames); err != nil {
		t.Fatal(err)
	}
	k.result(t, id)
	for range 3 {
		k.sendFrames(t, frames)
	}
	k.expectAlive(t)
	if text, err := os.ReadFile(file); err != nil || string(text) != "once\n" {
		t.Errorf("what was executed left %q (%v), want one line", text, err)
	}
}

// Messages that are none, with and without the right signature, in every part and on both channels.
func TestMalformedFrames(t *testing.T) {
	k := start(t)
	_, good := k.request(t, k.Connection.Key, "!echo x")
	for _, frames := range [][][]byte{
		{[]byte("nothing")}, {{}}, {{}, {}, {}}, good[:1], good[:3], good[:5], good[1:], {good[0], good[0], good[0]},
		slices.Concat([][]byte{bytes.Repeat([]byte("r"), 300)}, good[:2]),
		slices.Repeat([][]byte{[]byte("x")}, 1000),
		{good[0], bytes.Repeat([]byte("f"), 64<<20), good[2], good[3], good[4], good[5]}, // 64 MB as a signature
		{good[0], good[1], good[2], good[3], good[4], bytes.Repeat([]byte("{"), 64<<20)},
		k.signed(good, 2, "{"), k.signed(good, 2, "[]"), k.signed(good, 2, "null"), k.signed(good, 2, `{"msg_type": 7}`), k.signed(good, 2, "{}"),
		k.signed(good, 2, `{"msg_id": "a", "msg_type": "no_such_request", "session": "s"}`), k.signed(good, 2, "\xff\xfe"),
		k.signed(good, 3, "{"), k.signed(good, 3, "7"), k.signed(good, 4, "{"), k.signed(good, 4, "[]"),
		k.signed(good, 5, "{"), k.signed(good, 5, "[]"), k.signed(good, 5, "null"), k.signed(good, 5, "{}"), k.signed(good, 5, `{"code": 7}`),
		k.signed(good, 5, strings.Repeat("[", 100_000)), k.signed(good, 5, "{\"code\": \"\xff\xfe\"}"),
	} {
		k.sendFrames(t, frames)
	}
	k.run(t, "!echo settled") // may be aborted, because a request before it failed
	k.expectAlive(t)
	for _, kind := range []string{"complete", "inspect", "is_complete", "history", "comm_info", "kernel_info"} {
		_, frames := k.request(t, k.Connection.Key, "")
		header := strings.Replace(string(frames[2]), "execute_request", kind+"_request", 1)
		for _, content := range []string{"{}", "[]", `{"code": 7, "cursor_pos": "x"}`, `{"code": "fmt.P", "cursor_pos": -5}`,
			`{"code": "fmt.P", "cursor_pos": 1000000}`, `{"code": "\u0000\ud800", "cursor_pos": 1}`, `{"hist_access_type": 7, "n": -1}`,
			`{"hist_access_type": "search", "pattern": "[(*", "n": 99999999}`} {
			k.sendFrames(t, k.signed(k.signed(frames, 2, header), 5, content))
		}
	}
	k.expectAlive(t)
}

// Programs that connect to the kernel's ports and speak another protocol, or none.
func TestStrangersOnThePorts(t *testing.T) {
	k := start(t)
	c := k.Connection
	for _, port := range []int{c.Shell, c.Control, c.IOPub, c.Stdin, c.Heartbeat} {
		for _, text := range []string{"", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", strings.Repeat("\xff", 1<<20)} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.Address(port), "tcp://"))
			if err != nil {
				t.Fatal(err)
			}
			conn.Write([]byte(text)) // may be refused at any byte
			if len(text) > 20 {
				conn.Close()
			} else {
				defer conn.Close() // silent until the test ends
			}
		}
	}
	k.expectAlive(t)
}
