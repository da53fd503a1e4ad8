package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxIDXBytes bounds what the sizes in a header may ask for.
const maxIDXBytes = 4 << 30

// idxKinds are the types of values that idx files have besides bytes.
var idxKinds = map[byte]string{9: "int8", 0x0b: "int16", 0x0c: "int32", 0x0d: "float32", 0x0e: "float64"}

// readIDX reads an idx array of bytes (the format of MNIST and its relatives): 0, 0, type 8, number of dimensions,
// sizes as big-endian uint32, values.
func readIDX(r io.Reader) (dims []int, values []byte, err error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, nil, fmt.Errorf("too short for an idx file: %w", err)
	}
	if kind, known := idxKinds[magic[2]]; known && magic[0] == 0 && magic[1] == 0 {
		return nil, nil, fmt.Errorf("holds values of %s: images must be bytes from 0 to 255, type 08; write it anew so", kind)
	}
	if magic[0] != 0 || magic[1] != 0 || magic[2] != 8 || magic[3] < 1 || magic[3] > 4 {
		return nil, nil, fmt.Errorf("starts with % x, an idx file of bytes with 00 00 08 and the number of dimensions", magic)
	}
	total := 1
	for range magic[3] {
		var n uint32
		if err := binary.Read(r, binary.BigEndian, &n); err != nil {
			return nil, nil, fmt.Errorf("ends within its sizes: %w", err)
		}
		if n == 0 || int64(n) > maxIDXBytes/int64(total) {
			return nil, nil, fmt.Errorf("size %d after %v is empty or more than %d bytes", n, dims, int64(maxIDXBytes))
		}
		dims, total = append(dims, int(n)), total*int(n)
	}
	values, err = io.ReadAll(io.LimitReader(r, int64(total)+1)) // grows with what is there, not with what is claimed
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("after %d of %d bytes: %w", len(values), total, err)
	case len(values) < total:
		return nil, nil, fmt.Errorf("ends after %d of %d bytes", len(values), total)
	case len(values) > total:
		return nil, nil, fmt.Errorf("goes on after its %d bytes", total)
	}
	return dims, values, nil
}

// unzipped reads a file through gzip when its content says so, whatever its name says.
func unzipped(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if head, _ := b.Peek(2); !bytes.Equal(head, gzipMagic) {
		return b, nil
	}
	return gzip.NewReader(b)
}

// idxFile reads one idx file and says which published file it is, if any.
func idxFile(path string) (dims []int, values []byte, is published, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, published{}, err
	}
	plain := md5.New()
	r, err := unzipped(bytes.NewReader(raw))
	if err == nil {
		dims, values, err = readIDX(io.TeeReader(r, plain))
	}
	if err != nil {
		return nil, nil, published{}, fmt.Errorf("%s: %w: get the file again", path, explain(raw, err))
	}
	if is = fileWith(md5Of(raw)); is.set == "" { // packed again?
		is = fileWith(hex.EncodeToString(plain.Sum(nil)))
	}
	return dims, values, is, nil
}

// explain prefers what a file looks like to what a parser stumbled over.
func explain(raw []byte, err error) error {
	if LooksLikeHTML(raw) {
		return errors.New("is a web page (an error page or a login?), not data")
	}
	return err
}

var idxImages = regexp.MustCompile(`^(train|t10k|test)-images[-.]idx3-ubyte(\.gz)?$`)

// idxInFolder finds the image files of the two splits, packed or not.
func idxInFolder(dir string, names []string) map[string]string {
	found := map[string]string{}
	for _, name := range names {
		if m := idxImages.FindStringSubmatch(name); m != nil {
			split := "test"
			if m[1] == "train" {
				split = "train"
			}
			found[split] = filepath.Join(dir, name)
		}
	}
	return found
}

// labelsBeside is the label file that belongs to an image file, "" when it is not there.
func labelsBeside(images string) string {
	base := strings.NewReplacer("images-idx3", "labels-idx1", "images.idx3", "labels.idx1").Replace(filepath.Base(images))
	if base == filepath.Base(images) {
		return ""
	}
	for _, name := range []string{base, strings.TrimSuffix(base, ".gz"), base + ".gz"} {
		if file := filepath.Join(filepath.Dir(images), name); isFile(file) {
			return file
		}
	}
	return ""
}

// idxInput is a set of idx files: the image files of the chosen splits with the labels beside them.
func idxInput(name string, images []string, note string, o Options) (*input, error) {
	in := &input{kind: "idx", name: name}
	for _, file := range images {
		for _, f := range []string{file, labelsBeside(file)} {
			if info, err := os.Stat(f); f != "" && err == nil {
				in.files = append(in.files, stampOf(f, info))
			}
		}
	}
	in.write = func(ctx context.Context, w *preparedWriter) error {
		w.Note, w.Labelled = note, true
		for _, file := range images {
			if labelsBeside(file) == "" {
				w.Labelled = false
			}
		}
		var from origin
		for _, file := range images {
			if err := writeIDX(ctx, w, file, &from, o); err != nil {
				return err
			}
		}
		if set := from.official(); set != "" {
			w.Name, w.Official = set, true
		} else {
			w.Note = joinNotes(w.Note, from.note())
		}
		w.Found = fmt.Sprintf("%s idx images of %d×%d in %s", thousands(w.Images), w.Width, w.Height, strings.Join(images, ", "))
		return nil
	}
	return in, nil
}

func writeIDX(ctx context.Context, w *preparedWriter, file string, from *origin, o Options) error {
	dims, pixels, is, err := idxFile(file)
	if err != nil {
		return err
	}
	if len(dims) != 3 {
		return fmt.Errorf("%s: an array of %v, not images [N, H, W]: give the images file", file, dims)
	}
	from.add(file, is)
	var labels []uint8
	if w.Labelled {
		beside := labelsBeside(file)
		n, values, is, err := idxFile(beside)
		if err != nil {
			return err
		}
		if len(n) != 1 || n[0] != dims[0] {
			return fmt.Errorf("%s: %v labels for the %d images of %s: they do not belong together", beside, n, dims[0], file)
		}
		labels = values
		from.add(beside, is)
	}
	if err := w.addAll(ctx, pixels, dims[1], dims[2], 1, labels, o); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
