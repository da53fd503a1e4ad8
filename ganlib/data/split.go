package data

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/ganbook/ganbook/ganlib/vector"
)

// Subset is the images of indices, in that order; an index may occur more than once. Its note says of how many images
// it is a part. It fails when there is none or one is out of range.
func (s *Source) Subset(indices []int) (*Source, error) {
	sub, err := s.pick(indices)
	if err == nil {
		sub.note = joinNotes(s.note, fmt.Sprintf("%s of its %s images", thousands(sub.n), thousands(s.n)))
	}
	return sub, err
}

// pick is Subset for those who say in a name or a note of their own what they picked.
func (s *Source) pick(indices []int) (*Source, error) {
	if len(indices) == 0 {
		return nil, fmt.Errorf("data: %s: a subset of no images", s.name)
	}
	sub := *s
	order := slices.Clone(indices)
	if s.labels != nil {
		sub.labels = make([]uint8, len(order))
	}
	for k, i := range order {
		if i < 0 || i >= s.n {
			return nil, fmt.Errorf("data: %s: image %d in a subset of %d", s.name, i, s.n)
		}
		if s.labels != nil {
			sub.labels[k] = s.labels[i]
		}
	}
	sub.n = len(order)
	sub.image = func(k int) []byte { return s.image(order[k]) }
	// The parent's hash and the indices name the pixels; reading them again would be slow.
	sub.hash = sync.OnceValue(func() string {
		h := vector.SHA256()
		fmt.Fprintf(h, "subset of %s %q: %v\n", s.Hash(), sub.hashedName(), order)
		return hex.EncodeToString(h.Sum(nil))
	})
	return &sub, nil
}

// First is the first n images, at least one.
func (s *Source) First(n int) (*Source, error) {
	indices := make([]int, max(n, 0))
	for i := range indices {
		indices[i] = i
	}
	return s.Subset(indices)
}

// LeaveOut separates a class from the others: the leave-one-out setting, in which the class left out is abnormal.
// It fails when the set has no labels, or nothing is left on one side.
func (s *Source) LeaveOut(class int) (normal, abnormal *Source, err error) {
	if s.labels == nil {
		return nil, nil, fmt.Errorf("data: %s: leaving class %d out: the set has no labels", s.name, class)
	}
	var in, out []int
	for i, label := range s.labels {
		if int(label) == class {
			out = append(out, i)
		} else {
			in = append(in, i)
		}
	}
	if len(in) == 0 || len(out) == 0 {
		return nil, nil, fmt.Errorf("data: %s: leaving class %d out: %d images are of it, %d are not", s.name, class, len(out), len(in))
	}
	if normal, err = s.pick(in); err != nil {
		return nil, nil, err
	}
	if abnormal, err = s.pick(out); err != nil {
		return nil, nil, err
	}
	normal.name = fmt.Sprintf("%s without class %d", s.name, class)
	abnormal.name = fmt.Sprintf("%s class %d", s.name, class)
	return normal, abnormal, nil
}

// Divide draws two parts: a fraction of the images, rounded to the nearest number, and the others, both in the order of
// the set. With labels every class is divided apart, so that it keeps its share; which of its images go where follows
// from the seed and the class alone, so that dividing one class gives the images that it has in the divided set. It
// fails when a part would be empty.
func (s *Source) Divide(fraction float64, master int64) (first, second *Source, err error) {
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("data: dividing %s: fraction %g is not between 0 and 1", s.name, fraction)
	}
	inFirst := make([]bool, s.n)
	for _, d := range s.lots(master) {
		count := int(fraction*float64(len(d.images)) + 0.5)
		for _, k := range d.rng.Perm(len(d.images))[:count] {
			inFirst[d.images[k]] = true
		}
	}
	var parts [2][]int
	for i, in := range inFirst {
		part := 1
		if in {
			part = 0
		}
		parts[part] = append(parts[part], i)
	}
	if len(parts[0]) == 0 || len(parts[1]) == 0 {
		return nil, nil, fmt.Errorf("data: dividing %s at %g: %d images in the first part, %d in the second: use another fraction or more images", s.name, fraction, len(parts[0]), len(parts[1]))
	}
	percent := [2]float64{100 * fraction, 100 - 100*fraction}
	var made [2]*Source
	for i, ordinal := range [2]string{"first", "second"} {
		if made[i], err = s.pick(parts[i]); err != nil {
			return nil, nil, err
		}
		made[i].name = fmt.Sprintf("%s %s %.4g %%", s.name, ordinal, percent[i])
		made[i].note = joinNotes(s.note, fmt.Sprintf("%s part of a split %.4g/%.4g drawn by seed %d", ordinal, percent[0], percent[1], master))
	}
	return made[0], made[1], nil
}

// lot is what a division draws from: images, and the stream for them.
type lot struct {
	images []int
	rng    *rand.Rand
}

// lots has one lot for each class, or one for a set without labels.
func (s *Source) lots(master int64) (list []lot) {
	if s.labels == nil {
		all := lot{make([]int, s.n), seed.Rand(master, "divide")}
		for i := range all.images {
			all.images[i] = i
		}
		return []lot{all}
	}
	var of [256][]int
	for i, label := range s.labels {
		of[label] = append(of[label], i)
	}
	for class, images := range of {
		if len(images) > 0 {
			list = append(list, lot{images, seed.Rand(master, "divide", int64(class))})
		}
	}
	return list
}

// Contaminate replaces a fraction of the images (rounded to the nearest number) by images of with: a training set
// that is not as clean as it should be. Which ones and in which places follows from the seed. Labels are kept when
// both sets have them. It fails when shapes differ, fraction is not in [0, 1], or with is too small.
func (s *Source) Contaminate(with *Source, fraction float64, master int64) (*Source, error) {
	if with.height != s.height || with.width != s.width || with.channels != s.channels {
		return nil, fmt.Errorf("data: contaminating %s (%d×%d×%d) with %s (%d×%d×%d): shapes differ",
			s.name, s.height, s.width, s.channels, with.name, with.height, with.width, with.channels)
	}
	if !(fraction >= 0 && fraction <= 1) {
		return nil, fmt.Errorf("data: contaminating %s: fraction %g is not in [0, 1]", s.name, fraction)
	}
	count := int(fraction*float64(s.n) + 0.5)
	if count > with.n {
		return nil, fmt.Errorf("data: contaminating %s: %d images wanted, %s has %d: use a smaller fraction", s.name, count, with.name, with.n)
	}
	rng := seed.Rand(master, "contaminate")
	places, guests := rng.Perm(s.n)[:count], rng.Perm(with.n)[:count]
	guest := make(map[int]int, count)
	for k, place := range places {
		guest[place] = guests[k]
	}
	mixed := *s
	mixed.name = fmt.Sprintf("%s with %.4g %% %s", s.name, 100*fraction, with.name)
	mixed.note, mixed.official = joinNotes(s.note, with.note), s.official && with.official
	mixed.image = func(i int) []byte {
		if j, ok := guest[i]; ok {
			return with.image(j)
		}
		return s.image(i)
	}
	if mixed.labels = nil; s.labels != nil && with.labels != nil {
		mixed.labels = slices.Clone(s.labels)
		for place, j := range guest {
			mixed.labels[place] = with.labels[j]
		}
	}
	mixed.hash = sync.OnceValue(func() string {
		h := vector.SHA256()
		fmt.Fprintf(h, "%s with %s: %v at %v\n", s.Hash(), with.Hash(), guests, places)
		return hex.EncodeToString(h.Sum(nil))
	})
	return &mixed, nil
}
