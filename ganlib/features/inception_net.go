package features

import (
	"fmt"

	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The Inception v3 of the FID (Szegedy et al. 2016 in the variant of TensorFlow's graph of 2015-12-05, from which the
// published FIDs are): a part of the net is a piece, which knows the weights that it needs and how it is built.
type piece interface {
	// convolutions calls add for each convolution of the piece, with the channels that it sees, and returns the channels
	// of the piece's output.
	convolutions(in int, add func(c convolution, in int)) int
	build(store *model.Store, x *Node) *Node
}

// chain is pieces one after the other, fork is pieces side by side, whose outputs are joined along the channels.
type (
	chain []piece
	fork  []piece
)

func (c chain) convolutions(in int, add func(convolution, int)) int {
	for _, p := range c {
		in = p.convolutions(in, add)
	}
	return in
}

func (c chain) build(store *model.Store, x *Node) *Node {
	for _, p := range c {
		x = p.build(store, x)
	}
	return x
}

func (f fork) convolutions(in int, add func(convolution, int)) int {
	out := 0
	for _, p := range f {
		out += p.convolutions(in, add)
	}
	return out
}

func (f fork) build(store *model.Store, x *Node) *Node {
	var parts []*Node
	for _, p := range f {
		parts = append(parts, p.build(store, x))
	}
	return Concatenate(parts, -1)
}

// convolution is one without bias, batch norm and ReLU.
type convolution struct {
	name                            string
	out, kh, kw, stride, padH, padW int
}

func (c convolution) convolutions(in int, add func(convolution, int)) int {
	add(c, in)
	return c.out
}

// build takes the weights as [fold] leaves them: a kernel and a bias, with batch norm in both.
func (c convolution) build(store *model.Store, x *Node) *Node {
	d, g := x.Shape().Dimensions, x.Graph()
	w := nn.Variable(store.Scope("/"+c.name), g, "w", x.DType(), nn.Constant(0), c.out, c.kh, c.kw, d[3])
	b := nn.Variable(store.Scope("/"+c.name), g, "b", x.DType(), nn.Constant(0), c.out)
	y := nn.Convolve(x, w, nn.Window{
		KH: c.kh, KW: c.kw, StrideH: c.stride, StrideW: c.stride,
		Pad: nn.Padding{{c.padH, c.padH}, {c.padW, c.padW}},
	})
	return nn.ReLU(Add(y, Reshape(b, 1, 1, 1, c.out)))
}

// pool is a 3×3 pooling: "max, half" with stride 2 and no padding, "max" and "mean" with stride 1 at the same size. What
// lies outside the image counts for nothing, not even in a mean's number of pixels.
type pool string

func (p pool) convolutions(in int, _ func(convolution, int)) int { return in }

func (p pool) build(_ *model.Store, x *Node) *Node {
	switch p {
	case "max, half":
		return overThree(x, 2, Max)
	case "max":
		return overThree(padded(x, Infinity(x.Graph(), x.DType(), -1)), 1, Max)
	}
	ones := OnesLike(Slice(x, AxisRange(0, 1), AxisRange(), AxisRange(), AxisRange(0, 1)))
	sum := func(x *Node) *Node { return overThree(padded(x, ScalarZero(x.Graph(), x.DType())), 1, Add) }
	return Div(sum(x), sum(ones))
}

// padded adds a border of one pixel.
func padded(x, value *Node) *Node {
	return Pad(x, value, PadAxis{}, PadAxis{Start: 1, End: 1}, PadAxis{Start: 1, End: 1}, PadAxis{})
}

// overThree joins three rows each, then three columns.
func overThree(x *Node, stride int, join func(a, b *Node) *Node) *Node {
	for axis := 1; axis <= 2; axis++ {
		n := (x.Shape().Dimensions[axis] - 3) / stride
		var y *Node
		for i := range 3 {
			at := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}
			at[axis] = AxisRange(i, i+n*stride+1).Stride(stride)
			if part := Slice(x, at...); y == nil {
				y = part
			} else {
				y = join(y, part)
			}
		}
		x = y
	}
	return x
}

// inceptionSize is the side of the images that Inception takes, inceptionDim the length of its features.
const (
	inceptionSize = 299
	inceptionDim  = 2048
)

// inceptionTrunk: images [B,299,299,3] in [−1, 1] → maps [B,8,8,2048], whose means are the features.
func inceptionTrunk() chain {
	net := chain{
		square("Conv2d_1a_3x3", 32, 3, 2, 0),
		square("Conv2d_2a_3x3", 32, 3, 1, 0),
		square("Conv2d_2b_3x3", 64, 3, 1, 1),
		pool("max, half"),
		one("Conv2d_3b_1x1", 80),
		square("Conv2d_4a_3x3", 192, 3, 1, 0),
		pool("max, half"),
	}
	for i, pooled := range []int{32, 64, 64} {
		net = append(net, inceptionA(fmt.Sprintf("Mixed_5%c", 'b'+i), pooled))
	}
	net = append(net, inceptionB("Mixed_6a"))
	for i, inner := range []int{128, 160, 160, 192} {
		net = append(net, inceptionC(fmt.Sprintf("Mixed_6%c", 'b'+i), inner))
	}
	// The last pooling takes the maximum where the paper has the mean: an oversight of the graph of 2015, which every
	// published FID has.
	return append(net, inceptionD("Mixed_7a"), inceptionE("Mixed_7b", "mean"), inceptionE("Mixed_7c", "max"))
}

// square is a convolution with a square kernel, one with a kernel of one pixel, wide with one row, tall with one column;
// the latter two keep the size.
func square(name string, out, kernel, stride, pad int) convolution {
	return convolution{name, out, kernel, kernel, stride, pad, pad}
}

func one(name string, out int) convolution { return square(name, out, 1, 1, 0) }

func wide(name string, out, kernel int) convolution {
	return convolution{name, out, 1, kernel, 1, 0, kernel / 2}
}

func tall(name string, out, kernel int) convolution {
	return convolution{name, out, kernel, 1, 1, kernel / 2, 0}
}

func inceptionA(name string, pooled int) piece {
	name += ".branch"
	return fork{
		one(name+"1x1", 64),
		chain{one(name+"5x5_1", 48), square(name+"5x5_2", 64, 5, 1, 2)},
		chain{one(name+"3x3dbl_1", 64), square(name+"3x3dbl_2", 96, 3, 1, 1), square(name+"3x3dbl_3", 96, 3, 1, 1)},
		chain{pool("mean"), one(name+"_pool", pooled)},
	}
}

func inceptionB(name string) piece {
	name += ".branch"
	return fork{
		square(name+"3x3", 384, 3, 2, 0),
		chain{one(name+"3x3dbl_1", 64), square(name+"3x3dbl_2", 96, 3, 1, 1), square(name+"3x3dbl_3", 96, 3, 2, 0)},
		pool("max, half"),
	}
}

func inceptionC(name string, inner int) piece {
	name += ".branch"
	return fork{
		one(name+"1x1", 192),
		chain{one(name+"7x7_1", inner), wide(name+"7x7_2", inner, 7), tall(name+"7x7_3", 192, 7)},
		chain{
			one(name+"7x7dbl_1", inner), tall(name+"7x7dbl_2", inner, 7), wide(name+"7x7dbl_3", inner, 7),
			tall(name+"7x7dbl_4", inner, 7), wide(name+"7x7dbl_5", 192, 7),
		},
		chain{pool("mean"), one(name+"_pool", 192)},
	}
}

func inceptionD(name string) piece {
	name += ".branch"
	return fork{
		chain{one(name+"3x3_1", 192), square(name+"3x3_2", 320, 3, 2, 0)},
		chain{one(name+"7x7x3_1", 192), wide(name+"7x7x3_2", 192, 7), tall(name+"7x7x3_3", 192, 7), square(name+"7x7x3_4", 192, 3, 2, 0)},
		pool("max, half"),
	}
}

func inceptionE(name string, pooling pool) piece {
	name += ".branch"
	split := func(name string) piece { return fork{wide(name+"a", 384, 3), tall(name+"b", 384, 3)} }
	return fork{
		one(name+"1x1", 320),
		chain{one(name+"3x3_1", 384), split(name + "3x3_2")},
		chain{one(name+"3x3dbl_1", 448), square(name+"3x3dbl_2", 384, 3, 1, 1), split(name + "3x3dbl_3")},
		chain{pooling, one(name+"_pool", 192)},
	}
}
