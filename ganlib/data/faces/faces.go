// Package faces draws portrait-like faces, without any file, for trying a GAN where no data set is at hand.
//
// A face is a set of traits (pose, skin, hair, expression, light, background) drawn from a seed and painted from back
// to front. The skin is an ellipsoid with smooth bumps for nose, cheeks, eye sockets and chin, lit by one lamp, so
// that turning the head or moving the lamp changes the picture as it would in a photograph. Shapes are signed
// distances, so edges are smooth at any size and the same person can be drawn at 32, 64 or 128 pixels.
package faces

import (
	"fmt"
	"math/rand/v2"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// Version changes whenever the same seed draws other pictures.
const Version = 1

// MinSize is the smallest size at which a face is drawn, in pixels.
const MinSize = 8

// Draw returns face i of a seed as size × size RGB bytes [size, size, 3]. It depends on its arguments alone.
// It panics when size < MinSize.
func Draw(master, i int64, size int) []byte {
	if size < MinSize {
		panic(fmt.Sprintf("faces: size %d: want at least %d", size, MinSize))
	}
	p := newPainter(newTraits(streamOf(master, i)), size)
	p.background()
	p.backHair()
	p.body()
	p.ears()
	p.skin()
	p.beard()
	for side := range 2 {
		p.eye(side)
		p.brow(side)
	}
	p.nose()
	p.mouth()
	p.frontHair()
	p.glasses()
	return p.canvas.bytes(p.exposure, p.vignette)
}

func streamOf(master, i int64) *rand.Rand { return seed.Rand(master, "faces", i) }
