package data

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SVHN's cropped digits (format 2): a MAT-file holds X, 32×32×3×N bytes, and y, N labels, of which 10 means the digit 0.
const (
	svhnSide    = 32
	svhnPlane   = svhnSide * svhnSide
	svhnImage   = 3 * svhnPlane
	maxSVHN     = 1 << 24 // images of a file
	svhnDigits  = 10
	svhnMembers = "X and y"
)

// svhnFiles are the official names, by split.
var svhnFiles = map[string]string{"train": "train_32x32.mat", "test": "test_32x32.mat", "extra": "extra_32x32.mat"}

// svhnInFolder finds the files of the splits.
func svhnInFolder(dir string, names []string) map[string]string {
	found := map[string]string{}
	for split, name := range svhnFiles {
		if slices.Contains(names, name) {
			found[split] = filepath.Join(dir, name)
		}
	}
	return found
}

// svhnSplits chooses the files of a split. Without a wish it is the training images, or what there is.
func svhnSplits(dir string, found map[string]string, o Options) (*input, error) {
	want, note := []string{o.Split}, noteOfSplit(o.Split)
	switch o.Split {
	case "all":
		want = []string{"train", "test"}
	case "":
		for _, split := range []string{"train", "test", "extra"} {
			if found[split] != "" {
				want, note = []string{split}, noteOfFile(svhnFiles[split])
				break
			}
		}
	}
	var files []string
	for _, split := range want {
		if found[split] == "" {
			return nil, absentf("%s: %s is missing: add the file or ask for another split", dir, svhnFiles[split])
		}
		files = append(files, found[split])
	}
	return svhnInput(files, note, o)
}

// svhnInput reads MAT-files one after the other.
func svhnInput(files []string, note string, o Options) (*input, error) {
	in := &input{kind: "svhn", name: "svhn"}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		in.files = append(in.files, stampOf(file, info))
	}
	in.write = func(ctx context.Context, w *preparedWriter) error {
		w.Labelled, w.Note = true, note
		var from origin
		for _, file := range files {
			is, err := writeSVHN(ctx, w, file, o)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			from.add(file, is)
		}
		w.Official = from.official() != ""
		w.Note = joinNotes(w.Note, from.note())
		w.Found = fmt.Sprintf("%s SVHN images in %s", thousands(w.Images), strings.Join(files, ", "))
		return nil
	}
	return in, nil
}

// writeSVHN adds the images and labels of one file and says which published file it is.
func writeSVHN(ctx context.Context, w *preparedWriter, file string, o Options) (is published, err error) {
	f, err := os.Open(file)
	if err != nil {
		return is, err
	}
	defer f.Close()
	sum := md5.New()
	all := io.TeeReader(bufio.NewReaderSize(f, 1<<20), sum)
	if err := addSVHN(ctx, w, all, o); err != nil {
		return is, err
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return is, err
	}
	return fileWith(hex.EncodeToString(sum.Sum(nil))), nil
}

// svhnReading is what was found in a MAT-file so far.
type svhnReading struct {
	w      *preparedWriter
	o      Options
	names  []string
	images int
	labels []uint8
}

func addSVHN(ctx context.Context, w *preparedWriter, file io.Reader, o Options) error {
	s := svhnReading{w: w, o: o}
	err := readMAT(file, func(a matArray) error {
		s.names = append(s.names, a.name)
		switch a.name {
		case "X":
			return s.addImages(ctx, a)
		case "y":
			return s.addLabels(a)
		}
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNotSVHN):
		return err
	case err != nil:
		return fmt.Errorf("%w: get the file again", err)
	case s.images == 0 || s.labels == nil:
		return fmt.Errorf("has the variables %q, wanted are %s: %w", s.names, svhnMembers, errNotSVHN)
	case len(s.labels) != s.images:
		return fmt.Errorf("%d labels in y for %d images in X: they do not belong together: %w", len(s.labels), s.images, errNotSVHN)
	}
	w.labels = append(w.labels, s.labels...)
	return nil
}

// errNotSVHN says what to give instead of a file that was read well and holds something else.
var errNotSVHN = errors.New("give train_32x32.mat, test_32x32.mat or extra_32x32.mat of SVHN's format 2")

// addImages reads X, whose first index, the row, runs fastest and whose last is the image.
func (s *svhnReading) addImages(ctx context.Context, a matArray) error {
	if len(a.dims) == 3 { // MATLAB leaves a last size of 1 out
		a.dims = append(a.dims, 1)
	}
	if len(a.dims) != 4 || !slices.Equal(a.dims[:3], []int{svhnSide, svhnSide, 3}) || a.dims[3] < 1 || a.dims[3] > maxSVHN || a.kind != miUint8 {
		return fmt.Errorf("X is %s of type %d, wanted are bytes (type %d) of 32×32×3×N: %w", a.sizes(), a.kind, miUint8, errNotSVHN)
	}
	if s.images > 0 {
		return fmt.Errorf("a second X: %w", errNotSVHN)
	}
	raw, pixels := make([]byte, svhnImage), make([]byte, 0, min(a.dims[3], chunkImages)*svhnImage)
	for s.images = range a.dims[3] {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := io.ReadFull(a.values, raw); err != nil {
			return fmt.Errorf("ends within image %d of %d: %w", s.images, a.dims[3], notEOF(err))
		}
		for k := range svhnPlane {
			at := k%svhnSide*svhnSide + k/svhnSide // of row k/32, column k%32
			pixels = append(pixels, raw[at], raw[at+svhnPlane], raw[at+2*svhnPlane])
		}
		if len(pixels) == cap(pixels) || s.images == a.dims[3]-1 {
			if err := s.w.addAll(ctx, pixels, svhnSide, svhnSide, 3, nil, s.o); err != nil {
				return err
			}
			pixels = pixels[:0]
		}
		if s.o.Progress != nil && s.images%chunkImages == 0 {
			s.o.Progress(s.images, a.dims[3])
		}
	}
	s.images = a.dims[3]
	return nil
}

// addLabels reads y and makes 10 the digit 0.
func (s *svhnReading) addLabels(a matArray) error {
	if a.values == nil || s.labels != nil {
		return fmt.Errorf("y is no list of numbers: %w", errNotSVHN)
	}
	values, err := a.numbers(maxSVHN)
	if err != nil {
		return err
	}
	s.labels = make([]uint8, len(values))
	for i, v := range values {
		if v != float64(uint8(max(v, 0))) || v < 1 || v > svhnDigits {
			return fmt.Errorf("label %v of image %d: SVHN's go from 1 to 10, and 10 is the digit 0: %w", v, i, errNotSVHN)
		}
		s.labels[i] = uint8(v) % svhnDigits
	}
	return nil
}
