// Package work holds the steps of trainings and searches that `ganbook bench` measures. The scripts in testdata/peers
// have the same nets and updates in PyTorch and, but for the search, JAX; a test gives both sides the same numbers and
// compares their losses.
package work

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
)

// Work is a step of a certain size.
type Work struct {
	family  *family
	numbers []int
}

// Step is a work in progress.
type Step interface {
	// Do does the step once and returns its losses, in the order of the updates; of a search, the one before its update.
	// It has ended when Do returns.
	Do(ctx context.Context) ([]float64, error)
	// Parameters counts the trainable numbers of the networks; known after the first step.
	Parameters() int
	Close()
}

// family is the works that differ in numbers only.
type family struct {
	name    string
	numbers []number
	about   string // with a verb for every number
	check   func(n []int) error
	count   func(n []int) int64 // multiplications of an image in a step
	start   func(b compute.Backend, n []int) (Step, error)
}

// number is one of those by which the works of a family differ; the first is the batch.
type number struct {
	name  string
	least int
}

var families = []*family{&dcganFamily, &anoganFamily, &searchFamily, &blocksFamily, &blocksTwiceFamily, &toyFamily, &wganFamily}

// Parse reads the name of a work, such as "dcgan:16:64".
func Parse(name string) (Work, error) {
	parts := strings.Split(name, ":")
	f, err := named(parts[0])
	if err != nil {
		return Work{}, err
	}
	w := Work{family: f}
	if len(parts) != 1+len(f.numbers) {
		return w, fmt.Errorf("work %q has %d numbers; it is %s", name, len(parts)-1, f.pattern())
	}
	for i, of := range f.numbers {
		n, err := strconv.Atoi(parts[1+i])
		if err != nil || n < of.least {
			return w, fmt.Errorf("work %q: %s %q; it must be a number of at least %d, in %s", name, of.name, parts[1+i], of.least, f.pattern())
		}
		w.numbers = append(w.numbers, n)
	}
	if f.check != nil {
		if err := f.check(w.numbers); err != nil {
			return w, fmt.Errorf("work %q: %w", name, err)
		}
	}
	return w, nil
}

func named(name string) (*family, error) {
	i := slices.IndexFunc(families, func(f *family) bool { return f.name == name })
	if i < 0 {
		return nil, fmt.Errorf("work %q: there is no such family; there are %s", name, strings.Join(patterns(), ", "))
	}
	return families[i], nil
}

// pattern is how names of the family are written: "dcgan:batch:width".
func (f *family) pattern() string {
	text := f.name
	for _, n := range f.numbers {
		text += ":" + n.name
	}
	return text
}

func patterns() (list []string) {
	for _, f := range families {
		list = append(list, f.pattern())
	}
	return list
}

func (w Work) String() string {
	text := w.family.name
	for _, n := range w.numbers {
		text += ":" + strconv.Itoa(n)
	}
	return text
}

// Family is the first word of the name.
func (w Work) Family() string { return w.family.name }

// Batch is the number of images (points, for the toy) in a step.
func (w Work) Batch() int { return w.numbers[0] }

// Number is one of the work's numbers by name: "batch", "width"; 0 when it has none of that name.
func (w Work) Number(name string) int {
	for i, of := range w.family.numbers {
		if of.name == name {
			return w.numbers[i]
		}
	}
	return 0
}

// About says for people what the work is.
func (w Work) About() string {
	numbers := make([]any, len(w.numbers))
	for i, n := range w.numbers {
		numbers[i] = n
	}
	return fmt.Sprintf(w.family.about, numbers...)
}

// Multiplications is how many a step does when every convolution is summed up as it is written, and gradients that
// nobody uses are not computed. Faster algorithms do fewer.
func (w Work) Multiplications() int64 {
	return int64(w.Batch()) * w.family.count(w.numbers)
}

// Start prepares the step on a backend.
func (w Work) Start(b compute.Backend) (Step, error) { return w.family.start(b, w.numbers) }

// Growth says in which one number a work is larger than another of its family: "batch 16 → 128".
func (w Work) Growth(from Work) (what string, grown bool) {
	if w.family != from.family {
		return "", false
	}
	for i, n := range w.numbers {
		switch before := from.numbers[i]; {
		case n == before:
		case n < before || grown:
			return "", false
		default:
			what, grown = fmt.Sprintf("%s %d → %d", w.family.numbers[i].name, before, n), true
		}
	}
	return what, grown
}
