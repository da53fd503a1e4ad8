package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/ganbook/ganbook/ganlib/data/faces"
)

// Faces is a set of n synthetic faces [size, size, 3] that needs no download. Image i depends on (seed, i, size)
// alone and is drawn when it is first asked for, so the set is there at once and a long one costs only what is used.
// It panics when n < 1 or size < 8.
func Faces(n, size int, seed int64) *Source {
	if n < 1 || size < faces.MinSize {
		panic(fmt.Sprintf("data: faces: %d images of %d×%d: want at least 1 of %d×%[4]d", n, size, size, faces.MinSize))
	}
	s := &Source{
		name: "faces", note: "synthetic faces drawn by ganbook, no photographs",
		official: true, n: n, height: size, width: size, channels: 3,
	}
	drawn, pixels := make([]sync.Once, n), make([][]byte, n)
	s.image = func(i int) []byte {
		drawn[i].Do(func() { pixels[i] = faces.Draw(seed, int64(i), size) })
		return pixels[i]
	}
	s.hash = sync.OnceValue(func() string {
		h := sha256.Sum256(fmt.Appendf(nil, "faces version %d seed %d: %d of %d", faces.Version, seed, n, size))
		return hex.EncodeToString(h[:])
	})
	return s
}
