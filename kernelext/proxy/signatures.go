package proxy

import (
	"bytes"
	"encoding/json"
	"sync"
)

// signatures remembers the newest messages, so that none is accepted twice.
type signatures struct {
	mu   sync.Mutex
	seen map[string]bool
	ring []string // the oldest is at next
	next int
}

func newSignatures(size int) *signatures {
	return &signatures{seen: map[string]bool{}, ring: make([]string, size)}
}

// add says whether a signature is new.
func (s *signatures) add(signature string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[signature] {
		return false
	}
	delete(s.seen, s.ring[s.next])
	s.ring[s.next], s.seen[signature] = signature, true
	s.next = (s.next + 1) % len(s.ring)
	return true
}

func validUTF8(text json.RawMessage) json.RawMessage {
	return bytes.ToValidUTF8(text, []byte("\uFFFD"))
}
