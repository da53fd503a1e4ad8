package data

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenReadsIDXPackedOrNot(t *testing.T) {
	withCache(t)
	images, labels := idxBytes([]byte("abcdefghijkl"), 2, 2, 3), idxBytes([]byte{7, 3}, 2)
	for name, files := range map[string][2][]byte{
		"plain":                 {images, labels},
		"packed":                {gzipped(images), gzipped(labels)},
		"packed, no .gz":        {gzipped(images), labels},
		"named .gz, not packed": {images, gzipped(labels)},
	} {
		suffix := ""
		if strings.Contains(name, "packed") && !strings.Contains(name, "no .gz") {
			suffix = ".gz"
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "train-images-idx3-ubyte"+suffix), files[0])
		write(t, filepath.Join(dir, "train-labels-idx1-ubyte"+suffix), files[1])
		s := opened(t, "", dir, Options{})
		if s.Len() != 2 || s.Height() != 2 || s.Width() != 3 || s.Channels() != 1 || string(s.At(1)) != "ghijkl" || !slices.Equal(s.Labels(), []uint8{7, 3}) {
			t.Errorf("%s: %d images of %d×%d×%d, labels %v", name, s.Len(), s.Height(), s.Width(), s.Channels(), s.Labels())
		}
		if s.Official() || !strings.Contains(s.Note(), "not the official") {
			t.Errorf("%s: official %v, note %q", name, s.Official(), s.Note())
		}
	}
}

func TestOpenChoosesSplits(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	test := write(t, filepath.Join(dir, "t10k-images-idx3-ubyte"), idxBytes([]byte{9}, 1, 1, 1))
	if s := opened(t, "mnist", dir, Options{}); s.Len() != 1 || !strings.Contains(s.Note(), "test split only") || s.Labels() != nil {
		t.Errorf("only the test split: %d images, note %q", s.Len(), s.Note())
	}
	refuses(t, "mnist", dir, Options{Split: "train"}, "train images are missing", "t10k-images")
	if _, err := Open(t.Context(), "mnist", dir, Options{Split: "train"}); !errors.Is(err, ErrAbsent) {
		t.Errorf("%v is not ErrAbsent", err)
	}
	torn := write(t, filepath.Join(t.TempDir(), "t10k-images-idx3-ubyte"), idxBytes([]byte{9}, 2, 1, 1))
	if _, err := Open(t.Context(), "mnist", filepath.Dir(torn), Options{Split: "test"}); err == nil || errors.Is(err, ErrAbsent) {
		t.Errorf("of a torn file: %v", err)
	}
	write(t, filepath.Join(dir, "train-images-idx3-ubyte"), idxBytes([]byte{1, 2}, 2, 1, 1))
	if s := opened(t, "mnist", dir, Options{}); s.Len() != 2 {
		t.Errorf("train split has %d images", s.Len())
	}
	if s := opened(t, "mnist", dir, Options{Split: "all"}); s.Len() != 3 || s.At(2)[0] != 9 {
		t.Errorf("both splits have %d images", s.Len())
	}
	if s := opened(t, "", test, Options{}); s.Len() != 1 {
		t.Errorf("one idx file has %d images", s.Len())
	}
}

func TestOpenRefusesBadIDX(t *testing.T) {
	withCache(t)
	good := idxBytes(make([]byte, 8), 2, 2, 2)
	for name, c := range map[string]struct {
		images, labels []byte
		words          []string
	}{
		"truncated":         {good[:18], nil, []string{"ends after 2 of 8 bytes", "get the file again"}},
		"within its sizes":  {good[:7], nil, []string{"ends within its sizes"}},
		"too long":          {append(slices.Clone(good), 1), nil, []string{"goes on after"}},
		"wrong magic":       {append([]byte{0, 0, 13, 3}, good[4:]...), nil, []string{"holds values of float32", "bytes from 0 to 255"}},
		"truncated gzip":    {gzipped(good)[:20], nil, []string{"unexpected EOF"}},
		"web page":          {[]byte("\n<!DOCTYPE html><html>404</html>"), nil, []string{"web page"}},
		"no images":         {idxBytes(nil, 0, 2, 2), nil, []string{"size 0"}},
		"absurd size":       {idxBytes(nil, 1<<31, 1<<31, 1<<31), nil, []string{"size 2147483648"}},
		"labels for images": {idxBytes(make([]byte, 8), 8), nil, []string{"not images"}},
		"other labels":      {good, idxBytes([]byte{1}, 1), []string{"do not belong together"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, filepath.Join(dir, "train-images-idx3-ubyte.gz"), c.images)
			if c.labels != nil {
				write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), c.labels)
				file = "train-labels"
			}
			refuses(t, "", dir, Options{}, append(c.words, file)...)
		})
	}
}

