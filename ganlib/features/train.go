package features

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The one schedule of training: Adam of Kingma & Ba 2015 whose rate falls to 0 in equal steps, over whole shuffled
// batches.
const (
	trainEpochs = 5
	trainBatch  = 100
	trainRate   = 2e-3
)

// Options of a training.
type Options struct {
	Seed     int64
	Name     string                                    // of the net; "": after the set
	Epochs   int                                       // 0: 5
	Progress func(done, total int, loss, rate float64) // after each step; may be nil
}

// Train trains a classifier on one set of labelled images and then counts how many of another it names right; the other
// is not looked at before. It returns the content of the file of weights and its record. The same images, seed and
// machine give the same file.
func Train(ctx context.Context, b compute.Backend, train, test *data.Source, o Options) (Record, []byte, error) {
	a, err := architectureFor(train, test)
	if err != nil {
		return Record{}, nil, err
	}
	t := &trainer{arch: a, src: train, opt: o, batch: min(trainBatch, train.Len()), store: ganlib.NewStore(o.Seed)}
	if t.opt.Epochs == 0 {
		t.opt.Epochs = trainEpochs
	}
	if err := t.run(ctx, b); err != nil {
		return Record{}, nil, err
	}
	file, err := t.file()
	if err != nil {
		return Record{}, nil, err
	}
	r := t.record(file)
	r.Test, err = assess(ctx, b, t.store, a, test)
	return r, file, err
}

// architectureFor is the net for the images and classes of a training set.
func architectureFor(train, test *data.Source) (Architecture, error) {
	for _, s := range []*data.Source{train, test} {
		if s.Labels() == nil {
			return Architecture{}, fmt.Errorf("features: %s has no labels, and a classifier is trained with them; give a set that has", s.Name())
		}
	}
	a := DefaultArchitecture(train.Height(), train.Width(), train.Channels(), int(slices.Max(train.Labels()))+1)
	if shape := []int{test.Height(), test.Width(), test.Channels()}; !slices.Equal(shape, a.image()) || int(slices.Max(test.Labels())) >= a.Classes {
		return a, fmt.Errorf("features: %s has images %v of %d classes, the test images are %v with a class %d; they must be of one set",
			train.Name(), a.image(), a.Classes, shape, slices.Max(test.Labels()))
	}
	return a, a.validate()
}

type trainer struct {
	arch  Architecture
	src   *data.Source
	opt   Options
	batch int
	store *model.Store
	loss  float64 // of the last step
}

var adam = ganlib.Adam{LearningRate: trainRate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}

func (t *trainer) run(ctx context.Context, b compute.Backend) error {
	exec, err := model.NewExec(b, t.store, t.step)
	if err != nil {
		return fmt.Errorf("features: %w", err)
	}
	defer exec.WithName("classifier").Finalize()
	perEpoch := t.src.Len() / t.batch
	total, done := t.opt.Epochs*perEpoch, 0
	for epoch := range int64(t.opt.Epochs) {
		order := seed.Rand(t.opt.Seed, "features/order", epoch).Perm(t.src.Len())
		for i := range perEpoch {
			if err := context.Cause(ctx); err != nil {
				return fmt.Errorf("features: training on %s: %w", t.src.Name(), err)
			}
			lr := trainRate * float64(total-done) / float64(total)
			done++
			if t.loss, err = t.call(exec, order[i*t.batch:(i+1)*t.batch], int64(done), lr); err != nil {
				return err
			}
			if t.opt.Progress != nil {
				t.opt.Progress(done, total, t.loss, lr)
			}
		}
	}
	return nil
}

// step: images, classes as rows of one 1, and Adam's two rates → the loss, before the weights move.
func (t *trainer) step(s *model.Scope, in []*Node) []*Node {
	x, classes, rates := in[0], in[1], in[2]
	_, logits := t.arch.build(s.Store(), x)
	loss := crossEntropy(logits, classes)
	vars := ganlib.Parameters(s.Store(), x.Graph(), "/")
	nodes := make([]*Node, len(vars))
	for i, v := range vars {
		nodes[i] = v.NodeValue(x.Graph())
	}
	grads := Gradient(loss, nodes...)
	at := func(i int) *Node { return Reshape(Slice(rates, AxisRange(i, i+1))) }
	adam.Update(s.Store(), "classifier", vars, grads, at(0), at(1))
	return []*Node{loss}
}

