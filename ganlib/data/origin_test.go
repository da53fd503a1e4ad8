package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOriginSaysWhyASetIsNotOfficial(t *testing.T) {
	images, labels := published{"mnist", "train-images-idx3-ubyte.gz"}, published{"mnist", "train-labels-idx1-ubyte.gz"}
	test, clothes := published{"mnist", "t10k-images-idx3-ubyte.gz"}, published{"fashion-mnist", "train-labels-idx1-ubyte.gz"}
	for name, c := range map[string]struct {
		files    map[string]published
		official string
		note     string
	}{
		"official":     {map[string]published{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte.gz": labels}, "mnist", ""},
		"test renamed": {map[string]published{"x/test-images-idx3-ubyte": test}, "mnist", ""},
		"one changed":  {map[string]published{"train-images-idx3-ubyte": {}, "train-labels-idx1-ubyte": labels}, "", "train-images-idx3-ubyte has other contents"},
		"swapped":      {map[string]published{"train-images-idx3-ubyte": test}, "", "train-images-idx3-ubyte is the official t10k-images-idx3-ubyte.gz of mnist"},
		"two sets":     {map[string]published{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": clothes}, "", "mnist"},
	} {
		var o origin
		for file, is := range c.files {
			o.add(file, is)
		}
		if got := o.official(); got != c.official || !strings.Contains(o.note(), c.note) || (o.note() == "") != (c.official != "") {
			t.Errorf("%s: official %q, note %q", name, got, o.note())
		}
	}
}

// Official contents stay official when they are unpacked or packed again; a part of them is official and named; other
// contents are not.
func TestOfficialFilesAndOthers(t *testing.T) {
	shared := filepath.Join(sharedDir(t, "GANBOOK_DATA", "data"), "mnist")
	withCache(t)
	dir := t.TempDir()
	var plain [2][]byte
	for i, name := range []string{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		packed, err := os.ReadFile(filepath.Join(shared, name+".gz"))
		if err != nil {
			t.Skip(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		plain[i] = b.Bytes()
		write(t, filepath.Join(dir, name+".gz"), gzipped(plain[i]))
	}
	s := opened(t, "mnist", dir, Options{})
	if !s.Official() || s.Name() != "mnist" || s.Note() != "test split only" || s.Len() != 10_000 {
		t.Fatalf("packed again: official %v, %s, note %q, %d images", s.Official(), s.Name(), s.Note(), s.Len())
	}
	ones, err := s.Of("class 1", func(c int) bool { return c == 1 })
	if err != nil || !ones.Official() || ones.Name() != "mnist class 1" || ones.Len() != 1135 {
		t.Errorf("class 1: %v, official %v, %q", err, ones.Official(), ones.Name())
	}
	few, err := s.Subset(makeRange(0, 500))
	if err != nil || !few.Official() || !strings.Contains(few.Note(), "500 of its 10,000 images") {
		t.Errorf("500 images: %v, official %v, note %q", err, few.Official(), few.Note())
	}
	// The first 1,000 images in a file of the official format.
	own := filepath.Join(t.TempDir(), "mine")
	write(t, filepath.Join(own, "t10k-images-idx3-ubyte"), idxBytes(plain[0][16:16+1000*784], 1000, 28, 28))
	write(t, filepath.Join(own, "t10k-labels-idx1-ubyte"), idxBytes(plain[1][8:8+1000], 1000))
	mine := opened(t, "", own, Options{})
	if mine.Official() || mine.Name() != "mine" || mine.Len() != 1000 || !strings.Contains(mine.Note(), "not the official set: t10k-images-idx3-ubyte has other contents") {
		t.Errorf("own file: official %v, %s, note %q", mine.Official(), mine.Name(), mine.Note())
	}
	if first, _, err := mine.Divide(0.8, 1); err != nil || first.Official() || !strings.Contains(first.Note(), "not the official set") {
		t.Errorf("a part of it: %v, note %q", err, first.Note())
	}
}

// Files that are no official set are the same images wherever they lie; so are their parts and what is mixed from them. Of
// an official set the name belongs to the hash, on which sealed evaluations rely.
func TestHashOfFilesThatMove(t *testing.T) {
	withCache(t)
	hashes := func(folder string) (list []string) {
		dir := filepath.Join(t.TempDir(), folder)
		write(t, filepath.Join(dir, "train-images-idx3-ubyte"), idxBytes(makeBytes(40), 10, 2, 2))
		write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), idxBytes([]byte{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 10))
		s := opened(t, "", dir, Options{})
		if s.Name() != folder || s.Official() || s.Hash() != s.contentHash() {
			t.Errorf("%s: name %s, official %v", folder, s.Name(), s.Official())
		}
		normal, abnormal, err := s.LeaveOut(1)
		if err != nil {
			t.Fatal(err)
		}
		first, second, err := normal.Divide(0.6, 1)
		if err != nil {
			t.Fatal(err)
		}
		mixed, err := first.Contaminate(abnormal, 0.5, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Source{s, normal, abnormal, first, second, mixed} {
			list = append(list, s.Hash())
		}
		return list
	}
	here, there := hashes("here"), hashes("there")
	if !slices.Equal(here, there) {
		t.Errorf("%v here, %v there", here, there)
	}
	if slices.Sort(here); len(slices.Compact(here)) != 6 {
		t.Errorf("two parts have one hash: %v", here)
	}

	s := stored("mnist", []byte{1, 2, 3, 4}, 2, 1, 2, 1, []uint8{7, 8})
	s.official = true
	whole := sha256.Sum256([]byte("\x01\x02\x03\x04\x07\x08\"mnist\" 2 1 2 1\n"))
	part := sha256.Sum256(fmt.Appendf(nil, "subset of %x \"mnist class 8\": [1]\n", whole))
	eight, err := s.Of("class 8", func(c int) bool { return c == 8 })
	if err != nil || s.Hash() != hex.EncodeToString(whole[:]) || eight.Hash() != hex.EncodeToString(part[:]) {
		t.Errorf("an official set: %s, its class 8: %s, %v", s.Hash(), eight.Hash(), err)
	}
}

func makeBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
