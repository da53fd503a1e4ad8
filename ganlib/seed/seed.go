// Package seed splits one master seed into independent random streams, one per purpose.
//
// A stream is a function of (master, purpose, counters) alone. Nothing has to be saved to continue it:
// the z of iteration 4711 is the same whether the run started at 0 or was resumed at 4710.
package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Rand returns the stream of one purpose ("weights/generator/conv1/w", "z", "data") and its counters
// (iteration, epoch …). Different purposes or counters give independent streams.
func Rand(master int64, purpose string, counters ...int64) *rand.Rand {
	return rand.New(rand.NewChaCha8(key(master, purpose, counters)))
}

// Key returns 64 bits of the same derivation, for generators that live elsewhere (inside a compiled graph).
func Key(master int64, purpose string, counters ...int64) uint64 {
	k := key(master, purpose, counters)
	return binary.LittleEndian.Uint64(k[:8])
}

// key hashes the length of the purpose too, so that no purpose and counter can imitate another pair.
func key(master int64, purpose string, counters []int64) [32]byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(master))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(purpose)))
	b = append(b, purpose...)
	for _, c := range counters {
		b = binary.LittleEndian.AppendUint64(b, uint64(c))
	}
	return sha256.Sum256(b)
}
