package work

import (
	"fmt"
	"slices"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Convolution is one of a work's networks: images of Side² pixels with In channels to Out channels. A transposed one is
// the adjoint of such a one.
type Convolution struct{ Batch, Side, In, Out, Kernel, Stride, Before, After int }

// Convolutions lists those of the work's networks, each shape once.
func (w Work) Convolutions() (list []Convolution) {
	n := w.numbers
	add := func(side, in, out, kernel, stride, before, after int) {
		if c := (Convolution{n[0], side, in, out, kernel, stride, before, after}); !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	switch w.family.name {
	case "dcgan": // G has D's
		add(64, 3, n[1], 4, 2, 1, 1)
		for side, maps := 32, n[1]; side > 4; side, maps = side/2, 2*maps {
			add(side, maps, 2*maps, 4, 2, 1, 1)
		}
	case "anogan", "search":
		add(28, 1, 16, 3, 2, 0, 1)
		if w.family.name == "anogan" { // a search goes no further into D than to f(x)
			add(14, 16, 32, 3, 2, 0, 1)
		}
		add(28, 8, 16, 3, 2, 0, 1)
		add(28, 1, 8, 3, 1, 1, 1)
	case "blocks", "blocks2":
		add(n[1], n[2], n[2], 3, 1, 1, 1)
	case "wgan":
		add(n[1], 3, n[2], 1, 1, 0, 0)
		for side := n[1]; side >= 4; side /= 2 {
			add(side, n[2], n[2], 3, 1, 1, 1)
		}
	}
	return list
}

func (c Convolution) String() string {
	return fmt.Sprintf("%d×%d×%d %d→%d k%d s%d", c.Batch, c.Side, c.Side, c.In, c.Out, c.Kernel, c.Stride)
}

// Primitives are the three ways in which a network and its gradients use a convolution.
var Primitives = []string{"convolution", "adjoint", "kernel gradient"}

// Start prepares one of the [Primitives] on random numbers; do computes it, end gives its memory back.
func (c Convolution) Start(b compute.Backend, primitive string) (do func() error, end func(), err error) {
	pad := nn.Padding{{c.Before, c.After}, {c.Before, c.After}}
	win, small := nn.SquareWindow(c.Kernel, c.Stride, pad), nn.ConvSize(c.Side, c.Kernel, c.Stride, c.Before, c.After, 1)
	image, kernel := random(c.Batch, c.Side, c.Side, c.In), random(c.Out, c.Kernel, c.Kernel, c.In)
	cotangent := random(c.Batch, small, small, c.Out)
	var build func(x, y *graph.Node) *graph.Node
	var args []any
	switch primitive {
	case Primitives[0]:
		build, args = func(x, w *graph.Node) *graph.Node { return nn.Convolve(x, w, win) }, []any{image, kernel}
	case Primitives[1]:
		build = func(v, w *graph.Node) *graph.Node { return nn.ConvolveAdjoint(v, w, win, c.Side, c.Side) }
		args = []any{cotangent, kernel}
	case Primitives[2]:
		build, args = func(x, v *graph.Node) *graph.Node { return nn.KernelGradient(x, v, win) }, []any{image, cotangent}
	default:
		return nil, nil, fmt.Errorf("work: %q is none of %v", primitive, Primitives)
	}
	exec, err := graph.NewExec(b, build)
	if err != nil {
		return nil, nil, fmt.Errorf("work: %s: %w", c, err)
	}
	return func() error {
		out, err := exec.Call(args...)
		if err != nil {
			return fmt.Errorf("work: %s of %s: %w", primitive, c, err)
		}
		for _, o := range out {
			o.FinalizeAll()
		}
		return nil
	}, exec.Finalize, nil
}

// random is a tensor from N(0, 1).
func random(dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	nn.Normal(1)(seed.Rand(masterSeed, "random"), dims, values)
	return tensors.FromFlatDataAndDimensions(values, dims...)
}
