package anomaly

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/idx"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// Images says which digits the notebook works with.
type Images struct {
	Data string // for experiments.Options
	Text string // what they are, for the reader
}

func (i Images) String() string { return i.Text }

// Digits finds MNIST where ./ganbook data download mnist, or GANBOOK_DATA, has put it. Without it digits are drawn and
// kept below the folder of runs, "" being the usual one: fewer and more alike than handwritten ones, and the text says so.
func Digits(out string) (Images, error) {
	if dir, err := data.DownloadDir("mnist"); err == nil {
		if _, err := os.Stat(dir); err == nil {
			return mnist()
		}
	}
	dir, err := filepath.Abs(filepath.Join(cmp.Or(out, experiments.DefaultOut), ".drawn-digits"))
	if err == nil {
		err = drawDigits(dir)
	}
	return Images{dir, fmt.Sprintf("Digits drawn by this notebook, %d for training and %d for tests: NOT MNIST, which is not on this machine.\n"+
		"Numbers and pictures below are theirs. For MNIST: ./ganbook data download mnist, then this cell again.", 10*drawnTraining, 10*drawnTest)}, err
}

func mnist() (Images, error) {
	src, err := data.Open(context.Background(), "mnist", "", data.Options{Split: "test"})
	if err != nil {
		return Images{}, err
	}
	text := "MNIST, the official files"
	if !src.Official() {
		text = "files in MNIST's place whose contents are not the official ones"
	}
	return Images{"mnist", fmt.Sprintf("%s; %d images for tests", text, src.Len())}, nil
}

// Drawn digits of each class.
const (
	drawnTraining = 300
	drawnTest     = 60
)

// drawing is the number of the way in which digits are drawn: raise it whenever they come out otherwise.
const drawing = 1

// drawnStamp is the file that is written last. It says which drawing the files are, and their checksums.
const drawnStamp = "drawing.txt"

// drawDigits writes drawn digits in the official format, unless they are there, whole and drawn as today.
func drawDigits(dir string) error {
	if text, err := os.ReadFile(filepath.Join(dir, drawnStamp)); err == nil && string(text) == stampOf(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("anomaly: %w", err)
	}
	// Until the stamp is there again, the files belong to nobody who could trust them.
	if err := os.Remove(filepath.Join(dir, drawnStamp)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("anomaly: %w", err)
	}
	for name, content := range map[string][]byte{
		idx.ImagesOf("t10k"): drawnImages("test", drawnTest), idx.LabelsOf("t10k"): drawnLabels(drawnTest),
		idx.ImagesOf("train"): drawnImages("train", drawnTraining), idx.LabelsOf("train"): drawnLabels(drawnTraining),
	} {
		if err := runlog.WriteFile(filepath.Join(dir, name), content); err != nil {
			return fmt.Errorf("anomaly: %w", err)
		}
	}
	if err := runlog.WriteFile(filepath.Join(dir, drawnStamp), []byte(stampOf(dir))); err != nil {
		return fmt.Errorf("anomaly: %w", err)
	}
	return nil
}

// stampOf is what the stamp of a folder's files must say. A file that cannot be read has the checksum of no bytes, which
// no stamp has.
func stampOf(dir string) string {
	text := fmt.Sprintf("drawing %d\n", drawing)
	for _, part := range []string{"train", "t10k"} {
		for _, name := range []string{idx.ImagesOf(part), idx.LabelsOf(part)} {
			content, _ := os.ReadFile(filepath.Join(dir, name))
			text += fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
		}
	}
	return text
}

// drawnImages are so many of each digit, 0, 1 … 9, 0, 1 …
func drawnImages(split string, each int) []byte {
	b := idx.Head(10*each, side, side)
	rng := seed.Rand(999, "drawn digits "+split)
	for range each {
		for digit := range 10 {
			b = append(b, drawn(digit, rng)...)
		}
	}
	return b
}

func drawnLabels(each int) []byte {
	b := idx.Head(10 * each)
	for i := range 10 * each {
		b = append(b, byte(i%10))
	}
	return b
}
