// Package protocol is what makes an evaluation believable: what is measured, on which pictures and by which rule, is
// written into a file with a hash of its own before anything is trained, and the labels of the test pictures stay out of
// reach of whatever trains and selects.
//
//   - [Evaluation] is that file. It is sealed by a SHA-256 over its content; one that was edited afterwards is refused.
//   - [Pool.Divide] gives training pictures without labels, and a [SealedTest].
//   - A SealedTest shows its pictures to anybody. It judges scores only for a [Selection], and nothing but
//     [Division.Freeze], which takes a finished run and the rule of the evaluation, makes one.
//   - [Cell] is what came out for one class and one seed. It names the hash under which it was made.
//
// The package knows no model: what trains and what scores is package experiments' business.
package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Evaluation is everything that is decided before the training. A field that comes later must be left out of the JSON
// where it is zero, so that the hashes of older files stay right.
type Evaluation struct {
	Format    int       `json:"format"`
	Name      string    `json:"name"`  // "anogan/mnist-one-class"
	Scale     string    `json:"scale"` // how much is trained: "full", "short" …
	Title     string    `json:"title"`
	Published string    `json:"published"` // name of the evaluation whose published numbers stand beside; a variant has its original's
	Data      Data      `json:"data"`
	Split     Split     `json:"split"`
	Classes   []int     `json:"classes"` // a row of the grid for each: the normal class, or the one left out
	Seeds     []int64   `json:"seeds"`   // a column for each
	Training  Training  `json:"training"`
	Search    Search    `json:"search"`
	Selection string    `json:"selection"` // [LastSnapshot]
	Metric    string    `json:"metric"`    // in words
	Scores    []string  `json:"scores"`    // all that are reported
	Deciding  string    `json:"deciding"`  // the one of them that the metric is of
	Threshold float64   `json:"threshold"` // share of the held-out normal pictures that the threshold lets pass
	Bootstrap Bootstrap `json:"bootstrap"`
	Baselines Baselines `json:"baselines"`
	Hash      string    `json:"sha256"` // of all of the above; "" in a draft
}

// Data is a set of images as it lay there when the evaluation was fixed.
type Data struct {
	Set      string `json:"set"` // "mnist", as package data names it
	Size     int    `json:"size"`
	Channels int    `json:"channels"`
	Files    []File `json:"files"` // those that were there, training before test
}

// File is one of the official division's parts.
type File struct {
	Part     string `json:"part"` // "train" or "test"
	Images   int    `json:"images"`
	Hash     string `json:"hash"` // of [data.Source.Hash]
	Official bool   `json:"official"`
	Note     string `json:"note,omitempty"`
}

// Training is what is trained for every cell, on its training pictures and by its seed.
type Training struct {
	Experiment string          `json:"experiment"`
	Settings   json.RawMessage `json:"settings"`             // of the experiment, before data and seed
	Iterations int64           `json:"iterations,omitempty"` // how many; 0: Epochs
	Epochs     int             `json:"epochs,omitempty"`
}

// Search is how a picture is scored.
type Search struct {
	Settings json.RawMessage `json:"settings"`
	Batch    int             `json:"batch"` // scores differ by rounding between batch sizes
}

// Bootstrap is the resampling behind an interval; Level is also that of DeLong's.
type Bootstrap struct {
	Rounds int     `json:"rounds"`
	Level  float64 `json:"level"`
}

// Baselines are fitted to the same training pictures and judged on the same test.
type Baselines struct {
	Components int `json:"pca_components"`
	Neighbours int `json:"neighbours"`
}

// Format is that of files and cells.
const Format = 1

// LastSnapshot takes the weights as they are when the schedule has ended. Nothing is chosen.
const LastSnapshot = "last snapshot"

