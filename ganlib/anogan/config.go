// Package anogan finds anomalies with a generator that has seen normal images only: the MNIST programme of a blog post
// and the paper it follows (Schlegl, Seeböck, Waldstein, Schmidt-Erfurth & Langs 2017, arXiv 1703.05921).
//
// [New] is the game that trains the networks. A [Mapper] then searches, for each query x, the latent z whose image G(z)
// comes closest to x; what is left over is the anomaly score A(x), higher being more anomalous.
package anogan

import (
	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
)

// Config is the table of settings, with the symbols of the documents.
type Config struct {
	BatchSize int   `symbol:"batch_size"`
	ImageSize int   `symbol:"image_size"` // side of a square image
	Channels  int   `symbol:"nc"`
	Latent    int   `symbol:"z_dim"`
	GenMaps   []int `symbol:"g_maps"` // maps of G's hidden blocks; the size doubles from each to the next
	GenStride int   `symbol:"g_last"` // stride of G's last block, which makes the image: 1 or 2
	DiscMaps  []int `symbol:"d_maps"` // maps of D's blocks; the size halves at each
	Kernel    int   `symbol:"k"`
	Feature   int   `symbol:"feature"` // whose block's activations are f(x), from 1

	Prior     string  `symbol:"p(z)"`    // "uniform" (−1, 1) or "normal" (0, 1)
	GenSlope  float64 `symbol:"g_slope"` // of G's LeakyReLU; 0 is ReLU
	DiscSlope float64 `symbol:"d_slope"` // of D's
	Norm      string  `symbol:"bn"`      // "tf1" (ε 1e-3, keeps 0.99, unbiased), "tf1-unfused" (biased), "dcgan" (ε 1e-5, keeps 0.9)
	DiscNorm  bool    `symbol:"d_bn"`    // batch norm in D, but for its first block
	InitStd   float64 `symbol:"std"`     // kernels from N(0, std²); 0: Glorot's uniform

	// Dense networks are fully connected: g_maps, d_maps and e_maps are then the widths of their hidden layers.
	Dense   bool    `symbol:"dense" json:",omitempty"`
	EncMaps []int   `symbol:"e_maps" json:",omitempty"`  // of the encoder's blocks, as D's; empty: there is none
	Rebuild float64 `symbol:"rebuild" json:",omitempty"` // weight of mean (x − G(E(x)))² in G's loss; 0: G does not care for E

	Epochs       int     `symbol:"epochs"`
	GenSteps     int     `symbol:"g_steps"` // steps of G for one of D, on the same z
	LearningRate float64 `symbol:"lr"`
	Beta1        float64 `symbol:"beta1"`
	Beta2        float64 `symbol:"beta2"`
	Epsilon      float64 `symbol:"eps"`        // as TensorFlow 1 has it: "epsilon hat"
	LateEpoch    int     `symbol:"late_epoch"` // from here on another Adam, with LateRate for D and G; 0: never
	LateRate     float64 `symbol:"late_lr"`
	EpochImages  int     `symbol:"n"` // images in an epoch

	Search
}

// Search is how the latent of a query is searched.
type Search struct {
	Steps    int     `symbol:"search_steps"`
	Rate     float64 `symbol:"search_lr"`   // of Adam, with 0.9, 0.999, 1e-8
	LateStep int     `symbol:"search_late"` // from here on another Adam, with SearchLate; 0: never
	Late     float64 `symbol:"search_late_lr"`
	Lambda   float64 `symbol:"lambda"`   // λ of A(x) = (1−λ)·R(x) + λ·D(x)
	Sums     bool    `symbol:"sums"`     // R and D are sums over an image's elements; else means
	Restarts int     `symbol:"restarts"` // searches of a query, of which the best counts
	Bound    string  `symbol:"bound"`    // "none"; "clip": z back into [−1, 1] after each step; "tanh": z = tanh(w)
	Stop     float64 `symbol:"stop"`     // a query whose loss is at most this is searched no further; 0: never

	From    Start `symbol:"search_from" json:",omitempty"` // where z begins
	Squares bool  `symbol:"squares" json:",omitempty"`     // R and D are of squared differences; else of their amounts

	Slips
}

// Start is where the first search of a query begins; its restarts always draw from p(z). "" is [FromPrior].
type Start string

const (
	FromPrior   Start = "prior"   // a draw of p(z)
	FromEncoder Start = "encoder" // E(x)
)

