package data

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Whatever the bytes are: no panic, no more memory than there is data, and what is accepted is consistent.

func FuzzIDX(f *testing.F) {
	f.Add(idxBytes([]byte("abcdefgh"), 2, 2, 2))
	f.Add(idxBytes([]byte{1, 2, 3}, 3))
	f.Add(gzipped(idxBytes([]byte{1}, 1, 1, 1)))
	f.Add(idxBytes(nil, 1<<31, 1<<31))
	f.Add([]byte{0, 0, 8})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := unzipped(bytes.NewReader(raw))
		if err != nil {
			return
		}
		dims, values, err := readIDX(r)
		if err != nil {
			return
		}
		total := 1
		for _, d := range dims {
			total *= d
		}
		if total != len(values) || total == 0 {
			t.Errorf("sizes %v with %d values", dims, len(values))
		}
	})
}

func FuzzCIFAR(f *testing.F) {
	f.Add(cifarBytes(1))
	f.Add(cifarBytes(2)[:cifarRecord+1])
	f.Add(gzipped(tarBytes(f, member{"cifar-10-batches-bin/data_batch_1.bin", cifarBytes(1)})))
	f.Add(tarBytes(f, member{"../data_batch_2.bin", []byte("x")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if pixels, labels, err := readCIFAR(raw); err == nil && len(pixels) != 3*cifarPlane*len(labels) {
			t.Errorf("%d bytes for %d labels", len(pixels), len(labels))
		}
		members, err := readTar(bytes.NewReader(raw), cifarWanted("all"))
		if err == nil && len(members) > 6 {
			t.Errorf("%d members", len(members))
		}
	})
}

func FuzzMAT(f *testing.F) {
	x, y := digitsOf(2)
	f.Add(matBytes(x, y))
	x.packed = false
	f.Add(matBytes(y, x))
	f.Add(matBytes(x)[:200])
	for _, name := range []string{"svhn_packed.mat", "svhn_plain.mat"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		w, err := newPreparedWriter("", description{Name: "fuzz", Labelled: true})
		if err != nil {
			t.Fatal(err)
		}
		if addSVHN(t.Context(), w, bytes.NewReader(raw), Options{Size: 4}) != nil {
			return
		}
		s, err := w.finish()
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() == 0 || len(s.Labels()) != s.Len() || slices.Max(s.Labels()) > 9 {
			t.Errorf("%d images, labels %v", s.Len(), s.Labels())
		}
	})
}

func FuzzPicture(f *testing.F) {
	f.Add(pngBytes(f, pattern(4, 3, 0)))
	f.Add(jpegBytes(f, pattern(4, 3, 0)))
	f.Add(cmykJPEG())
	f.Add([]byte("GIF89a"))
	f.Add([]byte("BM"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if config, err := headerOf(raw); err == nil && config > 1<<20 {
			return // large ones are decoded rightly, and slowly
		}
		p, err := readPicture(entry{"fuzz", func() ([]byte, error) { return raw, nil }}, Options{Size: 8})
		if err == nil && (p.h != 8 || p.w != 8 || p.c != 3 || len(p.pix) != 8*8*3) {
			t.Errorf("picture of %d×%d×%d with %d bytes", p.w, p.h, p.c, len(p.pix))
		}
	})
}

func FuzzZip(f *testing.F) {
	picture := pngBytes(f, pattern(4, 4, 0))
	f.Add(zipBytes(f, member{"a.png", picture}))
	f.Add(zipBytes(f, member{"x/a.png", picture}, member{"y/b.png", picture}))
	f.Add(zipBytes(f, member{"../a.png", picture}))
	f.Add(zipBytes(f))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		entries, err := zipEntries("a.zip", r, int64(len(raw)))
		if err != nil {
			return
		}
		for i, e := range entries { // large pictures are decoded rightly, and slowly
			body, err := e.read()
			if pixels, _ := headerOf(body); err == nil && pixels > 1<<20 {
				entries[i].read = func() ([]byte, error) { return nil, errors.New("large") }
			}
		}
		w, err := newPreparedWriter("", description{Name: "fuzz"})
		if err != nil {
			t.Fatal(err)
		}
		if writePictures(t.Context(), w, "a.zip", entries, Options{Size: 4}) != nil {
			return
		}
		s, err := w.finish()
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() == 0 || len(s.At(s.Len()-1)) != 4*4*s.Channels() || s.Labels() != nil && len(s.Labels()) != s.Len() {
			t.Errorf("%d images of %d×%d×%d", s.Len(), s.Height(), s.Width(), s.Channels())
		}
	})
}
