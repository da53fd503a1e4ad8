package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Options say what Open makes of the files.
type Options struct {
	Size     int    // images become Size × Size; 0 keeps the size of the files, which must then be one for all
	Channels int    // 1 or 3; 0: as in idx and CIFAR files, 3 for pictures
	Split    string // "train", "test", "all" (both) or "extra" (SVHN) of sets with such files; "": train, or test where that is all there is
	Values   string // range of the files' values: ValuesByte, ValuesUnit; "": ValuesByte, but images that go up to 1 are refused
	Exact    bool   // pictures that are not Size × Size × Channels are refused, not converted
	Images   int    // number of synthetic faces; 0: 10,000
	Seed     int64  // of the synthetic faces
	Progress func(done, total int)
}

// ErrNoSplit says that a set has no such part as Options.Split asks for.
var ErrNoSplit = errors.New("there is no such split")

// ErrAbsent says that the files of a split are not there, though the set has such a split and files of another: none of
// them is damaged.
var ErrAbsent = errors.New("the files of the split are absent")

// absent is an error that is ErrAbsent, in words of its own.
type absent struct{ error }

func (absent) Is(target error) bool { return target == ErrAbsent }

func absentf(format string, args ...any) error { return absent{fmt.Errorf(format, args...)} }

// DefaultFaces is the number of synthetic faces when none is asked for.
const DefaultFaces = 10_000

// Open returns the images of a set.
//
// Path is what the user has: a folder or zip of pictures, img_align_celeba as zip or folder (or the folder above), idx
// files packed or not, CIFAR-10's binary archive or folder, SVHN's MAT-files. With an empty path the set is taken from where Download
// puts it. Dataset names what is expected ("celeba", "mnist", … see Sets; "faces": synthetic, no path); empty takes
// whatever is there, and faces when the path is empty too.
//
// Decoded images are kept in CacheDir, so that the next Open of the same files takes milliseconds. Source.Found says
// what was found. Errors name the file, what is wrong with it and what to do.
func Open(ctx context.Context, dataset, path string, o Options) (*Source, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if dataset == "faces" || dataset == "" && path == "" {
		if o.Split != "" {
			return nil, fmt.Errorf("data: faces: %w, %s is not to be had: leave it out", ErrNoSplit, o.Split)
		}
		return facesWith(o), nil
	}
	kind, err := kindOf(dataset)
	if err != nil {
		return nil, err
	}
	if path == "" {
		dir, err := DownloadDir(dataset)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("data: %s is not at %s: download it (ganbook data download %[1]s) or give your copy with --data", dataset, dir)
		}
		path = dir
	}
	in, err := recognise(path, dataset, o)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if kind != "" && in.kind != kind {
		return nil, fmt.Errorf("data: %s: holds %s, expected was %s", path, kindNames[in.kind], dataset)
	}
	if o.Split != "" && in.kind == "pictures" || o.Split == "extra" && in.kind != "svhn" {
		return nil, fmt.Errorf("data: %s: %s: %w, %s is not to be had: leave it out", path, kindNames[in.kind], ErrNoSplit, o.Split)
	}
	in.place = path
	s, err := in.open(ctx, o)
	if err == nil && kind == "idx" && s.Official() && s.Name() != dataset {
		return nil, fmt.Errorf("data: %s: the files are those of %s, expected was %s", path, s.Name(), dataset)
	}
	return s, err
}

var kindNames = map[string]string{"idx": "idx files", "cifar10": "CIFAR-10 batches", "svhn": "SVHN's MAT-files", "pictures": "pictures"}

// kindOf is the kind of files that a named set has.
func kindOf(dataset string) (string, error) {
	switch dataset {
	case "":
		return "", nil
	case "celeba", "folder":
		return "pictures", nil
	case "cifar10", "svhn":
		return dataset, nil
	case "mnist", "fashion-mnist", "kmnist":
		return "idx", nil
	}
	return "", fmt.Errorf("data: unknown set %q: known are faces, folder, %s", dataset, strings.Join(setNames(), ", "))
}

// Splits are the parts that sets of several files have.
func Splits() []string { return []string{"train", "test", "all", "extra"} }

// Check refuses what no set can meet.
func (o Options) Check() error {
	switch {
	case o.Size < 0 || o.Size > 4096:
		return fmt.Errorf("data: image size %d: use 1 to 4096, or 0 for the size of the files", o.Size)
	case o.Channels != 0 && o.Channels != 1 && o.Channels != 3:
		return fmt.Errorf("data: %d channels: use 1 (grey) or 3 (colour)", o.Channels)
	case o.Images < 0:
		return fmt.Errorf("data: %d faces: use a positive number", o.Images)
	case o.Split != "" && !slices.Contains(Splits(), o.Split):
		return fmt.Errorf("data: split %q: use train, test or all (extra: of SVHN)", o.Split)
	case o.Values != "" && o.Values != ValuesByte && o.Values != ValuesUnit:
		return fmt.Errorf("data: values %q: use %s or %s", o.Values, ValuesByte, ValuesUnit)
	}
	return nil
}

func facesWith(o Options) *Source {
	size, n := o.Size, o.Images
	if size == 0 {
		size = 64
	}
	if n == 0 {
		n = DefaultFaces
	}
	s := Faces(n, max(size, 8), o.Seed)
	if o.Channels == 1 {
		s = s.grey()
	}
	return s
}

