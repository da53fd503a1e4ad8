package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// variable is an array of a MAT-file. Its class is uint8.
type variable struct {
	name   string
	dims   []int
	values []byte
	packed bool
}

// matBytes writes a MAT-file of version 5.
func matBytes(vars ...variable) []byte {
	b := make([]byte, 116, 128)
	copy(b, "MATLAB 5.0 MAT-file, written by a test")
	b = append(b, make([]byte, 8)...)
	b = append(b, 0, 1, 'I', 'M')
	for _, v := range vars {
		var body []byte
		body = append(body, part(6, []byte{9, 0, 0, 0, 0, 0, 0, 0})...)
		var dims []byte
		for _, d := range v.dims {
			dims = binary.LittleEndian.AppendUint32(dims, uint32(d))
		}
		body = append(body, part(5, dims)...)
		body = append(body, part(1, []byte(v.name))...)
		body = append(body, part(2, v.values)...)
		body = part(14, body)
		if v.packed {
			var z bytes.Buffer
			w := zlib.NewWriter(&z)
			w.Write(body)
			w.Close()
			body = binary.LittleEndian.AppendUint32(nil, 15)
			body = append(binary.LittleEndian.AppendUint32(body, uint32(z.Len())), z.Bytes()...)
		}
		b = append(b, body...)
	}
	return b
}

// part is an element with its tag, padded to whole groups of 8 bytes.
func part(kind uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(body))), body...)
	return append(b, make([]byte, -len(body)&7)...)
}

// digitsOf is an X of n images and a y with the labels 1 … 10, 1 …
func digitsOf(n int) (x, y variable) {
	x = variable{"X", []int{32, 32, 3, n}, make([]byte, n*svhnImage), true}
	for i := range x.values {
		image, channel, column, row := i/svhnImage, i/svhnPlane%3, i/32%32, i%32
		x.values[i] = svhnPixel(image, row, column, channel)
	}
	y = variable{"y", []int{n, 1}, make([]byte, n), true}
	for i := range y.values {
		y.values[i] = byte(i%10 + 1)
	}
	return x, y
}

// svhnPixel is what the fixtures have at a place; see also the files in testdata, which SciPy 1.17 wrote.
func svhnPixel(image, row, column, channel int) byte {
	return byte(40*image + 7*row + 3*column + 50*channel)
}

func rightSVHN(t *testing.T, s *Source, labels ...uint8) {
	t.Helper()
	if s.Len() != len(labels) || s.Height() != 32 || s.Width() != 32 || s.Channels() != 3 || !slices.Equal(s.Labels(), labels) {
		t.Fatalf("%d images of %d×%d×%d, labels %v", s.Len(), s.Height(), s.Width(), s.Channels(), s.Labels())
	}
	for i := range s.Len() {
		for k, v := range s.At(i) {
			if want := svhnPixel(i, k/96, k/3%32, k%3); v != want {
				t.Fatalf("image %d, row %d, column %d, channel %d: %d, want %d", i, k/96, k/3%32, k%3, v, want)
			}
		}
	}
}

// Files as SciPy writes them: packed; and not packed, with labels in floating point before the images, text between
// them, and a single image, whose last size is left out.
func TestOpenReadsSVHNOfSciPy(t *testing.T) {
	withCache(t)
	s := opened(t, "svhn", filepath.Join("testdata", "svhn_packed.mat"), Options{})
	rightSVHN(t, s, 1, 0, 9, 2)
	if s.Official() || s.Name() != "svhn" || !strings.Contains(s.Note(), "not the official set: svhn_packed.mat has other contents") {
		t.Errorf("official %v, %s, note %q", s.Official(), s.Name(), s.Note())
	}
	rightSVHN(t, opened(t, "", filepath.Join("testdata", "svhn_plain.mat"), Options{}), 1)
}

func TestOpenChoosesSplitsOfSVHN(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	file := func(split string, n int) string {
		x, y := digitsOf(n)
		return write(t, filepath.Join(dir, "svhn", svhnFiles[split]), matBytes(x, y))
	}
	extra := file("extra", 3)
	rightSVHN(t, opened(t, "svhn", dir, Options{}), 1, 2, 3)
	refuses(t, "svhn", dir, Options{Split: "test"}, "test_32x32.mat is missing")
	if _, err := Open(t.Context(), "svhn", dir, Options{Split: "test"}); !errors.Is(err, ErrAbsent) {
		t.Errorf("%v is not ErrAbsent", err)
	}
	file("test", 1)
	if s := opened(t, "", filepath.Dir(extra), Options{}); s.Len() != 1 || !strings.Contains(s.Note(), "test split only") {
		t.Errorf("without training images: %d, note %q", s.Len(), s.Note())
	}
	file("train", 12)
	rightSVHN(t, opened(t, "", dir, Options{}), 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2)
	if s := opened(t, "", dir, Options{Split: "all"}); s.Len() != 13 || s.Labels()[12] != 1 || s.At(12)[1] != svhnPixel(0, 0, 0, 1) {
		t.Errorf("both: %d images, labels %v", s.Len(), s.Labels())
	}
	if s := opened(t, "", dir, Options{Split: "extra", Size: 16, Channels: 1}); s.Len() != 3 || s.Height() != 16 || s.Channels() != 1 {
		t.Errorf("extra: %d images of %d×%d", s.Len(), s.Height(), s.Channels())
	}
	refuses(t, "mnist", write(t, filepath.Join(t.TempDir(), "train-images-idx3-ubyte"), idxBytes(make([]byte, 4), 1, 2, 2)), Options{Split: "extra"}, "no such split")
}

