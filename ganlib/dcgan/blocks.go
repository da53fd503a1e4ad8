package dcgan

import (
	"strconv"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// block is one row of the networks' tables: a convolution, perhaps batch norm, an activation.
type block struct {
	name       string // of the convolution's scope: "convT1", "conv1"
	norm       string // of batch norm's scope, "" without
	transposed bool
	in, out    int // maps
	size       int // side of the output
	kernel     int
	stride     int
	pad        nn.Padding
	activation activation
}

type activation struct {
	name  string
	apply func(x *Node) *Node
}

// generatorBlocks lists G from the latent to the image: 4×4, then doubling (practice §7.1). Maps halve from block to
// block and end at ngf before the image.
func (c Config) generatorBlocks() []block {
	relu := activation{"ReLU", nn.ReLU}
	maps := c.GenMaps * c.ImageSize / 8 // ngf·8 at 64×64
	blocks := []block{{
		name: "convT1", norm: "bn1", transposed: true, in: c.Latent, out: maps, size: 4,
		kernel: 4, stride: 1, pad: nn.Pad(0), activation: relu,
	}}
	for size := 8; size <= c.ImageSize; size *= 2 {
		b := block{
			name: numbered("convT", len(blocks)+1), norm: numbered("bn", len(blocks)+1), transposed: true,
			in: maps, out: maps / 2, size: size,
			kernel: c.Kernel, stride: 2, pad: c.doublingPad(), activation: relu,
		}
		if size == c.ImageSize {
			b.norm, b.out, b.activation = "", c.Channels, activation{"tanh", nn.Tanh}
		}
		blocks = append(blocks, b)
		maps /= 2
	}
	return blocks
}

// discriminatorBlocks lists D from the image to the logit: halving down to 4×4, then one number (practice §7.2).
func (c Config) discriminatorBlocks() []block {
	leaky := activation{"LeakyReLU", func(x *Node) *Node { return nn.LeakyReLU(x, c.LeakySlope) }}
	var blocks []block
	in, maps := c.Channels, c.DiscMaps
	for size := c.ImageSize / 2; size >= 4; size /= 2 {
		b := block{
			name: numbered("conv", len(blocks)+1), norm: numbered("bn", len(blocks)+1), in: in, out: maps, size: size,
			kernel: c.Kernel, stride: 2, pad: nn.Pad(c.halvingPad()), activation: leaky,
		}
		if len(blocks) == 0 {
			b.norm = ""
		}
		blocks = append(blocks, b)
		in, maps = maps, maps*2
	}
	return append(blocks, block{
		name: numbered("conv", len(blocks)+1), in: in, out: 1, size: 1,
		kernel: 4, stride: 1, pad: nn.Pad(0), activation: activation{"sigmoid", func(x *Node) *Node { return x }},
	})
}

// halvingPad makes a stride of 2 halve the map: 1 for 4×4, 2 for 5×5.
func (c Config) halvingPad() int { return c.Kernel/2 - (1 - c.Kernel%2) }

// doublingPad is the same for the transposed form; a 5×5 kernel needs output padding 1.
func (c Config) doublingPad() nn.Padding { return nn.Pad(c.halvingPad()).WithOutput(c.Kernel % 2) }

func numbered(name string, n int) string { return name + strconv.Itoa(n) }

// apply builds a block. The convolution has no bias: batch norm's shift takes its place, and the practice leaves it
// out of the first and last blocks too.
func (b block) apply(in ganlib.Inputs, c Config, s *model.Scope, x *Node) *Node {
	o := nn.Conv{Out: b.out, Kernel: b.kernel, Stride: b.stride, Pad: b.pad, Init: c.kernels()}
	if b.transposed {
		x = nn.ConvTranspose2D(s.At("%s", b.name), x, o)
	} else {
		x = nn.Conv2D(s.At("%s", b.name), x, o)
	}
	x.AssertDims(-1, b.size, b.size, b.out)
	if b.norm != "" {
		x = nn.BatchNorm(s.At("%s", b.norm), x, nn.BatchNormOptions{Mode: in.Mode, Rule: nn.TorchRule, GammaInit: c.scales()})
	}
	return b.activation.apply(x)
}

// layer is the block's row in a table.
func (b block) layer() ganlib.Layer {
	op := "conv"
	if b.transposed {
		op = "transposed conv"
	}
	return ganlib.Layer{
		Op: op, Scope: b.name, NormScope: b.norm,
		Kernel: b.kernel, Stride: b.stride, Padding: b.pad[0][0], OutputPadding: b.pad[0][0] - b.pad[0][1],
		Out: ganlib.Image{Height: b.size, Width: b.size, Channels: b.out}, Activation: b.activation.name,
	}
}
