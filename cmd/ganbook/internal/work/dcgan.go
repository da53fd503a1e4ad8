package work

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/gomlx/compute"
)

// dcganFamily is the practice's game on a few synthetic faces.
var dcganFamily = family{
	name:    "dcgan",
	numbers: []number{{"batch", 2}, {"width", 1}},
	about:   "DCGAN 64×64, batch %d, width %d",
	count:   countDCGAN,
	start: func(b compute.Backend, n []int) (Step, error) {
		gan, err := DCGAN(n[0], n[1])
		if err != nil {
			return nil, err
		}
		faces := data.Faces(2*n[0], gan.Image.Width, masterSeed)
		for i := range faces.Len() {
			faces.At(i) // drawn now, not during a measured step
		}
		return startGame(b, gan, faces, n[0])
	},
}

// DCGAN is the practice's game at a batch and width.
func DCGAN(batch, width int) (*ganlib.GAN, error) {
	c := dcgan.Practice2023()
	c.BatchSize, c.GenMaps, c.DiscMaps = batch, width, width
	return dcgan.New(c)
}

// countDCGAN: D on real and on fake, then on the same fake for G, whose forward pass serves both steps.
func countDCGAN(n []int) int64 {
	w := n[1]
	g := layers{conv(1, 4, 100, 8*w), conv(4, 4, 8*w, 4*w), conv(8, 4, 4*w, 2*w), conv(16, 4, 2*w, w), conv(32, 4, w, 3)}
	d := layers{conv(32, 4, 3, w), conv(16, 4, w, 2*w), conv(8, 4, 2*w, 4*w), conv(4, 4, 4*w, 8*w), conv(1, 4, 8*w, 1)}
	return 2*d.trained() + d.through() + g.trained()
}
