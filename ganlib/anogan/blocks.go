package anogan

import (
	"strconv"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
)

// block is one row of the networks' tables. Every layer has a bias, and paddings are TensorFlow's "same".
type block struct {
	op         string // "dense", "conv", "transposed conv"
	name       string // of the layer's scope
	norm       string // of batch norm's, "" without
	out, size  int    // maps of the output and their side; of a dense layer to one number 1 and 1
	kernel     int
	stride     int
	pad        nn.Padding
	slope      float64 // of LeakyReLU
	activation string  // "LeakyReLU", "ReLU", "tanh", ""
}

// generatorBlocks lists G: a dense layer to the first map, doublings, and the layer that makes the image (spec §3.1).
func (c Config) generatorBlocks() []block {
	if c.Dense {
		return append(hiddenBlocks(c.GenMaps, true, c.GenSlope),
			block{op: "dense", name: "image", out: c.Channels, size: c.ImageSize, activation: "tanh"})
	}
	size := c.base()
	blocks := []block{{op: "dense", name: "dense", norm: "bn1", out: c.GenMaps[0], size: size, slope: c.GenSlope, activation: leaky(c.GenSlope)}}
	up := func(i, out, stride int) block {
		size *= stride
		return block{
			op: "transposed conv", name: "convT" + strconv.Itoa(i), norm: "bn" + strconv.Itoa(i), out: out, size: size,
			kernel: c.Kernel, stride: stride, pad: nn.SamePadding(size, size, c.Kernel, stride), slope: c.GenSlope, activation: leaky(c.GenSlope),
		}
	}
	for i, maps := range c.GenMaps[1:] {
		blocks = append(blocks, up(i+2, maps, 2))
	}
	image := up(len(c.GenMaps)+1, c.Channels, c.GenStride)
	image.norm, image.activation = "", "tanh"
	return append(blocks, image)
}

// discriminatorBlocks lists D: halvings, and a dense layer to the logit (spec §3.2).
func (c Config) discriminatorBlocks() []block {
	return append(c.downBlocks(c.DiscMaps, c.DiscNorm), block{op: "dense", name: "dense", out: 1, size: 1})
}

// encoderBlocks lists E: as D, with batch norm, to a latent in the range of the prior.
func (c Config) encoderBlocks() []block {
	latent := block{op: "dense", name: "latent", out: c.Latent, size: 1}
	if c.Prior == "uniform" {
		latent.activation = "tanh"
	}
	return append(c.downBlocks(c.EncMaps, true), latent)
}

// downBlocks lists what reads an image: halvings, or hidden layers. The first has no batch norm where it convolves.
func (c Config) downBlocks(maps []int, norm bool) []block {
	if c.Dense {
		return hiddenBlocks(maps, norm, c.DiscSlope)
	}
	var blocks []block
	size := c.ImageSize
	for i, out := range maps {
		b := block{
			op: "conv", name: "conv" + strconv.Itoa(i+1), out: out, size: nn.SameSize(size, 2),
			kernel: c.Kernel, stride: 2, pad: nn.SamePadding(size, size, c.Kernel, 2), slope: c.DiscSlope, activation: leaky(c.DiscSlope),
		}
		if norm && i > 0 {
			b.norm = "bn" + strconv.Itoa(i+1)
		}
		blocks = append(blocks, b)
		size = b.size
	}
	return blocks
}

// hiddenBlocks lists fully connected layers.
func hiddenBlocks(widths []int, norm bool, slope float64) []block {
	var blocks []block
	for i, out := range widths {
		b := block{op: "dense", name: "dense" + strconv.Itoa(i+1), out: out, size: 1, slope: slope, activation: leaky(slope)}
		if norm {
			b.norm = "bn" + strconv.Itoa(i+1)
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func leaky(slope float64) string {
	if slope == 0 {
		return "ReLU"
	}
	return "LeakyReLU"
}

// apply builds a block: layer, batch norm, activation. A dense layer reads and writes its maps in the order height,
// width, channel, and batch norm comes after the reshape, so that it has one statistic a map.
func (b block) apply(in ganlib.Inputs, c Config, scope string, x *Node) *Node {
	s := in.Scope(scope)
	layer := s.At("%s", b.name)
	conv := nn.Conv{Out: b.out, Kernel: b.kernel, Stride: b.stride, Pad: b.pad, Bias: true, Init: c.kernels()}
	switch b.op {
	case "dense":
		x = Reshape(x, x.Shape().Dimensions[0], -1)
		x = nn.Dense(layer, x, nn.DenseOptions{Out: b.size * b.size * b.out, Bias: true, Init: c.kernels()})
		x = Reshape(x, -1, b.size, b.size, b.out)
	case "transposed conv":
		x = nn.ConvTranspose2D(layer, x, conv)
	default:
		x = nn.Conv2D(layer, x, conv)
	}
	x.AssertDims(-1, b.size, b.size, b.out)
	if b.norm != "" {
		x = nn.BatchNorm(s.At("%s", b.norm), x, nn.BatchNormOptions{Mode: in.Mode, Rule: normRules[c.Norm]})
	}
	switch b.activation {
	case "ReLU":
		return nn.ReLU(x)
	case "LeakyReLU":
		return nn.LeakyReLU(x, b.slope)
	case "tanh":
		return nn.Tanh(x)
	}
	return x
}

// layer is the block's row in a table. Padding is that before; "same" adds one more behind where the stride is 2.
func (b block) layer() ganlib.Layer {
	return ganlib.Layer{
		Op: b.op, Scope: b.name, NormScope: b.norm, Kernel: b.kernel, Stride: b.stride, Padding: b.pad[0][0],
		Out: ganlib.Image{Height: b.size, Width: b.size, Channels: b.out}, Activation: b.activation,
	}
}
