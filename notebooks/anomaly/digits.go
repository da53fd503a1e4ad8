package anomaly

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
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

// drawDigits writes drawn digits in the official format, unless they are there. The last file is written last.
func drawDigits(dir string) error {
	files := []struct {
		name    string
		content func() []byte
	}{
		{"t10k-images-idx3-ubyte", func() []byte { return drawnImages("test", drawnTest) }},
		{"t10k-labels-idx1-ubyte", func() []byte { return drawnLabels(drawnTest) }},
		{"train-images-idx3-ubyte", func() []byte { return drawnImages("train", drawnTraining) }},
		{"train-labels-idx1-ubyte", func() []byte { return drawnLabels(drawnTraining) }},
	}
	if _, err := os.Stat(filepath.Join(dir, files[len(files)-1].name)); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("anomaly: %w", err)
	}
	for _, f := range files {
		if err := runlog.WriteFile(filepath.Join(dir, f.name), f.content()); err != nil {
			return fmt.Errorf("anomaly: %w", err)
		}
	}
	return nil
}

// drawnImages are so many of each digit, 0, 1 … 9, 0, 1 …
func drawnImages(split string, each int) []byte {
	b := idx(10*each, side, side)
	rng := seed.Rand(999, "drawn digits "+split)
	for range each {
		for digit := range 10 {
			b = append(b, drawn(digit, rng)...)
		}
	}
	return b
}

func drawnLabels(each int) []byte {
	b := idx(10 * each)
	for i := range 10 * each {
		b = append(b, byte(i%10))
	}
	return b
}

// idx is the head of a file of bytes in the format of MNIST.
func idx(dims ...int) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return b
}