func TestOpenReadsCIFAR(t *testing.T) {
	withCache(t)
	var members []member
	for i := range 5 {
		members = append(members, member{fmt.Sprintf("cifar-10-batches-bin/data_batch_%d.bin", i+1), cifarBytes(3)})
	}
	members = append(members, member{"cifar-10-batches-bin/test_batch.bin", cifarBytes(12)})
	dir := t.TempDir()
	for _, m := range members {
		write(t, filepath.Join(dir, m.name), m.body)
	}
	archive := write(t, filepath.Join(t.TempDir(), "cifar-10-binary.tar.gz"), gzipped(tarBytes(t, members...)))
	for _, path := range []string{dir, filepath.Join(dir, "cifar-10-batches-bin"), archive, filepath.Dir(archive)} {
		s := opened(t, "cifar10", path, Options{})
		if s.Len() != 15 || s.Height() != 32 || s.Channels() != 3 || s.Labels()[4] != 1 {
			t.Errorf("%s: %d images of %d, labels %v", path, s.Len(), s.Height(), s.Labels())
		}
		if got := s.At(2)[(33)*3:][:3]; !bytes.Equal(got, []byte{2, 33, 1}) {
			t.Errorf("%s: pixel 33 of image 2 is %v", path, got)
		}
		if s.Official() || !strings.Contains(s.Note(), "data_batch_1.bin has other contents") {
			t.Errorf("%s: note %q", path, s.Note())
		}
		if s := opened(t, "", path, Options{Split: "test", Size: 16, Channels: 1}); s.Len() != 12 || s.Height() != 16 || s.Channels() != 1 {
			t.Errorf("%s: test split has %d images of %d×%d", path, s.Len(), s.Height(), s.Channels())
		}
	}
}

func TestOpenRefusesBadCIFAR(t *testing.T) {
	withCache(t)
	bad := cifarBytes(2)
	bad[cifarRecord] = 10
	for name, c := range map[string]struct {
		body  []byte
		words []string
	}{
		"length":   {cifarBytes(2)[1:], []string{"no whole number", "3073"}},
		"label":    {bad, []string{"label 10 in record 1"}},
		"web page": {[]byte("<html>"), []string{"web page"}},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "data_batch_1.bin"), c.body)
		t.Run(name, func(t *testing.T) { refuses(t, "", dir, Options{}, append(c.words, "data_batch_1.bin")...) })
	}
	whole := gzipped(tarBytes(t, member{"data_batch_1.bin", cifarBytes(40)}))
	refuses(t, "cifar10", write(t, filepath.Join(t.TempDir(), "c.tar.gz"), whole[:len(whole)-30]), Options{}, "get it again")
	refuses(t, "cifar10", write(t, filepath.Join(t.TempDir(), "p.tar.gz"), gzipped(tarBytes(t, member{"data_batch_1", []byte("pickle")}))), Options{}, "binary version")
	one := write(t, filepath.Join(t.TempDir(), "test_batch.bin"), cifarBytes(1))
	refuses(t, "", one, Options{}, "one CIFAR-10 batch", filepath.Dir(one))
}

// celeba writes n small pictures under official names.
func celeba(t *testing.T, dir string, n int) {
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprintf("%06d.jpg", i+1)), jpegBytes(t, pattern(20, 26, i)))
	}
}

