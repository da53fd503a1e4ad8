package wire

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMessage(t *testing.T) {
	key := []byte("key")
	asked, err := New("s", "execute_request", nil, map[string]any{"code": "x"})
	if err != nil {
		t.Fatal(err)
	}
	asked.Routes, asked.Buffers = [][]byte{[]byte("route")}, [][]byte{{1, 2}}
	m, err := Decode(key, asked.Encode(key))
	if err != nil || m.Header != asked.Header || string(m.Content) != `{"code":"x"}` || string(m.Routes[0]) != "route" || len(m.Buffers) != 1 {
		t.Fatalf("decoded %+v, %v", m, err)
	}
	reply, err := New("k", "execute_reply", &m, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(key, reply.Encode(key))
	if err != nil || got.Parent != asked.Header || got.Header.Version != Version {
		t.Fatalf("a reply: %+v, %v", got, err)
	}
	changed, err := got.WithContent(map[string]any{"status": "ok"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(key, changed.Encode(key)); err != nil || string(got.Content) != `{"status":"ok"}` || got.Header != reply.Header {
		t.Fatalf("with another content: %+v, %v", got, err)
	}
	if _, err := Decode(nil, m.Encode(nil)); err != nil {
		t.Errorf("without a key: %v", err)
	}
}

func TestDecodeRejects(t *testing.T) {
	key := []byte("key")
	m, err := New("s", "execute_request", nil, map[string]any{"code": "x"})
	if err != nil {
		t.Fatal(err)
	}
	frames := m.Encode(key)
	if _, err := Decode([]byte("other"), frames); !errors.Is(err, ErrSignature) {
		t.Errorf("signed with another key: %v", err)
	}
	change := func(i int, text string) [][]byte {
		f := slices.Clone(frames)
		f[i] = []byte(text)
		f[1] = sign(key, f[2:6])
		return f
	}
	for name, bad := range map[string][][]byte{
		"no delimiter": {[]byte("x")}, "too short": frames[:3], "nothing": {}, "header": change(2, "{"), "parent": change(3, "7"),
		"metadata": change(4, "{"), "content": change(5, `{"code":`),
	} {
		if _, err := Decode(key, bad); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := string(sign([]byte("k"), nil)); len(got) != 64 {
		t.Errorf("a signature is %q", got)
	}
}

func TestConnectionFile(t *testing.T) {
	dir := t.TempDir()
	want, err := NewConnection()
	if err != nil {
		t.Fatal(err)
	}
	file, err := want.Write(dir, "kernel-x.json")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if got, err := ReadConnection(file); err != nil || got != want {
		t.Fatalf("read %+v, %v", got, err)
	}
	good := `{"shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5,"ip":"127.0.0.1","key":"k","transport":"tcp","signature_scheme":"hmac-sha256"}`
	for _, tc := range []struct{ old, new, complaint string }{
		{good, "", "unexpected end"},
		{good, "[]", "cannot unmarshal"},
		{`"shell_port":1`, `"shell_port":"a"`, "shell_port"},
		{`"shell_port":1`, `"shell_port":0`, "shell_port is 0"},
		{`"shell_port":1`, `"shell_port":70000`, "shell_port is 70000"},
		{`"shell_port":1`, `"shell_port":2`, "iopub_port and shell_port are both 2"},
		{`"127.0.0.1"`, `"somewhere"`, `ip is "somewhere"`},
		{`"tcp"`, `"ipc"`, `transport is "ipc"`},
		{`"hmac-sha256"`, `"md5"`, `signature_scheme is "md5"`},
	} {
		file := filepath.Join(dir, "bad.json")
		if err := os.WriteFile(file, []byte(strings.Replace(good, tc.old, tc.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConnection(file); err == nil || !strings.Contains(err.Error(), tc.complaint) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s for %s: %v", tc.new, tc.old, err)
		}
	}
	if _, err := ReadConnection(filepath.Join(dir, "absent.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if (Connection{IP: "::1"}).Address(7) != "tcp://[::1]:7" {
		t.Error("an address of IPv6")
	}
}