// Post is the blog's programme: MNIST, 85,937 parameters in G, 6,369 in D, TensorFlow 1's defaults.
func Post() Config {
	return Config{
		BatchSize: 256, ImageSize: 28, Channels: 1, Latent: 50,
		GenMaps: []int{32, 16, 8}, GenStride: 1, DiscMaps: []int{16, 32}, Kernel: 3, Feature: 1,
		Prior: "uniform", GenSlope: 0.2, DiscSlope: 0.2, Norm: "tf1",
		Epochs: 200, GenSteps: 2, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8,
		LateEpoch: 150, LateRate: 1e-4, EpochImages: 55_000,
		Search: Search{Steps: 150, Rate: 0.1, LateStep: 50, Late: 0.01, Lambda: 0.7, Restarts: 1, Bound: "none"},
	}
}

// Paper2017 is the paper's setting: DCGAN's nets on 64×64 patches, 20 epochs, 500 steps of search, λ = 0.1 in sums. Where
// the paper leaves a value to DCGAN (Radford et al. 2015), it is theirs; the learning rate of the search, which it does
// not give, is 0.01.
func Paper2017() Config {
	return Config{
		BatchSize: 64, ImageSize: 64, Channels: 1, Latent: 100,
		GenMaps: []int{512, 256, 128, 64}, GenStride: 2, DiscMaps: []int{64, 128, 256, 512}, Kernel: 5, Feature: 4,
		Prior: "uniform", DiscSlope: 0.2, Norm: "dcgan", DiscNorm: true, InitStd: 0.02,
		Epochs: 20, GenSteps: 1, LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8,
		EpochImages: 1_000_000,
		Search:      Search{Steps: 500, Rate: 0.01, Lambda: 0.1, Sums: true, Restarts: 1, Bound: "none"},
	}
}

// Encoded trains an encoder along with the game, and scores by mean (x − G(E(x)))² without any search. The encoder and its
// place in the score are f-AnoGAN's (Schlegl et al. 2019, Medical Image Analysis 54, izi), but for two things: E learns
// together with G rather than after it, and G's loss has a share in what they make of x together, as in VAE/GAN
// (Larsen et al. 2016, arXiv 1512.09300), so that G is to cover the normal images instead of some of them. The settings
// were tried on two classes of Fashion-MNIST and fixed before anything ran on MNIST.
func Encoded() Config {
	return Config{
		BatchSize: 128, ImageSize: 28, Channels: 1, Latent: 32,
		Dense: true, GenMaps: []int{256, 512}, GenStride: 1, DiscMaps: []int{512, 256}, EncMaps: []int{512, 256}, Kernel: 3, Feature: 2,
		Rebuild: 10, Prior: "uniform", GenSlope: 0.2, DiscSlope: 0.2, Norm: "tf1",
		Epochs: 150, GenSteps: 1, LearningRate: 1e-3, Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8,
		LateEpoch: 112, LateRate: 1e-4, EpochImages: 55_000,
		Search: Search{From: FromEncoder, Squares: true, Rate: 0.01, Lambda: 0, Restarts: 1, Bound: "clip"},
	}
}

// base is the side of G's first map; it doubles from hidden block to hidden block, and at the last when that has stride 2.
func (c Config) base() int { return c.ImageSize / c.growth() }

func (c Config) growth() int { return c.GenStride << (len(c.GenMaps) - 1) }

var normRules = map[string]nn.NormRule{"tf1": nn.TF1Fused, "tf1-unfused": nn.TF1Unfused, "dcgan": nn.TorchRule}

// prior is p(z).
func (c Config) prior() ganlib.Prior {
	if c.Prior == "normal" {
		return ganlib.Normal(c.Latent)
	}
	return ganlib.Uniform(c.Latent)
}

// adam is the optimiser of every network.
func (c Config) adam() ganlib.Adam {
	return ganlib.Adam{LearningRate: c.LearningRate, Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon, EpsilonHat: true}
}

// kernels is the initial distribution of kernels and matrices; nil of Glorot's is not He's.
func (c Config) kernels() nn.Initializer {
	if c.InitStd > 0 {
		return nn.Normal(c.InitStd)
	}
	return nn.GlorotUniform
}

// schedule is nil, or two stages with an Adam each.
func (c Config) schedule() ganlib.Schedule {
	if c.LateEpoch == 0 {
		return nil
	}
	return twoAdams{from: int64(c.LateEpoch) * int64(c.EpochImages), rate: c.LateRate}
}

// twoAdams is the blog's change of learning rate: from some image on another optimiser, whose moments and count of steps
// begin at zero. An encoder's begin anew, too, but it keeps its rate, to follow a G that has all but come to rest.
type twoAdams struct {
	from int64
	rate float64
}

// At implements [ganlib.Schedule].
func (t twoAdams) At(images int64) ganlib.Phase {
	if images < t.from {
		return ganlib.Phase{Stage: "early", Alpha: 1}
	}
	return ganlib.Phase{Stage: "late", Alpha: 1, FreshAdam: true, LearningRate: map[string]float64{"D": t.rate, "G": t.rate}}
}
