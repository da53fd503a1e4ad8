package data

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// counted is a source of n images h×h×1 whose pixels are all the image's number.
func counted(t *testing.T, n, h int) *Source {
	t.Helper()
	pixels, labels := make([]byte, n*h*h), make([]uint8, n)
	for i := range n {
		for j := range h * h {
			pixels[i*h*h+j] = byte(i)
		}
		labels[i] = uint8(i % 3)
	}
	s, err := New("counted", pixels, h, h, 1, labels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// numbers reads the image numbers back from a batch of a counted source.
func numbers(b Batch) (list []int) {
	size := len(b.Pixels) / b.N
	for k := range b.N {
		list = append(list, slices.Index(normalised[:], b.Pixels[k*size]))
	}
	return list
}

func next(t *testing.T, s *Stream, batch, resolution int) Batch {
	t.Helper()
	b, err := s.Next(t.Context(), batch, resolution)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStreamFollowsThePermutationOfEachEpoch(t *testing.T) {
	source := counted(t, 10, 2)
	stream := source.Stream(42, Position{})
	defer stream.Close()
	for epoch := range int64(3) {
		var seen []int
		for k, n := range []int{4, 4, 2} {
			b := next(t, stream, 4, 0)
			if b.N != n || b.Epoch != epoch || b.Index != k || b.PerEpoch != 3 || b.Height != 2 || b.Width != 2 || b.Channels != 1 {
				t.Fatalf("batch %d of epoch %d: %+v", k, epoch, b)
			}
			seen = append(seen, numbers(b)...)
			stream.Recycle(b)
		}
		if want := seed.Rand(42, "data", epoch).Perm(10); !slices.Equal(seen, want) {
			t.Errorf("epoch %d showed %v, want %v", epoch, seen, want)
		}
	}
}

func TestStreamResumesAtEveryPosition(t *testing.T) {
	source := counted(t, 7, 2)
	batches := []int{3, 2, 7, 1, 4, 4, 4, 5, 7}
	whole := source.Stream(1, Position{})
	defer whole.Close()
	positions, shown := []Position{{}}, [][]int{}
	for _, n := range batches {
		b := next(t, whole, n, 0)
		positions, shown = append(positions, b.Position), append(shown, numbers(b))
	}
	for k, at := range positions[:len(batches)] {
		saved, _ := json.Marshal(at)
		var restored Position
		if err := json.Unmarshal(saved, &restored); err != nil {
			t.Fatal(err)
		}
		again := source.Stream(1, restored)
		for j, n := range batches[k:] {
			if got := numbers(next(t, again, n, 0)); !slices.Equal(got, shown[k+j]) {
				t.Errorf("resumed at %s, batch %d: %v, want %v", saved, k+j, got, shown[k+j])
			}
		}
		again.Close()
	}
}

func TestStreamCountsBatchesWhenTheSizeChanges(t *testing.T) {
	stream := counted(t, 10, 2).Stream(1, Position{})
	defer stream.Close()
	next(t, stream, 4, 0)
	if b := next(t, stream, 2, 0); b.Index != 2 || b.PerEpoch != 5 {
		t.Errorf("after 4 of 10 images, batches of 2: index %d of %d, want 2 of 5", b.Index, b.PerEpoch)
	}
}

func TestStreamReducesByBoxMeans(t *testing.T) {
	source, err := New("one", []byte{0, 10, 100, 200, 20, 30, 100, 200, 1, 1, 3, 3, 1, 1, 3, 3}, 4, 4, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	stream := source.Stream(1, Position{})
	defer stream.Close()
	b := next(t, stream, 1, 2)
	for i, mean := range []float32{15, 150, 1, 3} {
		if want := (mean/255 - 0.5) / 0.5; b.Pixels[i] != want {
			t.Errorf("pixel %d is %g, want %g", i, b.Pixels[i], want)
		}
	}
	if b.Height != 2 || b.Width != 2 {
		t.Errorf("reduced batch is %d×%d", b.Height, b.Width)
	}
}

func TestStreamRejectsImpossibleRequests(t *testing.T) {
	source := counted(t, 10, 8)
	for _, c := range []struct {
		at                Position
		batch, resolution int
		want              string
	}{
		{Position{}, 0, 0, "batch of 0 images: use 1 to 10"},
		{Position{}, -3, 0, "batch of -3"},
		{Position{}, 11, 0, "the set has only 10"},
		{Position{}, 4, 16, "resolution 16"},
		{Position{}, 4, 3, "divides the size"},
		{Position{}, 4, -1, "resolution -1"},
		{Position{Offset: 11}, 4, 0, "saved with other data"},
		{Position{Epoch: -1}, 4, 0, "outside"},
	} {
		_, err := source.Stream(1, c.at).Next(t.Context(), c.batch, c.resolution)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "counted") {
			t.Errorf("position %v, batch %d, resolution %d: error %v, want %q", c.at, c.batch, c.resolution, err, c.want)
		}
	}
}

func TestStreamStopsWaitingWithItsContext(t *testing.T) {
	source := counted(t, 4, 2)
	blocked := make(chan struct{})
	image := source.image
	source.image = func(i int) []byte { <-blocked; return image(i) }
	stream := source.Stream(1, Position{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := stream.Next(ctx, 2, 0); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("error %v, want the context's", err)
	}
	if stream.Waited() < 5*time.Millisecond {
		t.Errorf("waited %v, want about 10ms", stream.Waited())
	}
	close(blocked)
	if b := next(t, stream, 2, 0); b.Position.Offset != 2 { // the wait lost nothing
		t.Errorf("position after the first batch: %v", b.Position)
	}
	stream.Close()
}

func TestStreamPreparesAhead(t *testing.T) {
	source := counted(t, 40, 2)
	image := source.image
	source.image = func(i int) []byte { time.Sleep(time.Millisecond); return image(i) }
	stream := source.Stream(1, Position{})
	defer stream.Close()
	next(t, stream, 4, 0)
	first := stream.Waited()
	for range 5 {
		time.Sleep(20 * time.Millisecond) // a training step, longer than preparing 4 images
		stream.Recycle(next(t, stream, 4, 0))
	}
	if rest := stream.Waited() - first; rest > 10*time.Millisecond {
		t.Errorf("waited %v although batches could be prepared ahead", rest)
	}
}

func TestFillRoundsAsTorchvision(t *testing.T) {
	source := counted(t, 200, 1)
	got := make([]float32, 3)
	source.Fill(got, []int{0, 18, 199})
	// 18/255 = 0.07058824 in float32; ToTensor and Normalize give -0.858823538.
	if got[0] != -1 || got[1] != (float32(18)/255-0.5)/0.5 || got[1] > -0.8588 || got[1] < -0.8589 {
		t.Errorf("filled %v", got)
	}
}

func TestHashCoversNameShapePixelsAndLabels(t *testing.T) {
	pixels := []byte{1, 2, 3, 4}
	make := func(name string, pixels []byte, h, w int, labels []uint8) string {
		s, err := New(name, pixels, h, w, 1, labels)
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash()
	}
	base := make("a", pixels, 2, 2, nil)
	if base != make("a", bytes.Clone(pixels), 2, 2, nil) || len(base) != 64 {
		t.Error("equal sources have different hashes")
	}
	for what, other := range map[string]string{
		"name": make("b", pixels, 2, 2, nil), "shape": make("a", pixels, 1, 4, nil),
		"pixels": make("a", []byte{1, 2, 3, 5}, 2, 2, nil), "labels": make("a", pixels, 2, 2, []uint8{7}),
	} {
		if other == base {
			t.Errorf("hash does not depend on the %s", what)
		}
	}
}

func TestNewRejectsWrongShapes(t *testing.T) {
	for _, err := range []error{
		second(New("x", nil, 2, 2, 1, nil)), second(New("x", make([]byte, 5), 2, 2, 1, nil)),
		second(New("x", make([]byte, 8), 2, 2, 2, nil)), second(New("x", make([]byte, 4), 2, 2, 1, []uint8{1, 2})),
		second(New("x", make([]byte, 4), 0, 2, 1, nil)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "data: x: ") {
			t.Errorf("error %v", err)
		}
	}
}

func second(_ *Source, err error) error { return err }

func TestFacesAreDrawnOnDemand(t *testing.T) {
	s := Faces(1_000_000, 32, 3)
	if s.Len() != 1_000_000 || s.Height() != 32 || s.Channels() != 3 || len(s.At(999_999)) != 32*32*3 {
		t.Errorf("%d faces of %d", s.Len(), s.Height())
	}
	if a, b := Faces(5, 32, 3), Faces(5, 32, 4); a.Hash() == b.Hash() || bytes.Equal(a.At(0), b.At(0)) {
		t.Error("seeds 3 and 4 give the same faces")
	}
	if &s.At(1)[0] != &s.At(1)[0] {
		t.Error("a face was drawn twice")
	}
}
