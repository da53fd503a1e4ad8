package protocol

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// Pool is the images of a set, with their labels, which nobody outside of this package sees.
type Pool struct {
	train, test *data.Source                 // nil: there is no such file
	all         func() (*data.Source, error) // both, opened when they are needed
	missing     error                        // says which of the two is not there
}

// Open opens what there is of a set; path is as in [data.Open]. A set of which only one file exists is a pool, too. A file
// that is there and cannot be read is an error: without it the images would be divided in another way.
func Open(ctx context.Context, set, path string, size, channels int, progress func(done, total int)) (*Pool, error) {
	open := func(split string) (*data.Source, error) {
		return data.Open(ctx, set, path, data.Options{Size: size, Channels: channels, Split: split, Progress: progress})
	}
	p := &Pool{}
	var errs [2]error
	p.train, errs[0] = open("train")
	p.test, errs[1] = open("test")
	if ctx.Err() != nil { // what was not opened is no less there
		return nil, context.Cause(ctx)
	}
	if p.train == nil && p.test == nil {
		if errs[0].Error() == errs[1].Error() {
			return nil, errs[0]
		}
		return nil, errors.Join(errs[:]...)
	}
	for i, err := range errs {
		if err != nil && !errors.Is(err, data.ErrAbsent) {
			return nil, fmt.Errorf("protocol: the %s images of %s are there and cannot be read, so nothing is divided without them: %w; restore the file, or take it away to have the others divided by a draw",
				[]string{"training", "test"}[i], set, err)
		}
	}
	if p.train != nil && p.test != nil && p.train.Hash() == p.test.Hash() {
		return nil, fmt.Errorf("protocol: the training and the test images of %s are the same %d: nothing can be tested on what was trained on; if --data names a file, name its folder", p.train.Name(), p.train.Len())
	}
	p.missing = errors.Join(errs[:]...)
	p.all = sync.OnceValues(func() (*data.Source, error) {
		switch {
		case p.test == nil:
			return p.train, nil
		case p.train == nil:
			return p.test, nil
		}
		return open("all")
	})
	for _, s := range p.parted() {
		if s.Labels() == nil {
			return nil, fmt.Errorf("protocol: %s has no labels, without which nothing can be judged; put the label files beside the images", s.Name())
		}
	}
	return p, nil
}

// parted are the files that are there.
func (p *Pool) parted() []*data.Source {
	return slices.DeleteFunc([]*data.Source{p.train, p.test}, func(s *data.Source) bool { return s == nil })
}

// Missing says which file the set lacks; nil: both are there.
func (p *Pool) Missing() error { return p.missing }

// Files describes the files for [Data].
func (p *Pool) Files() (list []File) {
	for _, part := range []struct {
		name string
		src  *data.Source
	}{{"train", p.train}, {"test", p.test}} {
		if s := part.src; s != nil {
			list = append(list, File{Part: part.name, Images: s.Len(), Hash: s.Hash(), Official: s.Official(), Note: s.Note()})
		}
	}
	return list
}

