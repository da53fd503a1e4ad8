package work

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/gomlx/compute"
)

// anoganFamily is the iteration of the blog's AnoGAN on noise of MNIST's size: a step of D and two of G on the same
// latents.
var anoganFamily = family{
	name:    "anogan",
	numbers: []number{{"batch", 2}},
	about:   "AnoGAN MNIST, batch %d",
	count:   countAnoGAN,
	start: func(b compute.Backend, n []int) (Step, error) {
		gan, err := postAnoGAN()
		if err != nil {
			return nil, err
		}
		source, err := noise(2*n[0], gan.Image)
		if err != nil {
			return nil, err
		}
		return startGame(b, gan, source, n[0])
	},
}

// postAnoGAN is the blog's game with one Adam to the end: a step costs the same under the late one.
func postAnoGAN() (*ganlib.GAN, error) {
	c := anogan.Post()
	c.LateEpoch = 0
	return anogan.New(c)
}

func anoganLayers() (g, d layers) {
	return layers{dense(50, 7*7*32), conv(7, 3, 32, 16), conv(14, 3, 16, 8), conv(28, 3, 8, 1)},
		layers{conv(14, 3, 1, 16), conv(7, 3, 16, 32), dense(7*7*32, 1)}
}

// countAnoGAN: D's fakes are those of G's first step; G's forward pass is done once for both.
func countAnoGAN([]int) int64 {
	g, d := anoganLayers()
	return 2*d.trained() + 2*(g.trained()+d.through())
}
