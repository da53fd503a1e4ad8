package data

import (
	"errors"
	"image"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unitPicture is a grey picture whose values are 0 and 1.
func unitPicture(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i % 2)
	}
	return m
}

// Images that go up to 1 are refused until it is said what that means; what is said is done, and kept apart in the cache.
func TestValuesUpToOne(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "idx", "train-images-idx3-ubyte"), idxBytes([]byte{0, 1, 1, 0, 1, 1, 1, 0}, 2, 2, 2))
	folder := filepath.Dir(write(t, filepath.Join(dir, "pictures", "a.png"), pngBytes(t, unitPicture(4, 4))))
	for _, path := range []string{file, folder} {
		refuses(t, "", path, Options{}, path, "above 1", "values=0-1", "values=0-255")
		unit := opened(t, "", path, Options{Values: ValuesUnit}).At(0)
		bytes := opened(t, "", path, Options{Values: ValuesByte}).At(0)
		if slices.Max(bytes) != 1 {
			t.Errorf("%s: bytes became %v", path, bytes)
		}
		for i, v := range bytes {
			if unit[i] != 255*v {
				t.Errorf("%s: %v became %v", path, bytes, unit)
				break
			}
		}
		refuses(t, "", path, Options{}, "above 1") // the cache has both of the others
	}
	// Resizing comes after: between black and white there is grey.
	if s := opened(t, "", folder, Options{Values: ValuesUnit, Size: 2, Channels: 1}); s.At(0)[0] < 100 || s.At(0)[0] > 160 {
		t.Errorf("4×4 to 2×2: %v", s.At(0))
	}
	files := []string{filepath.Join(folder, "a.png")}
	if _, err := OpenPictures(t.Context(), files, Options{}); err == nil || !strings.Contains(err.Error(), "values=0-1") {
		t.Errorf("a picture by itself: %v", err)
	}
	// Black is black: nothing tells that it was scaled.
	black := write(t, filepath.Join(dir, "black", "a.png"), pngBytes(t, image.NewGray(image.Rect(0, 0, 4, 4))))
	if _, err := OpenPictures(t.Context(), []string{black}, Options{}); err != nil {
		t.Error(err)
	}
}

func TestValuesThatAreNotUpToOne(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "idx", "train-images-idx3-ubyte"), idxBytes([]byte{0, 1, 7, 0}, 1, 2, 2))
	refuses(t, "", file, Options{Values: ValuesUnit}, file, "a value of 7", "0-1")
	folder := filepath.Dir(write(t, filepath.Join(dir, "pictures", "a.png"), pngBytes(t, pattern(4, 4, 0))))
	for i := range 200 { // one is too many, however many there are
		write(t, filepath.Join(folder, "b", string(rune('A'+i%26))+string(rune('a'+i/26))+".png"), pngBytes(t, unitPicture(4, 4)))
	}
	refuses(t, "", folder, Options{Values: ValuesUnit}, "a.png", "said to be 0-1")
}

func TestExactRefusesWhatWouldBeConverted(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	grey := write(t, filepath.Join(dir, "grey", "a.png"), pngBytes(t, image.NewGray(image.Rect(0, 0, 8, 8))))
	colour := write(t, filepath.Join(dir, "colour", "a.png"), pngBytes(t, pattern(8, 8, 0)))
	wide := write(t, filepath.Join(dir, "wide", "a.png"), pngBytes(t, image.NewGray(image.Rect(0, 0, 9, 8))))
	want := Options{Size: 8, Channels: 1, Exact: true}
	if s := opened(t, "", filepath.Dir(grey), want); s.Len() != 1 || s.Channels() != 1 {
		t.Errorf("%d pictures", s.Len())
	}
	for file, word := range map[string]string{colour: "8×8 pixels in colour, wanted are pictures of 8×8 in grey", wide: "9×8 pixels in grey"} {
		opened(t, "", filepath.Dir(file), Options{Size: 8, Channels: 1}) // what was converted is in the cache now
		refuses(t, "", filepath.Dir(file), want, "a.png", word, "--fit")
		if _, err := OpenPictures(t.Context(), []string{file}, want); err == nil || !strings.Contains(err.Error(), file+": "+word) {
			t.Errorf("%s by itself: %v", file, err)
		}
	}
	idx := write(t, filepath.Join(dir, "idx", "t10k-images-idx3-ubyte"), idxBytes(make([]byte, 6), 1, 2, 3))
	refuses(t, "", idx, want, idx, "3×2 pixels in grey, wanted are pictures of 8×8 in grey")
}

func TestPicturesHaveNoSplits(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.png"), pngBytes(t, pattern(4, 4, 0)))
	refuses(t, "", dir, Options{Split: "test"}, dir, "no such split", "leave it out")
	if _, err := Open(t.Context(), "", dir, Options{Split: "test"}); !errors.Is(err, ErrNoSplit) {
		t.Errorf("%v is not ErrNoSplit", err)
	}
}
