// Package idx writes idx files, the format of MNIST and its relatives: 0, 0, 8 for bytes, the number of dimensions, each of
// them as a big-endian uint32, then the values. ganlib/data reads them.
package idx

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

// Head is what stands before the values of an array of bytes of these sizes.
func Head(dims ...int) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return b
}

// ImagesOf is the official name of the images of a part, "train" or "t10k".
func ImagesOf(part string) string { return part + "-images-idx3-ubyte" }

// LabelsOf is the official name of its labels.
func LabelsOf(part string) string { return part + "-labels-idx1-ubyte" }

// Write writes a part of a set into a folder: pixels [N, height, width], and one label for each image.
func Write(dir, part string, pixels []byte, height, width int, labels []uint8) error {
	n := len(labels)
	if len(pixels) != n*height*width {
		return fmt.Errorf("idx: %s: %d pixels for %d images of %d×%d", filepath.Join(dir, ImagesOf(part)), len(pixels), n, height, width)
	}
	if err := os.WriteFile(filepath.Join(dir, ImagesOf(part)), append(Head(n, height, width), pixels...), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, LabelsOf(part)), append(Head(n), labels...), 0o644)
}