func TestOpenFindsCelebATooDeepAndTooShallow(t *testing.T) {
	withCache(t)
	root := filepath.Join(t.TempDir(), "celeba")
	images := filepath.Join(root, "img_align_celeba")
	celeba(t, images, 3)
	for _, path := range []string{images, root, filepath.Dir(root)} {
		s := opened(t, "celeba", path, Options{Size: 16})
		if s.Len() != 3 || s.Height() != 16 || s.Width() != 16 || s.Name() != "celeba" || s.Note() != "3-image CelebA subset" || s.Official() {
			t.Errorf("%s: %d images, name %q, note %q", path, s.Len(), s.Name(), s.Note())
		}
		if !strings.Contains(s.Found(), "3 pictures in "+images) {
			t.Errorf("%s: found %q", path, s.Found())
		}
	}
	refuses(t, "celeba", filepath.Join(images, "deeper"), Options{Size: 16}, "does not exist", "holds 3 pictures")
	empty := filepath.Join(images, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	refuses(t, "celeba", empty, Options{Size: 16}, "no pictures", "the folder above has 3 pictures")
	refuses(t, "celeba", filepath.Join(images, "000001.jpg"), Options{Size: 16}, "one picture", images)
	refuses(t, "mnist", images, Options{}, "no idx files for mnist", "3 pictures")
}

func TestOpenReadsZipsOfPictures(t *testing.T) {
	withCache(t)
	file := write(t, filepath.Join(t.TempDir(), "flowers.zip"), zipBytes(t,
		member{"flowers/b.png", pngBytes(t, pattern(8, 8, 2))}, member{"flowers/a.png", pngBytes(t, pattern(30, 12, 1))},
		member{"__MACOSX/flowers/._a.png", []byte("resource fork")}, member{"flowers/readme.txt", []byte("hello")}))
	s := opened(t, "", file, Options{Size: 8})
	if s.Len() != 2 || s.Name() != "flowers" || s.Labels() != nil {
		t.Fatalf("%d pictures, name %q, labels %v", s.Len(), s.Name(), s.Labels())
	}
	if want := pictureOf(pattern(8, 8, 2)).pix; !bytes.Equal(s.At(1), want) { // has the size already
		t.Error("b.png was changed or the order is not that of the names")
	}
}

func TestOpenLabelsPicturesByFolder(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	for i, name := range []string{"cat/1.png", "cat/2.png", "dog/1.png"} {
		write(t, filepath.Join(dir, name), pngBytes(t, pattern(8, 8, i)))
	}
	if s := opened(t, "folder", dir, Options{}); !slices.Equal(s.Labels(), []uint8{0, 0, 1}) || s.Height() != 8 {
		t.Errorf("labels %v", s.Labels())
	}
}

func TestOpenRefusesBadArchives(t *testing.T) {
	withCache(t)
	picture := pngBytes(t, pattern(8, 8, 0))
	good := zipBytes(t, member{"a.png", picture})
	for name, c := range map[string]struct {
		body  []byte
		words []string
	}{
		"web page.zip":  {[]byte("<!doctype html>\n<title>Quota exceeded</title>"), []string{"web page", "get the file again"}},
		"truncated.zip": {good[:len(good)-10], []string{"damaged or incomplete"}},
		"escape.zip":    {zipBytes(t, member{"../a.png", picture}), []string{`"../a.png"`, "do not trust"}},
		"absolute.zip":  {zipBytes(t, member{"/etc/a.png", picture}), []string{"do not trust"}},
		"windows.zip":   {zipBytes(t, member{`..\a.png`, picture}), []string{"do not trust"}},
		"bomb.zip":      {zipBytes(t, member{"a.png", make([]byte, maxPictureBytes+1)}), []string{"unfolds to 67108865 bytes"}},
		"empty.zip":     {zipBytes(t), []string{"without pictures", "nothing"}},
		"texts.zip":     {zipBytes(t, member{"notes.txt", nil}), []string{"without pictures", "notes.txt"}},
		"other.zip":     {[]byte("Rar!"), []string{"named .zip", "52 61 72 21"}},
		"nothing.zip":   {nil, []string{"empty file"}},
		"text.gz":       {gzipped([]byte("hello")), []string{"neither an idx file nor a tar"}},
		"broken.gz":     {[]byte{0x1f, 0x8b, 8}, []string{"starts as gzip"}},
		"paper.pdf":     {[]byte("%PDF-1.4"), []string{"none of zip, gzip"}},
	} {
		file := write(t, filepath.Join(t.TempDir(), name), c.body)
		refuses(t, "", file, Options{Size: 8}, append(c.words, file)...)
	}
}

func TestZipBombInTotal(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 18 { // entries that claim 60 MiB each: within the limit of one, 1.1 GiB together
		if _, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%d.png", i), UncompressedSize64: 60 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	withCache(t)
	file := write(t, filepath.Join(t.TempDir(), "many.zip"), b.Bytes())
	refuses(t, "", file, Options{Size: 8}, file, "unfolds to more than", "unpack it yourself")
}

// cmykJPEG is one 8×8 block of pure red (no cyan, full magenta and yellow, no black), Adobe's inverted CMYK.
func cmykJPEG() []byte {
	b := []byte{0xFF, 0xD8, 0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0}
	b = append(b, 0xFF, 0xDB, 0, 67, 0)
	b = append(b, bytes.Repeat([]byte{8}, 64)...) // all quantisers 8, so that the DC value is the level - 128
	b = append(b, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	b = append(b, 0xFF, 0xC4, 0, 21, 0x00, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8) // DC: 00 → 7 bits, 01 → 8 bits
	b = append(b, 0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)    // AC: 0 → end of block
	b = append(b, 0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	return append(b, 0x3F, 0x97, 0xF2, 0xFE, 0x3F, 0xBF, 0xFF, 0xD9)
}

func TestOpenMixesSizesDepthsAndColours(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	deep := image.NewGray16(image.Rect(0, 0, 9, 9))
	for name, body := range map[string][]byte{
		"a.png": pngBytes(t, pattern(40, 20, 0)), "b.jpg": cmykJPEG(), "c.png": pngBytes(t, deep), "d.jpeg": jpegBytes(t, pattern(16, 16, 0)),
	} {
		write(t, filepath.Join(dir, name), body)
	}
	s := opened(t, "folder", dir, Options{Size: 8})
	if s.Len() != 4 || s.Channels() != 3 {
		t.Fatalf("%d of 4 pictures: %s", s.Len(), s.Found())
	}
	if red := s.At(1)[:3]; red[0] < 250 || red[1] > 5 || red[2] > 5 {
		t.Errorf("CMYK red became %v", red)
	}
	refuses(t, "folder", dir, Options{}, "give an image size", "40×20", "8×8")
}

func TestOpenSkipsFewBadPicturesAndStopsAtMany(t *testing.T) {
	withCache(t)
	dir := t.TempDir()
	for i := range 4 {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), pngBytes(t, pattern(8, 8, i)))
	}
	broken := jpegBytes(t, pattern(8, 8, 0))[:200]
	write(t, filepath.Join(dir, "2b.jpg"), broken)
	s := opened(t, "", dir, Options{})
	if s.Len() != 4 || !strings.Contains(s.Found(), "1 unreadable left out") || !strings.Contains(s.Found(), "2b.jpg") {
		t.Errorf("%d pictures, found %q", s.Len(), s.Found())
	}
	if !bytes.Equal(s.At(3), pictureOf(pattern(8, 8, 3)).pix) {
		t.Error("the pictures after the broken one moved")
	}
	zero := pngBytes(t, pattern(8, 8, 0))
	copy(zero[16:24], make([]byte, 8)) // width and height of the header
	write(t, filepath.Join(dir, "2c.png"), zero)
	refuses(t, "", dir, Options{}, "2 pictures cannot be read, allowed are 1", "remove the broken ones")
}

func TestDecodeRefusesHugePictures(t *testing.T) {
	huge := pngBytes(t, pattern(8, 8, 0))
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0})
	// The header's checksum no longer fits, so either reason is right; nothing of 65536² may be allocated.
	if _, err := decode(bytes.NewReader(huge)); err == nil {
		t.Error("a picture of 65536×65536 was accepted")
	}
}

