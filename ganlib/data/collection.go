package data

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Limits on what an archive or a folder may ask of us. Pictures hardly compress, so an archive that unfolds to much
// more than its own size is no collection of pictures.
const (
	maxPictureBytes = 64 << 20
	maxUnfolding    = 20
	freeUnfolding   = 1 << 30
)

// entry is one picture of a folder or archive.
type entry struct {
	name string // with slashes, relative to the collection
	read func() ([]byte, error)
}

var pictureExtensions = []string{".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp"}

// isPicture goes by the name; what systems leave beside pictures (._x.jpg, __MACOSX) is none.
func isPicture(name string) bool {
	base := path.Base(name)
	return slices.Contains(pictureExtensions, strings.ToLower(path.Ext(base))) &&
		!strings.HasPrefix(base, ".") && !strings.Contains(name, "__MACOSX/")
}

// folderEntries lists the pictures of a folder and everything below it, in the order of their names.
func folderEntries(root string) (entries []entry, files []stamp, err error) {
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isPicture(filepath.ToSlash(file)) {
			return err
		}
		info, err := os.Stat(file) // follows links
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, file)
		files = append(files, stampOf(file, info))
		entries = append(entries, entry{filepath.ToSlash(rel), func() ([]byte, error) { return readLimited(file) }})
		return err
	})
	return entries, files, err
}

func readLimited(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPictureBytes {
		return nil, fmt.Errorf("%d bytes, more than %d", info.Size(), maxPictureBytes)
	}
	return os.ReadFile(file)
}

// zipEntries lists the pictures of an archive. Nothing is unpacked to disk, but names that would leave a folder and
// contents that unfold beyond reason are refused all the same: such an archive is not what it claims to be.
func zipEntries(file string, r *zip.Reader, size int64) (entries []entry, err error) {
	total := uint64(0)
	for _, f := range r.File {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		if !filepath.IsLocal(name) && name != "" {
			return nil, fmt.Errorf("%s: entry %q would leave the folder it is unpacked to: do not trust this archive", file, f.Name)
		}
		if !isPicture(name) {
			continue
		}
		if f.UncompressedSize64 > maxPictureBytes {
			return nil, fmt.Errorf("%s: entry %q unfolds to %d bytes, allowed are %d: unpack it yourself and use the folder", file, f.Name, f.UncompressedSize64, maxPictureBytes)
		}
		if total += f.UncompressedSize64; total > uint64(maxUnfolding*size+freeUnfolding) {
			return nil, fmt.Errorf("%s: the archive of %d bytes unfolds to more than %d: unpack it yourself and use the folder", file, size, maxUnfolding*size+freeUnfolding)
		}
		entries = append(entries, entry{name, func() ([]byte, error) { return readZipEntry(f) }})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// readZipEntry does not believe the size in the directory.
func readZipEntry(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxPictureBytes+1))
	if len(b) > maxPictureBytes {
		return nil, fmt.Errorf("unfolds to more than %d bytes", maxPictureBytes)
	}
	return b, err
}

// classes labels pictures by the folder they are in, when there are 2 to 256 such folders.
func classes(entries []entry) []uint8 {
	var folders []string
	for _, e := range entries {
		if dir := path.Dir(e.name); !slices.Contains(folders, dir) {
			if folders = append(folders, dir); len(folders) > 256 {
				return nil
			}
		}
	}
	if len(folders) < 2 {
		return nil
	}
	slices.Sort(folders)
	labels := make([]uint8, len(entries))
	for i, e := range entries {
		labels[i] = uint8(slices.Index(folders, path.Dir(e.name)))
	}
	return labels
}

