package data

import (
	"crypto/sha256"
	"hash"

	"github.com/ganbook/ganbook/ganlib/vector"
)

// newSHA256 is SHA-256 at the processor's speed, whatever the goroutine did before; see package vector.
func newSHA256() hash.Hash { return promptHash{sha256.New()} }

type promptHash struct{ hash.Hash }

func (h promptHash) Write(b []byte) (int, error) {
	vector.ClearUpper()
	return h.Hash.Write(b)
}