// crossEntropy is the mean over rows of −log softmax(logits) at the class.
func crossEntropy(logits, classes *Node) *Node {
	return Neg(ReduceAllMean(ReduceSum(Mul(classes, LogSoftmax(logits)), -1)))
}

func (t *trainer) call(exec *model.Exec, indices []int, update int64, lr float64) (float64, error) {
	pixels := make([]float32, len(indices)*size(t.arch.image()))
	t.src.Fill(pixels, indices)
	classes := make([]float32, len(indices)*t.arch.Classes)
	for k, i := range indices {
		classes[k*t.arch.Classes+int(t.src.Labels()[i])] = 1
	}
	rate, eps := adam.Rates(update, lr)
	in := []*tensors.Tensor{
		tensors.FromFlatDataAndDimensions(pixels, append([]int{len(indices)}, t.arch.image()...)...),
		tensors.FromFlatDataAndDimensions(classes, len(indices), t.arch.Classes),
		tensors.FromFlatDataAndDimensions([]float32{float32(rate), float32(eps)}, 2),
	}
	out, err := exec.Call1(in[0], in[1], in[2])
	for _, x := range in {
		x.FinalizeAll()
	}
	if err != nil {
		return 0, fmt.Errorf("features: step %d: %w", update, err)
	}
	defer out.FinalizeAll()
	if out.DType() != dtypes.Float32 {
		return 0, fmt.Errorf("features: step %d: a loss of type %s", update, out.DType())
	}
	loss := float64(tensors.ToScalar[float32](out))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return 0, fmt.Errorf("features: step %d: the loss is %v; train with another seed", update, loss)
	}
	return loss, nil
}

// file is the content of the file of weights.
func (t *trainer) file() ([]byte, error) {
	var list []runlog.Tensor
	for _, w := range t.arch.weights() {
		value, err := t.store.GetVariable("/" + w.name).Value()
		if err != nil {
			return nil, fmt.Errorf("features: %s: %w", w.name, err)
		}
		values, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, fmt.Errorf("features: %s: %w", w.name, err)
		}
		list = append(list, runlog.Float32s(w.name, w.shape, values))
	}
	return runlog.EncodeTensors(list)
}

func (t *trainer) record(file []byte) Record {
	name := t.opt.Name
	if name == "" {
		name = NameFor(t.src.Name())
	}
	return Record{
		Name: name, File: name + weightsSuffix, SHA256: hashOf(file), Architecture: t.arch,
		Training: Training{
			Set: t.src.Name(), Data: t.src.Hash(), Note: t.src.Note(), Images: t.src.Len(), Seed: t.opt.Seed,
			Epochs: t.opt.Epochs, Batch: t.batch, Rate: trainRate, LastLoss: t.loss,
		},
	}
}

// NameFor is the name of a net trained on a set; it serves as a file's name.
func NameFor(set string) string {
	name := []rune(set)
	for i, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_') {
			name[i] = '-'
		}
	}
	return string(name) + "-classifier"
}

// assess counts the images of a set that a trained classifier names right.
func assess(ctx context.Context, b compute.Backend, store *model.Store, a Architecture, test *data.Source) (Test, error) {
	e, err := newExtractor(b, store, "classifier/test", extractBatch, a.Classes, a.image(),
		func(s *model.Scope, x *Node) *Node {
			_, logits := a.build(s.Store(), x)
			return logits
		})
	if err != nil {
		return Test{}, err
	}
	defer e.exec.Finalize()
	logits, err := e.run(ctx, test.Len(), test.Fill, nil)
	if err != nil {
		return Test{}, err
	}
	t := Test{Data: test.Hash(), Note: test.Note(), Images: test.Len()}
	for i, label := range test.Labels() {
		row := logits.Values[i*a.Classes : (i+1)*a.Classes]
		if slices.Index(row, slices.Max(row)) == int(label) {
			t.Right++
		}
	}
	t.Accuracy = float64(t.Right) / float64(t.Images)
	return t, nil
}
