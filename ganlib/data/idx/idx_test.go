package idx_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/idx"
)

// What is written is read.
func TestWrite(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	dir, pixels, labels := t.TempDir(), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []uint8{7, 44}
	if err := idx.Write(dir, "t10k", pixels, 2, 3, labels); err != nil {
		t.Fatal(err)
	}
	s, err := data.Open(t.Context(), "", dir, data.Options{Split: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 2 || s.Height() != 2 || s.Width() != 3 || s.Channels() != 1 || !slices.Equal(s.Labels(), labels) || !slices.Equal(slices.Concat(s.At(0), s.At(1)), pixels) {
		t.Errorf("%d images of %d×%d, labels %v: %v %v", s.Len(), s.Height(), s.Width(), s.Labels(), s.At(0), s.At(1))
	}
	if err := idx.Write(dir, "train", pixels, 2, 2, labels); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "train-images-idx3-ubyte")+": 12 pixels for 2 images of 2×2") {
		t.Errorf("pixels that are no images: %v", err)
	}
}

// A size takes four bytes, the most significant one first.
func TestHead(t *testing.T) {
	if got := idx.Head(60_000, 28); !slices.Equal(got, []byte{0, 0, 8, 2, 0, 0, 0xea, 0x60, 0, 0, 0, 28}) {
		t.Errorf("% x", got)
	}
}
