package train

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
)

// miniAnoGAN is AnoGAN with few maps, two steps of G for one of D and two optimisers, the second from so many images on.
// What it computes is tested in its own package.
func miniAnoGAN(late int) *ganlib.GAN {
	c := anogan.Post()
	c.Latent, c.GenMaps, c.DiscMaps, c.EpochImages, c.LateEpoch = 3, []int{3, 2, 2}, []int{2, 3}, 1, late
	gan, err := anogan.New(c)
	if err != nil {
		panic(err)
	}
	return gan
}
