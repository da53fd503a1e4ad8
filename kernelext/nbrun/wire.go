package nbrun

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The wire format of Jupyter messages, https://jupyter-client.readthedocs.io/en/latest/messaging.html:
// routing ids, delimiter, signature, header, parent header, metadata, content.
const delimiter = "<IDS|MSG>"

type header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

type message struct {
	header
	parent  string // id of the request this belongs to
	content json.RawMessage
}

// encode signs a request; it has no parent and no metadata.
func encode(key []byte, h header, content any) ([][]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	parts := [][]byte{head, []byte("{}"), []byte("{}"), body}
	return append([][]byte{[]byte(delimiter), sign(key, parts)}, parts...), nil
}

// decode checks the signature and reads header, parent and content.
func decode(key []byte, frames [][]byte) (message, error) {
	for len(frames) > 0 && string(frames[0]) != delimiter {
		frames = frames[1:]
	}
	if len(frames) < 6 {
		return message{}, fmt.Errorf("a message has %d parts after its routing, want 6", len(frames))
	}
	parts := frames[2:6]
	if !hmac.Equal(frames[1], sign(key, parts)) {
		return message{}, errors.New("a message is signed with another key")
	}
	var m message
	var parent header
	if err := json.Unmarshal(parts[0], &m.header); err != nil {
		return message{}, fmt.Errorf("header: %w", err)
	}
	if err := json.Unmarshal(parts[1], &parent); err != nil {
		return message{}, fmt.Errorf("parent header: %w", err)
	}
	m.parent, m.content = parent.ID, parts[3]
	return m, nil
}

// sign is the hexadecimal HMAC-SHA256 of the four JSON parts.
func sign(key []byte, parts [][]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func newHeader(session, messageType string) header {
	return header{ID: newID(), Type: messageType, Session: session, Username: "ganbook",
		Date: time.Now().UTC().Format(time.RFC3339Nano), Version: "5.3"}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
