package runlog

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// SampleFile is one picture of the samples folder.
type SampleFile struct {
	Name   string // "" for the sample sheet of the run
	Images int64  // images shown when it was drawn
	Path   string
}

var (
	sampleFile = regexp.MustCompile(`^(?:(.+)-)?([0-9]{8,18})\.png$`)
	sampleName = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
)

// Image writes a picture to samples/NNNNNNNN.png, or samples/<name>-NNNNNNNN.png, atomically. The same name and count
// replace the picture before. A name holds letters, digits, dot, underscore and hyphen.
func (r *Run) Image(name string, images int64, img image.Image) error {
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: %s: %w", r.path(samplesDir), err)
	}
	if !sampleName.MatchString(name) || strings.HasPrefix(name, ".") || images < 0 {
		return fmt.Errorf("runlog: sample %q at %d images: a name holds letters, digits, '.', '_' and '-', and a count is not negative", name, images)
	}
	file := fmt.Sprintf("%08d.png", images)
	if name != "" {
		file = name + "-" + file
	}
	if err := os.MkdirAll(r.path(samplesDir), 0o777); err != nil {
		return noRoom(r.path(samplesDir), err)
	}
	return createAtomic(r.path(samplesDir, file), func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img)
	})
}

// Samples returns the pictures of all names, sorted by name, then by images: the run's own sheets come first.
func (r *Run) Samples() []SampleFile {
	entries, _ := os.ReadDir(r.path(samplesDir))
	var samples []SampleFile
	for _, e := range entries {
		m := sampleFile.FindStringSubmatch(e.Name())
		if m == nil || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if n, err := strconv.ParseInt(m[2], 10, 64); err == nil {
			samples = append(samples, SampleFile{Name: m[1], Images: n, Path: r.path(samplesDir, e.Name())})
		}
	}
	slices.SortFunc(samples, func(a, b SampleFile) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return int(max(-1, min(1, a.Images-b.Images)))
	})
	return samples
}

// Load decodes the picture.
func (s SampleFile) Load() (image.Image, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("runlog: %s is damaged: %w", s.Path, err)
	}
	return img, nil
}

// dropSamples removes the pictures at or after a count of images.
func (r *Run) dropSamples(images int64) error {
	var failed error
	for _, s := range r.Samples() {
		if s.Images >= images {
			failed = errors.Join(failed, os.Remove(s.Path))
		}
	}
	return failed
}
