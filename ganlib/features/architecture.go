package features

import (
	"fmt"

	"github.com/ganbook/ganbook/ganlib/nn"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Architecture is a small classifier: convolutions of stride 2, the first 5×5, the others 3×3, each with ReLU; a dense
// layer whose outputs are the features; ReLU and a dense layer to the classes. There is no batch norm, so that training
// and use compute the same.
type Architecture struct {
	Height   int   `json:"height"` // of an image
	Width    int   `json:"width"`
	Channels int   `json:"channels"`
	Classes  int   `json:"classes"`
	Maps     []int `json:"maps"`     // of the convolutions
	Features int   `json:"features"` // of the dense layer, before its ReLU
}

// DefaultArchitecture has about 48,000 weights for grey digits of 28×28, and 125,000 for colour pictures of 32×32.
func DefaultArchitecture(height, width, channels, classes int) Architecture {
	maps := []int{16, 32, 32}
	if channels == 3 {
		maps = []int{32, 64, 64}
	}
	return Architecture{Height: height, Width: width, Channels: channels, Classes: classes, Maps: maps, Features: 64}
}

// image is the shape of an image, as batches have it.
func (a Architecture) image() []int { return []int{a.Height, a.Width, a.Channels} }

func (a Architecture) validate() error {
	switch {
	case min(a.Height, a.Width) < 8 || max(a.Height, a.Width) > 128 || a.Channels != 1 && a.Channels != 3:
		return fmt.Errorf("features: a classifier for images of %d×%d×%d; it takes sides from 8 to 128 and 1 or 3 channels", a.Height, a.Width, a.Channels)
	case a.Classes < 2 || a.Classes > 256:
		return fmt.Errorf("features: a classifier of %d classes; it needs from 2 to 256", a.Classes)
	case len(a.Maps) < 1 || len(a.Maps) > 5 || a.Features < 1 || a.Features > 4096:
		return fmt.Errorf("features: a classifier of maps %v and %d features; it needs 1 to 5 numbers of maps and 1 to 4096 features", a.Maps, a.Features)
	}
	for _, m := range a.Maps {
		if m < 1 || m > 4096 {
			return fmt.Errorf("features: a classifier of maps %v; each must be from 1 to 4096", a.Maps)
		}
	}
	return nil
}

// window of convolution i, from 0.
func (a Architecture) window(i int) nn.Window {
	if i == 0 {
		return nn.SquareWindow(5, 2, nn.Pad(2))
	}
	return nn.SquareWindow(3, 2, nn.Pad(1))
}

// weight is a tensor of a file: its name, which is its variable's path without the leading "/", and its shape.
type weight struct {
	name  string
	shape []int
}

// weights lists all, in the order of a file.
func (a Architecture) weights() (list []weight) {
	h, w, c := a.Height, a.Width, a.Channels
	for i, maps := range a.Maps {
		win := a.window(i)
		h, w = win.OutputSize(h, w)
		name := fmt.Sprintf("conv%d", i+1)
		list = append(list, weight{name + "/w", []int{maps, win.KH, win.KW, c}}, weight{name + "/b", []int{maps}})
		c = maps
	}
	return append(list,
		weight{"features/w", []int{h * w * c, a.Features}}, weight{"features/b", []int{a.Features}},
		weight{"classes/w", []int{a.Features, a.Classes}}, weight{"classes/b", []int{a.Classes}})
}

// Parameters is the number of weights.
func (a Architecture) Parameters() int {
	n := 0
	for _, w := range a.weights() {
		n += size(w.shape)
	}
	return n
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// build: images [B,H,W,C] in [−1, 1] → features [B, Features] and logits [B, Classes].
func (a Architecture) build(store *model.Store, x *Node) (features, logits *Node) {
	for i, maps := range a.Maps {
		win := a.window(i)
		x = nn.Conv2D(store.Scope(fmt.Sprintf("/conv%d", i+1)), x, nn.Conv{Out: maps, Kernel: win.KH, Stride: win.StrideH, Pad: win.Pad, Bias: true})
		x = nn.ReLU(x)
	}
	x = Reshape(x, x.Shape().Dimensions[0], -1)
	features = nn.Dense(store.Scope("/features"), x, nn.DenseOptions{Out: a.Features, Bias: true})
	return features, nn.Dense(store.Scope("/classes"), nn.ReLU(features), nn.DenseOptions{Out: a.Classes, Bias: true})
}
