package experiments

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/protocol"
)

// Evaluation is one published table to rerun, as [Experiment] is one result. What it fixes for a grid of cells is a
// [protocol.Evaluation].
type Evaluation struct {
	ID         string // "anogan/mnist-one-class"
	Title      string
	Experiment string            // that is trained for each cell
	Set        map[string]string // its settings that fit the images
	Data       string            // "mnist"
	Classes    []int
	Split      protocol.Split
}

// Scales of evaluations.
const (
	EvalFull    = "full"    // the document's training
	EvalShort   = "short"   // the document's batches, 2,000 of them
	EvalLecture = "lecture" // that of the experiment at lecture scale
	EvalSmoke   = "smoke"   // it runs, nothing more
)

// EvaluationScales lists them, largest first.
func EvaluationScales() []string { return []string{EvalFull, EvalShort, EvalLecture, EvalSmoke} }

// shortIterations is the short schedule of a cell.
const shortIterations = 2000

// Evaluations lists them: the three protocols on every set that the loaders know.
func Evaluations() (list []Evaluation) {
	for _, set := range []struct {
		name, title string
		settings    map[string]string
		oneFile     bool
	}{
		{"mnist", "MNIST", nil, false},
		{"fashion-mnist", "Fashion-MNIST", nil, false},
		{"kmnist", "KMNIST", nil, true},
		{"cifar10", "CIFAR-10", map[string]string{"nc": "3", "image_size": "32"}, false},
		{"svhn", "SVHN", map[string]string{"nc": "3", "image_size": "32"}, false},
	} {
		for _, split := range []protocol.Split{oneClass(set.oneFile), leaveOneOut(), small()} {
			if split.Kind == protocol.Small && set.oneFile {
				continue // there is no training file to take the first images of
			}
			list = append(list, Evaluation{
				ID: "anogan/" + set.name + "-" + split.Kind, Title: "AnoGAN on " + set.title + ", " + split.Kind,
				Experiment: "anogan", Set: set.settings, Data: set.name, Classes: tenClasses(), Split: split,
			})
		}
	}
	return list
}

func tenClasses() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} }

// held is the share of training pictures kept for the threshold, in every split.
const held = 0.05

func oneClass(oneFile bool) protocol.Split {
	s := protocol.Split{
		Kind: protocol.OneClass, Held: held, Seed: 1,
		Words: "normal: one class; trained on its images of the training file, tested on the whole test file",
	}
	if oneFile {
		s.Train, s.Words = 0.8, "normal: one class; all images there are divided 80/20, class by class; trained on the class's 80 %, tested on the 20 % of all classes"
	}
	return s
}

func leaveOneOut() protocol.Split {
	return protocol.Split{
		Kind: protocol.LeaveOneOut, Train: 0.8, Held: held, Seed: 1,
		Words: "anomalous: one class; all images pooled, the other classes divided 80/20, class by class; trained on their 80 %, tested on their 20 % and all images of the class left out",
	}
}

func small() protocol.Split {
	return protocol.Split{
		Kind: protocol.Small, First: 10_000, Train: 0.8, Held: held, Seed: 1,
		Words: "normal: one class of the first 10,000 training images; trained on 80 % of its images, tested on its other 20 % and 20 % of each other class",
	}
}

// FindEvaluation returns an evaluation; an unknown ID is an error that names the nearest.
func FindEvaluation(id string) (Evaluation, error) {
	var ids []string
	for _, e := range Evaluations() {
		if strings.EqualFold(e.ID, id) {
			return e, nil
		}
		ids = append(ids, e.ID)
	}
	return Evaluation{}, fmt.Errorf("experiments: no evaluation %q; there are %s%s", id, strings.Join(ids, ", "), didYouMean(id, ids))
}

// EvaluationOptions are wishes for a draft. The zero value of a field means the evaluation's own choice.
type EvaluationOptions struct {
	Scale      string            // "": short
	Name       string            // of a variant
	Experiment string            // that a variant trains; "": the evaluation's
	Set        map[string]string // settings of training and search
	Iterations int64
	Batch      int // pictures searched at once
}

// evaluationBatch is how many pictures are searched at once, measured on the blog's nets: larger ones are no faster, and
// the last batch of a test is padded with work for nothing.
const evaluationBatch = 128

