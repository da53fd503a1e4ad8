// Package features turns images into the features by which sets of images are compared (FID and KID, package eval), with
// nets that have a name and a hash: a figure means nothing without both.
//
// A [Classifier] is trained here, on the training images of a data set, and one for MNIST comes with the package. An
// [Inception] is the net of the published FIDs, from weights that the user has.
package features

import (
	"context"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Net is a trained net whose features compare images. It belongs to one goroutine.
type Net interface {
	Name() string // "mnist-classifier"
	Hash() string // SHA-256 of the file of its weights, in hexadecimal
	Dim() int     // numbers in a feature

	// Accepts says why the net cannot look at images of this shape, nil if it can.
	Accepts(height, width, channels int) error

	// Extract returns one point of Dim numbers for each image, in their order. An image's features do not depend on the
	// images around it: every batch has the same size, the last is filled up. done is told how many images were looked
	// at, and may be nil.
	Extract(ctx context.Context, src *data.Source, done func(images int)) (eval.Points, error)

	Close() // gives the memory of the compiled graph back
}

// extractor shows images to a compiled net, a batch of one size at a time.
type extractor struct {
	exec  *model.Exec
	batch int
	input []int // height, width and channels of what the graph takes
	dim   int
}

func newExtractor(b compute.Backend, store *model.Store, name string, batch, dim int, input []int, build func(s *model.Scope, x *graph.Node) *graph.Node) (*extractor, error) {
	exec, err := model.NewExec(b, store, build)
	if err != nil {
		return nil, fmt.Errorf("features: %s: %w", name, err)
	}
	return &extractor{exec: exec.WithName(name), batch: batch, dim: dim, input: input}, nil
}

// run looks at n images; fill writes those of indices into a batch.
func (e *extractor) run(ctx context.Context, n int, fill func(dst []float32, indices []int), done func(int)) (eval.Points, error) {
	points := eval.Points{Values: make([]float32, 0, n*e.dim), Dim: e.dim}
	size := e.input[0] * e.input[1] * e.input[2]
	pixels := make([]float32, e.batch*size)
	for from := 0; from < n; from += e.batch {
		if err := context.Cause(ctx); err != nil {
			return eval.Points{}, fmt.Errorf("features: %s: %w", e.exec.Name(), err)
		}
		indices := span(from, min(from+e.batch, n))
		clear(pixels)
		fill(pixels, indices)
		values, err := e.look(pixels)
		if err != nil {
			return eval.Points{}, fmt.Errorf("features: %s: %w", e.exec.Name(), err)
		}
		points.Values = append(points.Values, values[:len(indices)*e.dim]...)
		if done != nil {
			done(from + len(indices))
		}
	}
	return points, nil
}

// look shows one whole batch.
func (e *extractor) look(pixels []float32) ([]float32, error) {
	x := tensors.FromFlatDataAndDimensions(pixels, append([]int{e.batch}, e.input...)...)
	defer x.FinalizeAll()
	out, err := e.exec.Call1(x)
	if err != nil {
		return nil, err
	}
	defer out.FinalizeAll()
	return tensors.CopyFlatData[float32](out)
}

// span lists from to to−1.
func span(from, to int) []int {
	list := make([]int, to-from)
	for i := range list {
		list[i] = from + i
	}
	return list
}
