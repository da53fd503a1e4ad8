package vector

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// Whatever else it does to the processor, it is SHA-256.
func TestSHA256(t *testing.T) {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte(i * i)
	}
	h := SHA256()
	for rest := text; len(rest) > 0; {
		n := min(len(rest), 1+len(rest)/3)
		if got, err := h.Write(rest[:n]); got != n || err != nil {
			t.Fatal(got, err)
		}
		rest = rest[n:]
	}
	if want := sha256.Sum256(text); hex.EncodeToString(h.Sum(nil)) != hex.EncodeToString(want[:]) {
		t.Errorf("%x, want %x", h.Sum(nil), want)
	}
}
