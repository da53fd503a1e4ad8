package data

import "hash/maphash"

// Common counts the images that another set has, too, pixel for pixel; 0 for sets of another shape. It reads every
// image of both.
func (s *Source) Common(other *Source) int {
	if s.height != other.height || s.width != other.width || s.channels != other.channels {
		return 0
	}
	seed := maphash.MakeSeed()
	there := make(map[uint64]struct{}, other.n)
	for i := range other.n {
		there[maphash.Bytes(seed, other.image(i))] = struct{}{}
	}
	count := 0
	for i := range s.n {
		if _, ok := there[maphash.Bytes(seed, s.image(i))]; ok {
			count++
		}
	}
	return count
}