// Classes lists the labels that occur, rising.
func (p *Pool) Classes() []int {
	seen := map[int]bool{}
	for _, s := range p.parted() {
		for _, l := range s.Labels() {
			seen[int(l)] = true
		}
	}
	var list []int
	for c := range seen {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

// Division is the pictures of one row of the grid.
type Division struct {
	Train *data.Source // normal pictures to train on, without labels
	Held  *data.Source // normal pictures kept for the threshold, without labels
	Test  *SealedTest

	hash string
}

// Hash names the division: files, split and class.
func (d *Division) Hash() string { return d.hash }

// Divide makes the pictures of a class's row. It fails when the class does not occur, when nothing is left to train or
// to hold out, and when the test would have pictures of one side only, so that no order of the two can be judged.
func (p *Pool) Divide(s Split, class int) (*Division, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	if classes := p.Classes(); !slices.Contains(classes, class) {
		return nil, fmt.Errorf("protocol: there is no image of class %d; the classes are %v", class, classes)
	}
	forTraining, test, err := p.parts(s, class)
	if err != nil {
		return nil, fmt.Errorf("protocol: %s split, class %d: %w", s.Kind, class, err)
	}
	normal, err := forTraining.Of(s.describe(class), func(c int) bool { return s.normal(class, c) })
	if err != nil {
		return nil, fmt.Errorf("protocol: nothing to train on: %w", err)
	}
	train, held, err := normal.Divide(1-s.Held, s.Seed)
	if err != nil {
		return nil, fmt.Errorf("protocol: holding %v of the training images out for the threshold: %w", s.Held, err)
	}
	train, held = train.Unlabelled(), held.Unlabelled()
	if s.Contamination > 0 {
		if train, err = s.contaminate(train, forTraining, class); err != nil {
			return nil, err
		}
	}
	sealed, err := seal(test, func(c int) bool { return s.normal(class, c) })
	if err != nil {
		return nil, err
	}
	d := &Division{Train: train, Held: held, Test: sealed, hash: p.divisionHash(s, class)}
	sealed.of = d
	return d, nil
}

func (s Split) describe(class int) string {
	if s.Kind == LeaveOneOut {
		return fmt.Sprintf("all but class %d", class)
	}
	return fmt.Sprintf("class %d", class)
}

// parts are the labelled images to train on, of all classes, and those of the test.
func (p *Pool) parts(s Split, class int) (train, test *data.Source, err error) {
	if s.Kind == OneClass && s.Train == 0 {
		if p.train == nil || p.test == nil {
			return nil, nil, fmt.Errorf("the official division needs the training and the test file: %w", p.missing)
		}
		return p.train, p.test, nil
	}
	all, err := p.divisible(s)
	if err != nil {
		return nil, nil, err
	}
	var trains, tests []int
	for i, drawn := range draw(all.Labels(), s.Train, s.Seed) {
		switch {
		case s.Kind == LeaveOneOut && int(all.Labels()[i]) == class: // every image of the class left out is tested
			tests = append(tests, i)
		case drawn:
			trains = append(trains, i)
		default:
			tests = append(tests, i)
		}
	}
	if train, err = all.Subset(trains); err != nil {
		return nil, nil, err
	}
	test, err = all.Subset(tests)
	return train, test, err
}

// divisible is the images that a draw divides.
func (p *Pool) divisible(s Split) (*data.Source, error) {
	if s.Kind != Small {
		return p.all()
	}
	if p.train == nil || p.train.Len() < s.First {
		return nil, fmt.Errorf("it takes the first %d images of the training file, which are not there", s.First)
	}
	return p.train.First(s.First)
}

// draw marks a share of the images of every class, by a stream of the class's own.
func draw(labels []uint8, share float64, master int64) []bool {
	members := map[uint8][]int{}
	for i, l := range labels {
		members[l] = append(members[l], i)
	}
	drawn := make([]bool, len(labels))
	for l, list := range members {
		count := int(share*float64(len(list)) + 0.5)
		for _, k := range seed.Rand(master, "protocol", int64(l)).Perm(len(list))[:count] {
			drawn[list[k]] = true
		}
	}
	return drawn
}

// contaminate replaces a share of the training images by anomalous ones that the test does not have.
func (s Split) contaminate(train, from *data.Source, class int) (*data.Source, error) {
	others, err := from.Of(fmt.Sprintf("classes other than %d", class), func(c int) bool { return !s.normal(class, c) })
	if err != nil {
		return nil, fmt.Errorf("protocol: contamination: %w", err)
	}
	mixed, err := train.Contaminate(others.Unlabelled(), s.Contamination, s.Seed)
	if err != nil {
		return nil, fmt.Errorf("protocol: contamination: %w", err)
	}
	return mixed, nil
}

func (p *Pool) divisionHash(s Split, class int) string {
	s.Words = ""
	h := sha256.New()
	for _, f := range p.Files() {
		fmt.Fprintf(h, "%s %s\n", f.Part, f.Hash)
	}
	text, _ := json.Marshal(s) // a struct of numbers and strings
	fmt.Fprintf(h, "%s class %d\n", text, class)
	return hex.EncodeToString(h.Sum(nil))
}
