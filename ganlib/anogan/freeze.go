package anogan

import (
	"fmt"
	"path"

	"github.com/ganbook/ganbook/ganlib/frozen"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// freeze reads the weights of a network, whose input has this shape.
func (c Config) freeze(store *model.Store, scope string, blocks []block, in frozen.Shape) ([]frozen.Layer, error) {
	layers := bare(blocks, in)
	for i, b := range blocks {
		l := &layers[i]
		numbers := []named{{path.Join(scope, b.name, "w"), &l.Weights}, {path.Join(scope, b.name, "b"), &l.Bias}}
		if b.norm != "" {
			l.Norm = &frozen.Norm{Epsilon: normRules[c.Norm].Epsilon()}
			at := path.Join(scope, b.norm)
			numbers = append(numbers, named{at + "/gamma", &l.Norm.Gamma}, named{at + "/beta", &l.Norm.Beta},
				named{at + "/moving_mean", &l.Norm.Mean}, named{at + "/moving_variance", &l.Norm.Variance})
		}
		for _, v := range numbers {
			if err := v.read(store); err != nil {
				return nil, err
			}
		}
	}
	return layers, nil
}

// bare lists the layers of a network without their weights.
func bare(blocks []block, in frozen.Shape) []frozen.Layer {
	var layers []frozen.Layer
	for _, b := range blocks {
		l := frozen.Layer{
			Op: b.frozenOp(), In: in, Out: frozen.Shape{Height: b.size, Width: b.size, Maps: b.out},
			Kernel: b.kernel, Stride: b.stride, Before: b.pad[0][0], Slope: 1,
		}
		switch b.activation {
		case "ReLU", "LeakyReLU":
			l.Slope = float32(b.slope)
		case "tanh":
			l.Activation = frozen.Tanh
		}
		layers, in = append(layers, l), l.Out
	}
	return layers
}

func (b block) frozenOp() frozen.Op {
	switch b.op {
	case "dense":
		return frozen.Dense
	case "transposed conv":
		return frozen.Transposed
	}
	return frozen.Convolution
}

// named is where the numbers of a variable go.
type named struct {
	path string
	to   *[]float32
}

func (v named) read(store *model.Store) error {
	value, err := store.GetVariable(v.path).Value()
	if err == nil {
		*v.to, err = tensors.CopyFlatData[float32](value)
	}
	if err != nil {
		return fmt.Errorf("anogan: variable %s: %w", v.path, err)
	}
	return nil
}
