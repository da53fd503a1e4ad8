package data

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Pictures opened one by one are, pixel by pixel, what their folder gives.
func TestOpenPictures(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	a := write(t, filepath.Join(dir, "a.png"), pngBytes(t, pattern(40, 30, 0)))
	b := write(t, filepath.Join(dir, "sub", "b.png"), pngBytes(t, pattern(30, 50, 90)))
	write(t, filepath.Join(dir, "notes.txt"), []byte("x"))
	files, err := PictureFiles(dir)
	if err != nil || !slices.Equal(files, []string{a, b}) {
		t.Fatalf("%v, %v", files, err)
	}
	for _, o := range []Options{{Size: 16, Channels: 1}, {Size: 24, Channels: 3}} {
		folder := opened(t, "folder", dir, o)
		s, err := OpenPictures(t.Context(), files, o)
		if err != nil || s.Len() != 2 || s.Labels() != nil {
			t.Fatalf("%v, %v", s, err)
		}
		for i := range 2 {
			if !slices.Equal(s.At(i), folder.At(i)) {
				t.Errorf("picture %d is not the folder's", i)
			}
		}
	}
	if one, err := PictureFiles(b); err != nil || !slices.Equal(one, []string{b}) {
		t.Errorf("a single file: %v, %v", one, err)
	}
	if none, err := PictureFiles(filepath.Join(dir, "notes.txt")); err != nil || none != nil {
		t.Errorf("no picture: %v, %v", none, err)
	}
	broken := write(t, filepath.Join(dir, "c.png"), []byte("<html>"))
	for word, try := range map[string]func() error{
		"c.png":        func() error { _, err := OpenPictures(t.Context(), []string{a, broken}, Options{Size: 8}); return err },
		"state a size": func() error { _, err := OpenPictures(t.Context(), files, Options{}); return err },
		"no picture":   func() error { _, err := OpenPictures(t.Context(), nil, Options{}); return err },
		"check the path": func() error {
			_, err := PictureFiles(filepath.Join(dir, "absent.png"))
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
}