var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$`)

// Validate refuses an evaluation that nothing can come of.
func (e *Evaluation) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("protocol: evaluation %s: "+format, append([]any{e.Name}, args...)...)
	}
	switch {
	case e.Format != Format:
		return fail("format %d is not %d, the one this program reads", e.Format, Format)
	case !nameRule.MatchString(e.Name) || !nameRule.MatchString(e.Scale):
		return fmt.Errorf("protocol: evaluation %q at scale %q: names are of small letters, digits, dots, dashes and slashes, since folders bear them", e.Name, e.Scale)
	case e.Data.Set == "" || len(e.Data.Files) == 0:
		return fail("it names no data set or none of its files")
	case len(e.Classes) == 0 || len(e.Seeds) == 0:
		return fail("%d classes and %d seeds; there must be at least one of each", len(e.Classes), len(e.Seeds))
	case repeated(e.Classes) || repeated(e.Seeds):
		return fail("classes %v, seeds %v: one is named twice", e.Classes, e.Seeds)
	case e.Training.Experiment == "" || e.Training.Iterations < 0 || e.Training.Epochs < 0 || (e.Training.Iterations > 0) == (e.Training.Epochs > 0):
		return fail("training of %q: %d iterations and %d epochs; name an experiment and either of the two", e.Training.Experiment, e.Training.Iterations, e.Training.Epochs)
	case e.Search.Batch < 1:
		return fail("search batch %d; it must be at least 1", e.Search.Batch)
	case e.Selection != LastSnapshot:
		return fail("selection %q; the only rule so far is %q", e.Selection, LastSnapshot)
	case !slices.Contains(e.Scores, e.Deciding):
		return fail("the deciding score %q is none of %v", e.Deciding, e.Scores)
	case !(e.Threshold > 0 && e.Threshold <= 1):
		return fail("threshold %v; it is a share of normal pictures above 0 and at most 1", e.Threshold)
	case e.Bootstrap.Rounds < 1 || !(e.Bootstrap.Level > 0 && e.Bootstrap.Level < 1):
		return fail("bootstrap of %d rounds at level %v; there must be at least one round and a level between 0 and 1", e.Bootstrap.Rounds, e.Bootstrap.Level)
	case e.Baselines.Components < 1 || e.Baselines.Neighbours < 1:
		return fail("baselines of %d components and %d neighbours; both must be at least 1", e.Baselines.Components, e.Baselines.Neighbours)
	}
	if err := e.Split.validate(); err != nil {
		return fail("%w", err)
	}
	return nil
}

func repeated[T int | int64](list []T) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// CheckClass refuses a class that the grid has not.
func (e *Evaluation) CheckClass(class int) error {
	if !slices.Contains(e.Classes, class) {
		return fmt.Errorf("protocol: evaluation %s has no class %d; its classes are %v", e.Name, class, e.Classes)
	}
	return nil
}

// CheckSeed refuses a seed that was not fixed before.
func (e *Evaluation) CheckSeed(seed int64) error {
	if !slices.Contains(e.Seeds, seed) {
		return fmt.Errorf("protocol: evaluation %s was fixed with seeds %v; seed %d is none of them", e.Name, e.Seeds, seed)
	}
	return nil
}

// ErrOtherData is wrapped where the pictures are not those of the evaluation.
var ErrOtherData = errors.New("other pictures")

// CheckData refuses pictures that are not those of the time when the evaluation was fixed.
func (e *Evaluation) CheckData(now []File) error {
	for _, was := range e.Data.Files {
		i := slices.IndexFunc(now, func(f File) bool { return f.Part == was.Part })
		if i < 0 {
			return fmt.Errorf("protocol: %s was fixed with a %s file of %d images, which is not there now: %w; name the folder that has it with --data", e.Name, was.Part, was.Images, ErrOtherData)
		}
		if now[i].Hash != was.Hash {
			return fmt.Errorf("protocol: %s was fixed with %d %s images of hash %.12s, here are %d of hash %.12s: %w; name the right ones with --data, or fix an evaluation under another name",
				e.Name, was.Images, was.Part, was.Hash, now[i].Images, now[i].Hash, ErrOtherData)
		}
	}
	if len(now) > len(e.Data.Files) {
		return fmt.Errorf("protocol: %s was fixed with %d files of the set, here are %d: %w; name the right folder with --data", e.Name, len(e.Data.Files), len(now), ErrOtherData)
	}
	return nil
}
