package data

import (
	"fmt"
	"slices"
)

// Of is the images whose class a rule wants, under a name that says so ("mnist class 1").
// It fails when the set has no labels or no image is wanted.
func (s *Source) Of(name string, wanted func(class int) bool) (*Source, error) {
	if s.labels == nil {
		return nil, fmt.Errorf("data: %s has no labels, so that %s cannot be told from the rest: give the label file beside the images, or take all", s.name, name)
	}
	var found []int
	for i, label := range s.labels {
		if wanted(int(label)) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("data: %s has no image of %s; its classes are %v", s.name, name, s.classes())
	}
	sub, err := s.pick(found)
	if err != nil {
		return nil, err
	}
	sub.name = s.name + " " + name
	return sub, nil
}

// Unlabelled is the same images with their classes forgotten: what a training may know that must not see them.
func (s *Source) Unlabelled() *Source {
	bare := *s
	bare.labels = nil
	return &bare
}

// classes lists the labels that occur.
func (s *Source) classes() []int {
	seen := map[int]bool{}
	var list []int
	for _, l := range s.labels {
		if !seen[int(l)] {
			seen[int(l)] = true
			list = append(list, int(l))
		}
	}
	slices.Sort(list)
	return list
}
