package data

import (
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"github.com/ganbook/ganbook/ganlib/vector"
)

// Source is a fixed, indexable set of uint8 images of one shape, in memory, in a memory-mapped prepared file, or
// drawn at first use. It is safe for concurrent use.
type Source struct {
	name, note, found       string
	official                bool
	unnamed                 bool // its name is where its files happen to lie, and no part of the hash
	n                       int
	height, width, channels int
	labels                  []uint8
	image                   func(i int) []byte
	hash                    func() string // computed at most once
}

// New returns a source over pixels [N, H, W, C]; labels are one per image, or nil. Both are kept, not copied.
func New(name string, pixels []byte, height, width, channels int, labels []uint8) (*Source, error) {
	size := height * width * channels
	if height <= 0 || width <= 0 || (channels != 1 && channels != 3) {
		return nil, fmt.Errorf("data: %s: images of %d×%d×%d: want a positive size and 1 or 3 channels", name, height, width, channels)
	}
	if len(pixels) == 0 || len(pixels)%size != 0 {
		return nil, fmt.Errorf("data: %s: %d bytes are no whole number of images of %d bytes", name, len(pixels), size)
	}
	n := len(pixels) / size
	if labels != nil && len(labels) != n {
		return nil, fmt.Errorf("data: %s: %d labels for %d images", name, len(labels), n)
	}
	return stored(name, pixels, n, height, width, channels, labels), nil
}

// stored is New for shapes that are known to be right.
func stored(name string, pixels []byte, n, height, width, channels int, labels []uint8) *Source {
	size := height * width * channels
	s := &Source{name: name, n: n, height: height, width: width, channels: channels, labels: labels}
	s.image = func(i int) []byte { return pixels[i*size : (i+1)*size : (i+1)*size] }
	s.hash = sync.OnceValue(s.contentHash)
	return s
}

// Name is the name of the set, as it goes into a run's record.
func (s *Source) Name() string { return s.name }

// Len is the number of images.
func (s *Source) Len() int { return s.n }

// Height of every image, in pixels.
func (s *Source) Height() int { return s.height }

// Width of every image, in pixels.
func (s *Source) Width() int { return s.width }

// Channels is 1 for grey and 3 for RGB.
func (s *Source) Channels() int { return s.channels }

// Labels holds one class per image, or is nil when the set has none. It must not be changed.
func (s *Source) Labels() []uint8 { return s.labels }

// Official reports whether every file had its published checksum. A part of an official set (Subset, Of, LeaveOut,
// Divide) is official, too: its name or note says which part it is.
func (s *Source) Official() bool { return s.official }

// Note says what a figure made with this set must say ("20,000-image CelebA subset"), "" when there is nothing to say.
func (s *Source) Note() string { return s.note }

// Found says in words which files the set was read from, "" when there were none.
func (s *Source) Found() string { return s.found }

// At returns image i as [H, W, C]. It must not be changed. It panics when i is out of range.
func (s *Source) At(i int) []byte {
	if i < 0 || i >= s.n {
		panic(fmt.Sprintf("data: %s: image %d of %d", s.name, i, s.n))
	}
	return s.image(i)
}

// Hash is the SHA-256 of pixels, labels, name and shape, in hexadecimal. The name of files that are not an official set
// is left out: it is that of their folder, and they remain the same in another one. A generated set (Faces) is hashed by
// what it is drawn from, a subset or mixture by the hashes of its parents and the indices, so that naming a set is cheap.
func (s *Source) Hash() string { return s.hash() }

// normalised is (v/255 - 0.5)/0.5 for every byte, rounded at every step as torchvision's ToTensor and Normalize do.
var normalised = func() (t [256]float32) {
	for v := range t {
		t[v] = (float32(v)/255 - 0.5) / 0.5
	}
	return t
}()

// Fill writes the images of indices into dst [len(indices), H, W, C], normalised to [-1, 1].
// It panics when dst is too short or an index is out of range.
func (s *Source) Fill(dst []float32, indices []int) {
	size := s.height * s.width * s.channels
	for k, i := range indices {
		out := dst[k*size : (k+1)*size]
		for j, v := range s.At(i)[:size] {
			out[j] = normalised[v]
		}
	}
}

// fillReduced is Fill after a mean over boxes of factor × factor pixels.
func (s *Source) fillReduced(dst []float32, indices []int, factor int) {
	h, w, c := s.height/factor, s.width/factor, s.channels
	area := float32(factor * factor)
	for k, i := range indices {
		image, out := s.At(i), dst[k*h*w*c:(k+1)*h*w*c]
		for y := range h {
			for x := range w {
				for ch := range c {
					sum := 0
					for dy := range factor {
						row := ((y*factor+dy)*s.width+x*factor)*c + ch
						for dx := range factor {
							sum += int(image[row+dx*c])
						}
					}
					out[(y*w+x)*c+ch] = (float32(sum)/area/255 - 0.5) / 0.5
				}
			}
		}
	}
}

func (s *Source) contentHash() string {
	h := vector.SHA256()
	for i := range s.n {
		h.Write(s.image(i))
	}
	h.Write(s.labels)
	return finishHash(h, s.hashedName(), s.n, s.height, s.width, s.channels)
}

// hashedName is the name as far as it belongs to the hash.
func (s *Source) hashedName() string {
	if s.unnamed {
		return ""
	}
	return s.name
}

// finishHash closes a hash over pixels and labels with name and shape, which are known last while a set is prepared.
func finishHash(h hash.Hash, name string, n, height, width, channels int) string {
	fmt.Fprintf(h, "%q %d %d %d %d\n", name, n, height, width, channels)
	return hex.EncodeToString(h.Sum(nil))
}
