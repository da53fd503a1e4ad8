package work

import (
	"context"
	"fmt"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The 3×3 layers of large networks alone, with LeakyReLU between them: no data, no optimiser. blocksFamily takes the
// gradient of E y² with respect to images and kernels; blocksTwiceFamily that of E y² + E g² with respect to the
// kernels, g being the gradient of Σ y with respect to the images, as a gradient penalty does.
var (
	blocksFamily = family{
		name:    "blocks",
		numbers: []number{{"batch", 1}, {"side", 1}, {"channels", 1}, {"layers", 1}},
		about:   "3×3 layers, batch %[1]d, %[2]d×%[2]d, %[3]d channels, %[4]d layers, gradients",
		count:   func(n []int) int64 { return 3 * blockLayers(n).sum() },
		start:   func(b compute.Backend, n []int) (Step, error) { return startBlocks(b, n, false) },
	}
	blocksTwiceFamily = family{
		name:    "blocks2",
		numbers: []number{{"batch", 1}, {"side", 1}, {"channels", 1}, {"layers", 1}},
		about:   "3×3 layers, batch %[1]d, %[2]d×%[2]d, %[3]d channels, %[4]d layers, gradients of gradients",
		count:   func(n []int) int64 { l := blockLayers(n); return l.trained() + l.penalised() },
		start:   func(b compute.Backend, n []int) (Step, error) { return startBlocks(b, n, true) },
	}
)

func blockLayers(n []int) (l layers) {
	for range n[3] {
		l = append(l, conv(n[1], 3, n[2], n[2]))
	}
	return l
}

const scopeBlocks = "/blocks"

// blocks is either family at work.
type blocks struct {
	store *model.Store
	exec  *model.Exec
	image *tensors.Tensor
}

func startBlocks(b compute.Backend, n []int, twice bool) (Step, error) {
	w := &blocks{store: ganlib.NewStore(masterSeed), image: random(n[0], n[1], n[1], n[2])}
	exec, err := model.NewExec(b, w.store, func(s *model.Scope, x *Node) []*Node {
		y := blocksNet(s.Store().Scope(scopeBlocks), x, n[2], n[3])
		loss := ReduceAllMean(Square(y))
		var of []*Node
		if twice {
			loss = Add(loss, ReduceAllMean(Square(Gradient(ReduceAllSum(y), x)[0])))
		} else {
			of = append(of, x)
		}
		for _, v := range ganlib.Parameters(s.Store(), x.Graph(), scopeBlocks) {
			of = append(of, v.NodeValue(x.Graph()))
		}
		return append([]*Node{loss}, Gradient(loss, of...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("work: blocks: %w", err)
	}
	w.exec = exec.WithName("blocks")
	return w, nil
}

func blocksNet(s *model.Scope, x *Node, channels, layers int) *Node {
	for i := range layers {
		if i > 0 {
			x = nn.LeakyReLU(x, 0.2)
		}
		x = nn.Conv2D(s.At("conv%d", i+1), x, nn.Conv{Out: channels, Kernel: 3, Stride: 1, Pad: nn.Pad(1)})
	}
	return x
}

func (w *blocks) Do(context.Context) ([]float64, error) {
	out, err := w.exec.Call(w.image)
	if err != nil {
		return nil, fmt.Errorf("work: blocks: %w", err)
	}
	loss := float64(tensors.ToScalar[float32](out[0]))
	for _, o := range out {
		o.FinalizeAll()
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return nil, fmt.Errorf("work: blocks: the loss is %v", loss)
	}
	return []float64{loss}, nil
}

func (w *blocks) Parameters() int {
	_, total := ganlib.Table(w.store, scopeBlocks)
	return total
}

func (w *blocks) Close() { w.exec.Finalize() }
