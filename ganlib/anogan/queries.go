package anogan

import (
	"fmt"
	"math"
	"slices"
)

// Queries are the images to be searched; a *data.Source is one. There are no labels in it: nothing that scores may know
// what is anomalous.
type Queries interface {
	Len() int
	Height() int
	Width() int
	Channels() int
	// Fill writes the images of indices into dst [len(indices), H, W, C], with values in [−1, 1]. Several goroutines call it.
	Fill(dst []float32, indices []int)
}

// Range is what the numbers of pictures run over. It is stated, never guessed.
type Range int

const (
	Signed Range = iota // [−1, 1], as the networks have it
	Unit                // [0, 1]
	Bytes               // [0, 255]
)

var rangeNames = []string{"[-1, 1]", "[0, 1]", "[0, 255]"}

func (r Range) String() string { return rangeNames[r] }

// Pixels are queries in memory.
type Pixels struct {
	values                     []float32
	n, height, width, channels int
}

// NewPixels takes pixels [n, height, width, channels] in a stated range and converts them to [−1, 1]. Numbers outside of
// the range are an error, and so are pictures that are all within [0, 1] and said to be in [−1, 1] or [0, 255]: searching
// those would find anomalies everywhere, since the background of a black picture is −1 and not 0.
func NewPixels(values []float32, height, width, channels int, r Range) (*Pixels, error) {
	size := height * width * channels
	if size < 1 || len(values) == 0 || len(values)%size != 0 {
		return nil, fmt.Errorf("anogan: %d numbers are no whole pictures of %d×%d×%d", len(values), height, width, channels)
	}
	low, high := [...]float32{-1, 0, 0}[r], [...]float32{1, 1, 255}[r]
	for i, v := range values {
		if !(v >= low && v <= high) {
			return nil, fmt.Errorf("anogan: picture %d holds %v, which is not in %s; state the range of the numbers", i/size, v, r)
		}
	}
	if r != Unit && slices.Min(values) >= 0 && slices.Max(values) <= 1 {
		return nil, fmt.Errorf("anogan: all pictures lie in [0, 1] and are said to be in %s; state [0, 1] to have them converted", r)
	}
	converted := make([]float32, len(values))
	for i, v := range values {
		converted[i] = 2*(v-low)/(high-low) - 1
	}
	return &Pixels{converted, len(values) / size, height, width, channels}, nil
}

func (p *Pixels) Len() int      { return p.n }
func (p *Pixels) Height() int   { return p.height }
func (p *Pixels) Width() int    { return p.width }
func (p *Pixels) Channels() int { return p.channels }

// Fill implements [Queries].
func (p *Pixels) Fill(dst []float32, indices []int) {
	size := p.height * p.width * p.channels
	for k, i := range indices {
		copy(dst[k*size:(k+1)*size], p.values[i*size:(i+1)*size])
	}
}

// checkQuery refuses a picture that no normalisation to [−1, 1] can have made.
func checkQuery(query int, pixels []float32) error {
	for _, v := range pixels {
		if !(math.Abs(float64(v)) <= 1+1e-3) {
			return fmt.Errorf("anogan: query %d holds %v; pictures are searched in [-1, 1], as the generator draws them", query, v)
		}
	}
	return nil
}