// grey is a source of three channels as luma, converted image by image when first used.
func (s *Source) grey() *Source {
	g := *s
	g.channels = 1
	once, pixels := make([]sync.Once, s.n), make([][]byte, s.n)
	g.image = func(i int) []byte {
		once[i].Do(func() {
			pixels[i] = picture{pix: s.image(i), h: s.height, w: s.width, c: 3}.withChannels(1).pix
		})
		return pixels[i]
	}
	g.hash = sync.OnceValue(g.contentHash)
	return &g
}

// recognise finds out what a path holds.
func recognise(path, dataset string, o Options) (*input, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, missing(path, err)
	}
	if info.IsDir() {
		return recogniseFolder(path, dataset, o)
	}
	return recogniseFile(path, info, dataset, o)
}

// missing says what there is where a path was expected.
func missing(path string, err error) error {
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(filepath.Clean(path))
	entries, parentErr := os.ReadDir(parent)
	if parentErr != nil {
		return fmt.Errorf("%s does not exist, neither does its folder: check the path", path)
	}
	pictures, others := survey(entries)
	return fmt.Errorf("%s does not exist; %s holds %s: check the path", path, parent, inWords(pictures, others))
}

// survey counts pictures and names what else is in a folder.
func survey(entries []os.DirEntry) (pictures int, others []string) {
	for _, e := range entries {
		switch {
		case !e.IsDir() && isPicture(e.Name()):
			pictures++
		case e.IsDir():
			others = append(others, e.Name()+"/")
		default:
			others = append(others, e.Name())
		}
	}
	return pictures, others
}

func inWords(pictures int, others []string) string {
	var parts []string
	if pictures > 0 {
		parts = append(parts, thousands(pictures)+" pictures")
	}
	if len(others) > 8 {
		others = append(others[:8:8], fmt.Sprintf("%d more", len(others)-8))
	}
	if parts = append(parts, others...); len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zipMagic  = []byte("PK\x03\x04")
	emptyZip  = []byte("PK\x05\x06")
	idxMagic  = []byte{0, 0, 8}
	matMagic  = []byte("MATLAB 5.0 MAT-file")
)

// recogniseFile goes by content, not by name.
func recogniseFile(path string, info os.FileInfo, dataset string, o Options) (*input, error) {
	head, plain, err := heads(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	switch {
	case len(head) == 0:
		return nil, fmt.Errorf("%s: an empty file: get it again", path)
	case bytes.HasPrefix(head, zipMagic) || bytes.HasPrefix(head, emptyZip):
		return zipInput(path, info, o), nil
	case LooksLikeHTML(plain):
		return nil, fmt.Errorf("%s: is a web page (an error page or a login?), not data: download it with a browser and look at it, then get the file again", path)
	case bytes.HasPrefix(head, matMagic):
		return svhnInput([]string{path}, noteOfFile(base), o)
	case isHDF5(head):
		return nil, fmt.Errorf("%s: HDF5 (a MAT-file of version 7.3?): give SVHN's official files, or save it as version 5 (save -v7)", path)
	case bytes.HasPrefix(plain, idxMagic):
		return idxInput(nameOfSet(dataset, filepath.Dir(path)), []string{path}, noteOfFile(base), o)
	case len(plain) > 262 && string(plain[257:262]) == "ustar":
		return cifarInput(path, nil, o)
	case strings.HasSuffix(base, ".bin") && info.Size()%cifarRecord == 0:
		return nil, fmt.Errorf("%s: one CIFAR-10 batch: give the folder %s", path, filepath.Dir(path))
	case isPicture(base):
		return nil, fmt.Errorf("%s: one picture: give its folder %s", path, filepath.Dir(path))
	case strings.HasSuffix(base, ".zip"):
		return nil, fmt.Errorf("%s: named .zip, but starts with % x: get it again", path, head[:min(4, len(head))])
	case bytes.HasPrefix(head, gzipMagic):
		return nil, fmt.Errorf("%s: gzip, but neither an idx file nor a tar archive inside: get it again", path)
	}
	return nil, fmt.Errorf("%s: starts with % x, which is none of zip, gzip, idx (00 00 08 03), tar and MAT: give a folder or zip of pictures, idx files, cifar-10-binary.tar.gz or SVHN's files", path, head[:min(4, len(head))])
}

// heads are the first bytes of a file and, where it is gzip, of what is inside.
func heads(path string) (head, plain []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	buffer := make([]byte, 512)
	n, err := io.ReadFull(f, buffer)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	head = buffer[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	r, err := unzipped(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: starts as gzip does, but: %w: get it again", path, err)
	}
	plain = make([]byte, 512)
	n, err = io.ReadFull(r, plain)
	if n == 0 && err != nil && len(head) > 0 {
		return nil, nil, fmt.Errorf("%s: starts as gzip does, but: %w: get it again", path, err)
	}
	return head, plain[:n], nil
}

// LooksLikeHTML says whether a file begins as a web page does: what a mirror serves instead of a file that is gone.
func LooksLikeHTML(b []byte) bool {
	b = bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 512)], "\xef\xbb\xbf \t\r\n"))
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html")) || bytes.HasPrefix(b, []byte("<head"))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
