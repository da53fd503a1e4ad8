package features

import (
	"context"
	"fmt"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Classifier is a trained classifier of small pictures as a feature net.
type Classifier struct {
	Record Record
	*extractor
}

// extractBatch keeps the activations of a batch in the processor's caches.
const extractBatch = 100

// newClassifier compiles a net from the content of its file.
func newClassifier(b compute.Backend, r Record, file []byte) (*Classifier, error) {
	if err := r.check(file); err != nil {
		return nil, err
	}
	entries, err := runlog.DecodeTensors(file)
	if err != nil {
		return nil, fmt.Errorf("features: %s: %w", r.File, err)
	}
	store := ganlib.NewStore(0)
	if err := fillStore(store, r.File, r.Architecture.weights(), entries); err != nil {
		return nil, err
	}
	e, err := newExtractor(b, store, r.Name, extractBatch, r.Architecture.Features, r.Architecture.image(),
		func(s *model.Scope, x *Node) *Node {
			features, _ := r.Architecture.build(s.Store(), x)
			return features
		})
	if err != nil {
		return nil, err
	}
	return &Classifier{r, e}, nil
}

// fillStore makes variables of a file's tensors, which must be those of the list and no others.
func fillStore(store *model.Store, file string, list []weight, entries []runlog.Tensor) error {
	for _, w := range list {
		i := slices.IndexFunc(entries, func(t runlog.Tensor) bool { return t.Name == w.name })
		if i < 0 {
			return fmt.Errorf("features: %s lacks the tensor %s %v: it is of another net", file, w.name, w.shape)
		}
		if !slices.Equal(entries[i].Shape, w.shape) || entries[i].DType != "F32" {
			return fmt.Errorf("features: %s: tensor %s is %s %v, the net has F32 %v: it is of another net", file, w.name, entries[i].DType, entries[i].Shape, w.shape)
		}
		values, err := entries[i].Float32s()
		if err != nil {
			return err
		}
		if err := createVariable(store, w, values); err != nil {
			return fmt.Errorf("features: %s: %w", file, err)
		}
	}
	if len(entries) != len(list) {
		return fmt.Errorf("features: %s has %d tensors, the net %d: it is of another net", file, len(entries), len(list))
	}
	return nil
}

func createVariable(store *model.Store, w weight, values []float32) error {
	_, err := store.CreateVariable("/"+w.name, tensors.FromFlatDataAndDimensions(values, w.shape...))
	return err
}

// Name implements [Net].
func (c *Classifier) Name() string { return c.Record.Name }

// Hash implements [Net].
func (c *Classifier) Hash() string { return c.Record.SHA256 }

// Dim implements [Net].
func (c *Classifier) Dim() int { return c.dim }

// Close implements [Net].
func (c *Classifier) Close() { c.exec.Finalize() }

// Accepts implements [Net]: a classifier takes images of the shape that it was trained on.
func (c *Classifier) Accepts(height, width, channels int) error {
	if a := c.Record.Architecture; a.Height != height || a.Width != width || a.Channels != channels {
		return fmt.Errorf("features: %s was trained on images of %d×%d×%d and cannot look at images of %d×%d×%d; train one for them",
			c.Name(), a.Height, a.Width, a.Channels, height, width, channels)
	}
	return nil
}

// Extract implements [Net].
func (c *Classifier) Extract(ctx context.Context, src *data.Source, done func(images int)) (eval.Points, error) {
	if err := c.Accepts(src.Height(), src.Width(), src.Channels()); err != nil {
		return eval.Points{}, err
	}
	return c.run(ctx, src.Len(), src.Fill, done)
}
