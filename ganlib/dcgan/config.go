// Package dcgan is the deep convolutional GAN: the network of the coding practice (2023, after the public PyTorch
// tutorial) and that of the paper (Radford, Metz & Chintala 2015, arXiv 1511.06434).
package dcgan

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
)

// Config is the table of settings, in the practice's order and with its symbols.
type Config struct {
	BatchSize    int     `symbol:"batch_size"`
	ImageSize    int     `symbol:"image_size"` // side of a square image: 16, 32, 64, 128 …
	Channels     int     `symbol:"nc"`
	Latent       int     `symbol:"nz"`
	GenMaps      int     `symbol:"ngf"` // maps of G's last hidden block; they double towards the latent
	DiscMaps     int     `symbol:"ndf"` // maps of D's first block; they double towards the score
	Epochs       int     `symbol:"num_epochs"`
	LearningRate float64 `symbol:"lr"`
	Beta1        float64 `symbol:"beta1"`
	Beta2        float64 `symbol:"beta2"`
	Epsilon      float64 `symbol:"eps"`

	Kernel     int     `symbol:"k"`     // of every block but the one that meets the 4×4 map
	Prior      string  `symbol:"p(z)"`  // "normal" or "uniform"
	LeakySlope float64 `symbol:"slope"` // of D's LeakyReLU
	InitStd    float64 `symbol:"std"`   // of kernels around 0 and of batch norm's scale around 1
	RealLabel  float64 `symbol:"real_label"`
}

// Practice2023 is the lecture's table: 64×64 colour pictures, kernels 4×4, z ~ N(0, 1).
func Practice2023() Config {
	return Config{
		BatchSize: 128, ImageSize: 64, Channels: 3, Latent: 100, GenMaps: 64, DiscMaps: 64,
		Epochs: 5, LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8,
		Kernel: 4, Prior: "normal", LeakySlope: 0.2, InitStd: 0.02, RealLabel: 1,
	}
}

// Radford2015 is the paper's net: first map 4×4×1024, kernels 5×5, z ~ U(−1, 1). The paper draws G only; D is its
// mirror at half the width, as in the authors' code. The paper wants every weight from N(0, 0.02²); batch norm's scale
// around 1 instead of 0 is everybody's practice, the authors' own included.
func Radford2015() Config {
	c := Practice2023()
	c.GenMaps = 128
	c.Kernel = 5
	c.Prior = "uniform"
	return c
}

// Validate refuses settings for which there is no network.
func (c Config) Validate() error {
	switch {
	case c.ImageSize < 16 || c.ImageSize > 1024 || bits.OnesCount(uint(c.ImageSize)) != 1:
		return fmt.Errorf("dcgan: image size %d; the blocks double from 4×4, so it must be a power of two from 16 to 1024 (32, 64 and 128 are usual)", c.ImageSize)
	case c.Kernel != 4 && c.Kernel != 5:
		return fmt.Errorf("dcgan: kernel %d; 4 (practice) and 5 (paper) halve and double a map exactly", c.Kernel)
	case c.BatchSize < 2:
		return fmt.Errorf("dcgan: batch size %d; batch norm needs at least 2 images", c.BatchSize)
	case c.Channels < 1 || c.Latent < 1 || c.GenMaps < 1 || c.DiscMaps < 1:
		return fmt.Errorf("dcgan: nc %d, nz %d, ngf %d, ndf %d; all must be at least 1", c.Channels, c.Latent, c.GenMaps, c.DiscMaps)
	case !(c.LearningRate > 0) || math.IsInf(c.LearningRate, 0):
		return fmt.Errorf("dcgan: learning rate %v; it must be positive", c.LearningRate)
	case !(c.Beta1 >= 0 && c.Beta1 < 1) || !(c.Beta2 >= 0 && c.Beta2 < 1) || !(c.Epsilon >= 0):
		return fmt.Errorf("dcgan: beta1 %v, beta2 %v, eps %v; the betas must be at least 0 and below 1, eps not negative", c.Beta1, c.Beta2, c.Epsilon)
	case !(c.InitStd > 0) || !(c.RealLabel >= 0 && c.RealLabel <= 1):
		return fmt.Errorf("dcgan: std %v, real_label %v; std must be positive and the label from 0 to 1", c.InitStd, c.RealLabel)
	case !(c.LeakySlope >= 0 && c.LeakySlope <= 1):
		return fmt.Errorf("dcgan: slope %v; LeakyReLU's must be from 0 to 1", c.LeakySlope)
	case c.Prior != "normal" && c.Prior != "uniform":
		return fmt.Errorf("dcgan: prior %q; it is \"normal\" or \"uniform\"", c.Prior)
	}
	return nil
}

// prior is p(z).
func (c Config) prior() ganlib.Prior {
	if c.Prior == "uniform" {
		return ganlib.Uniform(c.Latent)
	}
	return ganlib.Normal(c.Latent)
}

// adam is the optimiser of both networks.
func (c Config) adam() ganlib.Adam {
	return ganlib.Adam{LearningRate: c.LearningRate, Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon}
}

// kernels and scales are the initial distributions (practice: weights_init).
func (c Config) kernels() nn.Initializer { return nn.Normal(c.InitStd) }
func (c Config) scales() nn.Initializer  { return nn.NormalAround(1, c.InitStd) }