func TestOpenRefusesBadRequests(t *testing.T) {
	withCache(t)
	t.Setenv("GANBOOK_DATA", t.TempDir())
	refuses(t, "", filepath.Join(t.TempDir(), "no", "such"), Options{}, "does not exist, neither does its folder")
	refuses(t, "", "x", Options{Size: -1}, "image size -1")
	refuses(t, "", "x", Options{Channels: 2}, "2 channels")
	refuses(t, "", "x", Options{Split: "valid"}, `split "valid"`, "train, test or all")
	refuses(t, "", "x", Options{Values: "-1-1"}, `values "-1-1"`, "0-255 or 0-1")
	refuses(t, "faces", "", Options{Split: "test"}, "faces", "no such split", "leave it out")
	refuses(t, "celebb", "x", Options{}, `unknown set "celebb"`, "celeba", "mnist")
	refuses(t, "celeba", "", Options{}, "ganbook data download celeba", "--data")
}

func TestOpenWithoutAnythingGivesFaces(t *testing.T) {
	s := opened(t, "", "", Options{Size: 32, Images: 5, Channels: 1})
	if s.Len() != 5 || s.Height() != 32 || s.Channels() != 1 || s.Name() != "faces" || len(s.At(4)) != 32*32 {
		t.Errorf("%d faces of %d×%d", s.Len(), s.Height(), s.Channels())
	}
	if s := opened(t, "faces", "", Options{}); s.Len() != DefaultFaces || s.Height() != 64 {
		t.Errorf("%d faces of %d", s.Len(), s.Height())
	}
}
