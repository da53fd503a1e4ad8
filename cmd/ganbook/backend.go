package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// checkBackend refuses a backend that this program does not have, before any work is done for it.
func checkBackend(config string) error {
	config = backend.Config(config)
	name, _, _ := strings.Cut(config, ":")
	if slices.Contains(compute.List(), name) {
		return nil
	}
	b, err := backend.New(config) // says what there is
	if err == nil {
		b.Finalize()
		return nil
	}
	if near := experiments.Nearest(name, compute.List()); near != "" {
		return fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return err
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
