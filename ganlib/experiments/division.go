package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ganbook/ganbook/ganlib/data"
)

// division says which images of a set are used: the split of its files, and a drawn part of that.
type division struct {
	files         string  // "", "train", "test", "all", "extra", as data.Options has it
	first, second float64 // percent; 0: all is used
	seed          int64
	later         bool // the second part is used
}

// parseDivision reads "test", "80/20", "80/20 seed 7 second" or "all 80/20 seed 7, first part". Without a seed it is 1,
// whatever the seed of the training, so that trainings which differ in nothing but that share their images.
func parseDivision(text string) (division, error) {
	d := division{seed: 1}
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	if len(words) > 0 && slices.Contains(data.Splits(), words[0]) {
		d.files, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return d, nil
	}
	wrong := fmt.Errorf("experiments: split=%s: write train, test or all, and for a drawn part 80/20, 80/20 seed 7 or all 80/20 seed 7 second", text)
	first, second, ok := strings.Cut(words[0], "/")
	a, errA := strconv.ParseFloat(first, 64)
	b, errB := strconv.ParseFloat(second, 64)
	if !ok || errA != nil || errB != nil || !(a > 0 && b > 0) || math.Abs(a+b-100) > 1e-9 {
		return d, fmt.Errorf("%w; the two shares are percent and make 100", wrong)
	}
	d.first, d.second, words = a, b, words[1:]
	if len(words) > 1 && words[0] == "seed" {
		n, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return d, fmt.Errorf("%w; the seed %q is no whole number", wrong, words[1])
		}
		d.seed, words = n, words[2:]
	}
	if len(words) > 0 && (words[0] == "first" || words[0] == "second") {
		d.later, words = words[0] == "second", words[1:]
	}
	if len(words) > 0 && d.first > 0 && words[0] == "part" {
		words = words[1:]
	}
	if len(words) > 0 {
		return d, fmt.Errorf("%w; %q is not understood", wrong, strings.Join(words, " "))
	}
	return d, nil
}

// String is the division as run.json has it, with nothing left to be guessed.
func (d division) String() string {
	if d.first == 0 {
		return d.files
	}
	part := "first"
	if d.later {
		part = "second"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %v/%v seed %d %s", d.files, d.first, d.second, d.seed, part))
}

// of is the part of a set.
func (d division) of(src *data.Source) (*data.Source, error) {
	if d.first == 0 {
		return src, nil
	}
	first, second, err := src.Divide(d.first/100, d.seed)
	if err != nil {
		return nil, fmt.Errorf("experiments: split=%s: %w", d, err)
	}
	if d.later {
		return second, nil
	}
	return first, nil
}

// CheckSplit refuses what OpenPart does not understand.
func CheckSplit(split string) error {
	_, err := parseDivision(split)
	return err
}

// OpenPart is [data.Open] of the images that a split names, such as "test" or "all 80/20 seed 7 second"; see
// [DataSettings].
func OpenPart(ctx context.Context, set, path, split string, o data.Options) (*data.Source, error) {
	d, err := parseDivision(split)
	if err != nil {
		return nil, err
	}
	o.Split = d.files
	src, err := data.Open(ctx, set, path, o)
	if err != nil {
		return nil, err
	}
	return d.of(src)
}
