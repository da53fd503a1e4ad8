// Package wire reads and writes the messages that Jupyter's programs exchange
// (https://jupyter-client.readthedocs.io/en/latest/messaging.html): routing ids, delimiter, signature, header,
// parent header, metadata, content, buffers.
package wire

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

// Version is the version of the protocol whose messages New makes.
const Version = "5.3"

const delimiter = "<IDS|MSG>"

// ErrSignature is the error of a message that was signed with another key, or changed on its way.
var ErrSignature = errors.New("a message is signed with another key")

// Header says what a message is and who sent it.
type Header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

// Message is one message. The JSON parts are kept as they came, so that a message passed on loses nothing.
type Message struct {
	Routes    [][]byte // ids by which a router finds the receiver; on iopub the topic
	Signature string   // hexadecimal; set by Decode
	Header    Header
	Parent    Header // of the request this belongs to; empty when there is none
	Content   json.RawMessage
	Metadata  json.RawMessage
	Buffers   [][]byte

	header, parent json.RawMessage
}

// New makes a message without routes. Parent is the request it belongs to, nil for a request.
func New(session, messageType string, parent *Message, content any) (Message, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return Message{}, fmt.Errorf("wire: content of %s: %w", messageType, err)
	}
	m := Message{Content: body, Metadata: json.RawMessage("{}"), parent: json.RawMessage("{}")}
	m.Header = Header{ID: NewID(), Type: messageType, Session: session, Username: "ganbook",
		Date: time.Now().UTC().Format(time.RFC3339Nano), Version: Version}
	if m.header, err = json.Marshal(m.Header); err != nil {
		return Message{}, fmt.Errorf("wire: header of %s: %w", messageType, err)
	}
	if parent != nil {
		m.Parent, m.parent = parent.Header, parent.header
	}
	return m, nil
}

// WithContent is the message with another content.
func (m Message) WithContent(content any) (Message, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return Message{}, fmt.Errorf("wire: content of %s: %w", m.Header.Type, err)
	}
	m.Content = body
	return m, nil
}

// WithParent is the message as one that belongs to another request.
func (m Message) WithParent(request *Message) Message {
	m.Parent, m.parent = request.Header, request.header
	return m
}

// Encode signs a message and returns its frames.
func (m Message) Encode(key []byte) [][]byte {
	parts := [][]byte{m.header, m.parent, m.Metadata, m.Content}
	frames := append(append([][]byte{}, m.Routes...), []byte(delimiter), sign(key, parts))
	return append(append(frames, parts...), m.Buffers...)
}

// Decode checks the signature (ErrSignature) and reads the headers. An empty key means that messages are not signed.
func Decode(key []byte, frames [][]byte) (Message, error) {
	var m Message
	for len(frames) > 0 && string(frames[0]) != delimiter {
		m.Routes = append(m.Routes, frames[0])
		frames = frames[1:]
	}
	if len(frames) < 6 {
		return Message{}, fmt.Errorf("wire: a message has %d parts after its routing, want 6", len(frames))
	}
	m.Signature = string(frames[1])
	parts := frames[2:6]
	if !hmac.Equal(frames[1], sign(key, parts)) {
		return Message{}, fmt.Errorf("wire: %w", ErrSignature)
	}
	m.header, m.parent, m.Metadata, m.Content, m.Buffers = parts[0], parts[1], parts[2], parts[3], frames[6:]
	if err := json.Unmarshal(m.header, &m.Header); err != nil {
		return Message{}, fmt.Errorf("wire: header: %w", err)
	}
	if err := json.Unmarshal(m.parent, &m.Parent); err != nil {
		return Message{}, fmt.Errorf("wire: parent header: %w", err)
	}
	if !json.Valid(m.Content) || !json.Valid(m.Metadata) {
		return Message{}, fmt.Errorf("wire: %s: its content or metadata is not JSON", m.Header.Type)
	}
	return m, nil
}

// sign is the hexadecimal HMAC-SHA256 of the four JSON parts, nothing without a key.
func sign(key []byte, parts [][]byte) []byte {
	if len(key) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// NewID is a random name, as messages, sessions and keys have.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