// Draft is what is fixed before the training of a grid, but for the files.
func (e Evaluation) Draft(o EvaluationOptions) (*protocol.Evaluation, error) {
	if o.Scale == "" {
		o.Scale = EvalShort
	}
	if !slices.Contains(EvaluationScales(), o.Scale) {
		return nil, fmt.Errorf("experiments: scale %q; there are %s%s", o.Scale, strings.Join(EvaluationScales(), ", "), didYouMean(o.Scale, EvaluationScales()))
	}
	e.Experiment = orDefault(o.Experiment, e.Experiment)
	training, c, err := e.training(o)
	if err != nil {
		return nil, err
	}
	if c.Search.KeepAdam {
		return nil, fmt.Errorf("experiments: keep_adam lets a picture's score depend on the pictures before it, so that a grid that is broken off could not go on; leave it out of an evaluation")
	}
	if c.Search.Mode == anogan.SearchTraining {
		return nil, fmt.Errorf("experiments: mode=training lets a picture's score depend on the others of its batch; an evaluation searches in inference mode")
	}
	search, err := json.Marshal(c.Search)
	if err != nil {
		return nil, err
	}
	d := &protocol.Evaluation{
		Format: protocol.Format, Name: orDefault(o.Name, e.ID), Scale: o.Scale, Title: e.Title, Published: e.ID,
		Data:  protocol.Data{Set: e.Data, Size: c.ImageSize, Channels: c.Channels},
		Split: e.Split, Classes: e.Classes, Seeds: []int64{0, 1, 2, 3, 4},
		Training: training, Search: protocol.Search{Settings: search, Batch: evaluationBatch},
		Selection: protocol.LastSnapshot,
		Metric:    "AUROC of the weighted score over the test pictures, ties counting half; the other scores are reported beside it",
		Scores:    anogan.ScoreNames, Deciding: "weighted", Threshold: 0.95,
		Bootstrap: protocol.Bootstrap{Rounds: 1000, Level: 0.95},
		Baselines: protocol.Baselines{Components: 32, Neighbours: 5},
	}
	override(&d.Search.Batch, o.Batch)
	return d, nil
}

// training is the schedule of a cell, in iterations where the scale cuts the document's epochs.
func (e Evaluation) training(o EvaluationOptions) (t protocol.Training, c anogan.Config, err error) {
	scale := map[string]Scale{EvalFull: Full, EvalShort: Full, EvalLecture: Lecture, EvalSmoke: Smoke}[o.Scale]
	set := map[string]string{}
	for _, wishes := range []map[string]string{e.Set, o.Set} {
		for k, v := range wishes {
			set[k] = v
		}
	}
	_, s, gan, err := plan(e.Experiment, Options{Scale: scale, Set: set})
	if err != nil {
		return t, c, err
	}
	if _, ok := gan.Config.(anogan.Config); !ok {
		return t, c, fmt.Errorf("experiments: %s gives no anomaly scores; an evaluation trains an AnoGAN, such as anogan/encoder", e.Experiment)
	}
	if err := json.Unmarshal(s.Game, &c); err != nil {
		return t, c, fmt.Errorf("experiments: evaluation %s: %w", e.ID, err)
	}
	t.Experiment, t.Iterations = e.Experiment, o.Iterations
	switch {
	case t.Iterations > 0:
	case o.Scale == EvalFull:
		t.Epochs = c.Epochs
	case o.Scale == EvalShort:
		t.Iterations = shortIterations
	default:
		t.Iterations = s.Images / int64(s.BatchSize)
	}
	c.Epochs = 0 // until the number of images in an epoch is known
	if c.LateEpoch > 0 && !wished(set, "late_epoch", "LateEpoch") {
		c.LateEpoch = lateFollows
	}
	if s.Game, err = json.Marshal(c); err != nil {
		return t, c, err
	}
	s.Scale, s.Seed, s.Data, s.Images, s.Epochs = Scale(o.Scale), 0, DataSettings{}, 0, 0
	t.Settings, err = json.Marshal(s)
	return t, c, err
}

// EvaluationPart says that images are the training pictures of a row of an evaluation.
type EvaluationPart struct {
	Evaluation string         `json:"evaluation"`
	Scale      string         `json:"scale"`
	Protocol   string         `json:"protocol"` // hash of the evaluation
	Split      protocol.Split `json:"split"`
	Class      int            `json:"class"`
}

// open makes the training pictures of the row anew.
func (p *EvaluationPart) open(ctx context.Context, d DataSettings, progress func(done, total int)) (*data.Source, error) {
	division, err := p.divide(ctx, d, progress)
	if err != nil {
		return nil, err
	}
	return division.Train, nil
}

// heldOut makes the normal pictures that are kept for the threshold.
func (p *EvaluationPart) heldOut(ctx context.Context, d DataSettings) (*data.Source, error) {
	division, err := p.divide(ctx, d, nil)
	if err != nil {
		return nil, err
	}
	return division.Held, nil
}

func (p *EvaluationPart) divide(ctx context.Context, d DataSettings, progress func(done, total int)) (*protocol.Division, error) {
	pool, err := protocol.Open(ctx, d.Set, d.Path, d.Size, d.Channels, progress)
	if err != nil {
		return nil, err
	}
	return pool.Divide(p.Split, p.Class)
}
