package main

import (
	"fmt"
	"strings"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// checkBackend refuses a backend that this program or this machine does not have, and a lowering that does not exist, before any work is
// done for them.
func checkBackend(config string) error {
	if err := nn.CheckPolicy(); err != nil {
		return err
	}
	err := backend.Check(config) // says what there is
	if err == nil {
		return nil
	}
	name, _, _ := strings.Cut(backend.Config(config), ":")
	if near := experiments.Nearest(name, backend.BuiltIn()); near != "" && near != name {
		return fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return err
}

// chooseBackend is checkBackend, and the configuration at a precision; without a wish it is the backend as it was named.
func chooseBackend(config, precision string) (string, error) {
	if err := checkBackend(config); err != nil || precision == "" {
		return config, err
	}
	return backend.WithPrecision(config, precision)
}

// multiply computes [[1 2] [3 4]] · [[5 6] [7 8]].
func multiply(b compute.Backend) ([]float32, error) {
	exec, err := graph.NewExec(b, func(x, y *graph.Node) *graph.Node { return graph.MatMul(x, y) })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := exec.Call([][]float32{{1, 2}, {3, 4}}, [][]float32{{5, 6}, {7, 8}})
	if err != nil {
		return nil, err
	}
	var product []float32
	for _, row := range out[0].Value().([][]float32) {
		product = append(product, row...)
	}
	return product, nil
}