// More images than are decoded at once.
func TestOpenReadsManyOfSVHN(t *testing.T) {
	withCache(t)
	n := chunkImages + 5
	x, y := digitsOf(n)
	var labels []uint8
	for i := range n {
		labels = append(labels, uint8((i+1)%10))
	}
	for _, packed := range []bool{true, false} {
		x.packed = packed
		rightSVHN(t, opened(t, "", write(t, filepath.Join(t.TempDir(), "a.mat"), matBytes(y, x)), Options{}), labels...)
	}
}

func TestOpenRefusesBadSVHN(t *testing.T) {
	withCache(t)
	x, y := digitsOf(3)
	with := func(v variable, change func(*variable)) variable {
		v.dims, v.values = slices.Clone(v.dims), slices.Clone(v.values)
		change(&v)
		return v
	}
	good := matBytes(x, y)
	corrupt := slices.Clone(good)
	corrupt[150] ^= 0x55
	plain := matBytes(with(x, func(v *variable) { v.packed = false }), y)
	hdf5 := append([]byte("\x89HDF\r\n\x1a\n"), make([]byte, 300)...)
	matlab73 := append([]byte("MATLAB 7.3 MAT-file, Platform: GLNXA64"), make([]byte, 600)...)
	for name, c := range map[string]struct {
		body  []byte
		words []string
	}{
		"HDF5":             {hdf5, []string{"HDF5", "save -v7"}},
		"version 7.3":      {matlab73, []string{"HDF5", "save -v7"}},
		"web page":         {[]byte("<html>gone</html>"), []string{"web page"}},
		"other names":      {matBytes(with(x, func(v *variable) { v.name = "images" }), y), []string{`["images" "y"]`, "X and y", "format 2"}},
		"no labels":        {matBytes(x), []string{`["X"]`, "X and y"}},
		"no variables":     {matBytes(), []string{"X and y"}},
		"cut":              {good[:len(good)-40], []string{"get the file again"}},
		"cut in an image":  {plain[:3000], []string{"ends within image 0 of 3", "get the file again"}},
		"cut in a header":  {good[:100], []string{"100 bytes", "get the file again"}},
		"cut in a tag":     {good[:132], []string{"within the tag", "get the file again"}},
		"damaged":          {corrupt, []string{"get the file again"}},
		"label 0":          {matBytes(x, with(y, func(v *variable) { v.values[1] = 0 })), []string{"label 0 of image 1", "10 is the digit 0"}},
		"label 11":         {matBytes(x, with(y, func(v *variable) { v.values[2] = 11 })), []string{"label 11 of image 2"}},
		"too few labels":   {matBytes(x, with(y, func(v *variable) { v.dims[0], v.values = 2, v.values[:2] })), []string{"2 labels in y for 3 images in X"}},
		"other sizes":      {matBytes(with(x, func(v *variable) { v.dims = []int{3, 32, 32, 3} }), y), []string{"X is 3×32×32×3", "32×32×3×N"}},
		"no images":        {matBytes(with(x, func(v *variable) { v.dims[3], v.values = 0, nil }), y), []string{"X is 32×32×3×0"}},
		"length and sizes": {matBytes(with(x, func(v *variable) { v.values = v.values[:svhnImage] }), y), []string{"3072 bytes of type 2 for sizes [32 32 3 3]"}},
		"absurd sizes":     {matBytes(with(x, func(v *variable) { v.dims = []int{32, 32, 1 << 30, 1 << 30} }), y), []string{"too large"}},
		"X twice":          {matBytes(x, x, y), []string{"a second X"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), svhnFiles["train"]), c.body)
			refuses(t, "", file, Options{}, append(c.words, file)...)
		})
	}
	entries, err := os.ReadDir(filepath.Join(os.Getenv("GANBOOK_CACHE"), "prepared"))
	if err == nil && len(entries) > 0 {
		t.Errorf("%d files were left in the cache", len(entries))
	}
}
