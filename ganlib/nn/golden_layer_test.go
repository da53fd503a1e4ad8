package nn

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

// channelsLast brings the values of a kernel into our layout.
func channelsLast(t *testing.T, n gantest.Numbers) *tensors.Tensor {
	out, err := graph.CallOnce(gantest.Backend(t), gantest.ToChannelsLast, n.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c convCase) runLayer(t *testing.T) {
	store := model.NewStore()
	create(t, store, "/layer/w", channelsLast(t, c.Weight))
	if c.Bias.Given() {
		create(t, store, "/layer/b", c.Bias.Tensor(dtypes.Float32))
	}
	o := Conv{Out: c.Output.Shape[1], Kernel: c.Kernel[0], Stride: c.Stride[0], Pad: c.Padding, Bias: c.Bias.Given()}
	layer := Conv2D
	if c.transposed(t) {
		layer = ConvTranspose2D
	}
	y, err := model.CallOnce(gantest.Backend(t), store, func(s *model.Scope, x *graph.Node) *graph.Node {
		return gantest.ToChannelsFirst(layer(s.In("layer"), gantest.ToChannelsLast(x), o))
	}, c.Input.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	c.Output.Close(t, "output", gantest.Flat(t, y), gantest.Tolerance)
}

func create(t *testing.T, store *model.Store, path string, value *tensors.Tensor) {
	t.Helper()
	if _, err := store.CreateVariable(path, value); err != nil {
		t.Fatal(err)
	}
}
