package frozen

import (
	"fmt"
	"math"
)

// Shape is that of an activation: an image of so many maps, or a vector as one pixel of as many maps as it has numbers.
type Shape struct{ Height, Width, Maps int }

func (s Shape) size() int      { return s.Height * s.Width * s.Maps }
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Maps) }
func (s Shape) pixel() bool    { return s.Height == 1 && s.Width == 1 }

// Op is what a layer does.
type Op int

const (
	Convolution Op = iota // weights [out, k, k, in], as ganlib/nn has them
	Transposed            // weights [in, k, k, out]
	Dense                 // weights [in, out], images in the order height, width, map; from a vector, or to one
)

// Activation is what follows a layer.
type Activation int

const (
	LeakyReLU Activation = iota // of the layer's Slope: 0 is ReLU, 1 nothing at all
	Tanh
)

// Layer is a layer of a network with its weights: weights, bias, batch norm, activation.
type Layer struct {
	Op             Op
	In, Out        Shape
	Kernel, Stride int // of a square kernel; 0 of a dense layer
	Before         int // rows and columns of zeros before the first; behind the last are as many as the shapes need
	Weights, Bias  []float32
	Norm           *Norm // nil: none
	Activation     Activation
	Slope          float32 // at most 1
}

// Norm is batch norm with the running averages, a number for each map: γ·(x−μ)/√(σ²+ε) + β. It becomes part of the
// weights and the bias before it.
type Norm struct {
	Gamma, Beta, Mean, Variance []float32
	Epsilon                     float64
}

// Products is how many multiplications the layer takes for an example, its padding counted in.
func (l Layer) Products() int {
	switch l.Op {
	case Dense:
		return l.In.size() * l.Out.size()
	case Transposed:
		return l.In.Height * l.In.Width * l.Kernel * l.Kernel * l.In.Maps * l.Out.Maps
	}
	return l.Out.Height * l.Out.Width * l.Kernel * l.Kernel * l.In.Maps * l.Out.Maps
}

// folded is the layer with its batch norm in its weights: y = f·(W·x) + (b−μ)·f + β, f = γ/√(σ²+ε).
func (l Layer) folded() (scale, bias []float32) {
	scale, bias = make([]float32, l.Out.Maps), make([]float32, l.Out.Maps)
	for m := range scale {
		scale[m], bias[m] = 1, l.biasOf(m)
		if n := l.Norm; n != nil {
			f := float64(n.Gamma[m]) / math.Sqrt(float64(n.Variance[m])+n.Epsilon)
			scale[m] = float32(f)
			bias[m] = float32((float64(bias[m])-float64(n.Mean[m]))*f + float64(n.Beta[m]))
		}
	}
	return scale, bias
}

// biasOf is the bias of a map. That of a dense layer to an image is one of each of its numbers, and no bias of a map.
func (l Layer) biasOf(m int) float32 {
	if l.perElement() {
		return 0
	}
	return l.Bias[m]
}

// perElement says whether the layer has a bias of every element instead of every map.
func (l Layer) perElement() bool { return l.Op == Dense && !l.Out.pixel() }

func (l Layer) validate() error {
	weights, biases := l.Kernel*l.Kernel*l.In.Maps*l.Out.Maps, l.Out.Maps
	if l.Op == Dense {
		weights, biases = l.In.size()*l.Out.size(), l.Out.size()
	}
	switch {
	case min(l.In.size(), l.Out.size()) < 1:
		return fmt.Errorf("%s to %s: nothing can be computed", l.In, l.Out)
	case l.Op == Dense && !l.In.pixel() && !l.Out.pixel():
		return fmt.Errorf("a dense layer of %s to %s; it must be from a vector or to one", l.In, l.Out)
	case l.Op == Dense && (l.In.Height != l.In.Width || l.Out.Height != l.Out.Width):
		return fmt.Errorf("a dense layer of %s to %s; images must be square", l.In, l.Out)
	case l.Op != Dense && (l.Kernel < 1 || l.Stride < 1 || l.Before < 0):
		return fmt.Errorf("kernel %d, stride %d, padding %d", l.Kernel, l.Stride, l.Before)
	case len(l.Weights) != weights || len(l.Bias) != biases:
		return fmt.Errorf("%d weights and %d biases; %s to %s needs %d and %d", len(l.Weights), len(l.Bias), l.In, l.Out, weights, biases)
	case l.Op < Convolution || l.Op > Dense || l.Activation < LeakyReLU || l.Activation > Tanh:
		return fmt.Errorf("op %d, activation %d; there are no such", l.Op, l.Activation)
	case !(l.Slope >= 0 && l.Slope <= 1):
		return fmt.Errorf("slope %v; it must be from 0 to 1", l.Slope)
	}
	if l.Norm != nil {
		return l.Norm.validate(l.Out.Maps)
	}
	return nil
}

func (n *Norm) validate(maps int) error {
	if len(n.Gamma) != maps || len(n.Beta) != maps || len(n.Mean) != maps || len(n.Variance) != maps {
		return fmt.Errorf("batch norm of another number of maps than %d", maps)
	}
	for _, v := range n.Variance {
		if !(float64(v)+n.Epsilon > 0) {
			return fmt.Errorf("batch norm with a variance of %v and an epsilon of %g", v, n.Epsilon)
		}
	}
	return nil
}

// geometry is the layer as a convolution or a transposed one. A dense layer to an image is a transposed convolution of one
// pixel, and one from an image is a convolution whose kernel is as large as that.
func (l Layer) geometry() (op Op, kernel, stride, before int) {
	switch {
	case l.Op != Dense:
		return l.Op, l.Kernel, l.Stride, l.Before
	case l.In.pixel():
		return Transposed, l.Out.Height, l.Out.Height, 0
	default:
		return Convolution, l.In.Height, l.In.Height, 0
	}
}

// weight is the number between a map of an input pixel and one of an output pixel, at a place of the kernel.
func (l Layer) weight(ky, kx, in, out int) float32 {
	ci, co := l.In.Maps, l.Out.Maps
	switch {
	case l.Op == Convolution:
		return l.Weights[((out*l.Kernel+ky)*l.Kernel+kx)*ci+in]
	case l.Op == Transposed:
		return l.Weights[((in*l.Kernel+ky)*l.Kernel+kx)*co+out]
	case l.In.pixel():
		return l.Weights[in*l.Out.size()+(ky*l.Out.Width+kx)*co+out]
	default:
		return l.Weights[((ky*l.In.Width+kx)*ci+in)*co+out]
	}
}