// writePictures decodes all entries of a place into w. Unreadable pictures are left out and counted; too many of
// them are an error.
func writePictures(ctx context.Context, w *preparedWriter, place string, entries []entry, o Options) error {
	if len(entries) == 0 {
		return fmt.Errorf("%s: holds no pictures (%s)", place, strings.Join(pictureExtensions, " "))
	}
	labels := classes(entries)
	w.Labelled = labels != nil
	spoiled := spoilage{place: place, allowed: min(100, max(1, len(entries)/100))}
	for start := 0; start < len(entries); start += chunkImages {
		chunk := entries[start:min(start+chunkImages, len(entries))]
		pictures, err := readPictures(ctx, chunk, o, &spoiled)
		if err != nil {
			return err
		}
		for i, p := range pictures {
			if p.pix == nil {
				continue
			}
			if err := w.addPicture(p, chunk[i].name, place); err != nil {
				return err
			}
			if w.Labelled {
				w.labels = append(w.labels, labels[start+i])
			}
		}
		if o.Progress != nil {
			o.Progress(start+len(chunk), len(entries))
		}
	}
	if w.Images == 0 {
		return fmt.Errorf("%s: none of the %d pictures can be read: %w", place, len(entries), spoiled.first)
	}
	if spoiled.count > 0 {
		w.Found += fmt.Sprintf("; %d unreadable left out, first %v", spoiled.count, spoiled.first)
	}
	return nil
}

// readPictures decodes a chunk on all cores. Of an unreadable picture there are no pixels.
func readPictures(ctx context.Context, chunk []entry, o Options, spoiled *spoilage) ([]picture, error) {
	pictures := make([]picture, len(chunk))
	err := inParallel(ctx, len(chunk), func(i int) {
		p, err := readPicture(chunk[i], o)
		if err != nil {
			spoiled.add(chunk[i].name, err)
			return
		}
		pictures[i] = p
	})
	if err != nil {
		return nil, err
	}
	return pictures, spoiled.verdict()
}

func readPicture(e entry, o Options) (picture, error) {
	b, err := e.read()
	if err != nil {
		return picture{}, err
	}
	p, err := decode(bytes.NewReader(b))
	if err != nil {
		return picture{}, err
	}
	if err := o.checkShape(p.h, p.w, p.c); err != nil {
		return picture{}, err
	}
	if p.pix, p.top, err = o.asBytes(p.pix); err != nil {
		return picture{}, err
	}
	c := 3
	if o.Channels > 0 {
		c = o.Channels
	}
	if p = p.withChannels(c); o.Size > 0 {
		if max(p.h, p.w)/min(p.h, p.w) > 1000 { // a line has no middle worth keeping, and resizing one costs memory
			return picture{}, fmt.Errorf("picture of %d×%d pixels", p.w, p.h)
		}
		p = p.fit(o.Size)
	}
	return p, nil
}

func (w *preparedWriter) addPicture(p picture, name, place string) error {
	if w.Images == 0 {
		w.Height, w.Width, w.Channels = p.h, p.w, p.c
	}
	if w.top = max(w.top, p.top); p.h != w.Height || p.w != w.Width {
		return fmt.Errorf("%s: %s has %d×%d pixels, the ones before it %d×%d: give an image size to make them equal", place, name, p.w, p.h, w.Width, w.Height)
	}
	return w.add(p.pix, nil)
}

// spoilage counts pictures that cannot be read.
type spoilage struct {
	place          string
	allowed, count int
	first          error
	unfit          error // of a picture that can be read; one is too many
	sync.Mutex
}

func (s *spoilage) add(name string, err error) {
	s.Lock()
	defer s.Unlock()
	var u *unfit
	if errors.As(err, &u) {
		s.unfit = fmt.Errorf("%s: %s: %w", s.place, name, err)
		return
	}
	s.count++
	if s.first == nil {
		s.first = fmt.Errorf("%s: %w", name, err)
	}
}

func (s *spoilage) verdict() error {
	if s.unfit != nil || s.count <= s.allowed {
		return s.unfit
	}
	return fmt.Errorf("%s: %d pictures cannot be read, allowed are %d; the first: %w: get the files again or remove the broken ones", s.place, s.count, s.allowed, s.first)
}

// openZip opens an archive, or says what the file is instead.
func openZip(file string) (*zip.ReadCloser, error) {
	r, err := zip.OpenReader(file)
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: a damaged or incomplete zip archive (%w): get it again", file, err)
	}
	return r, err
}
