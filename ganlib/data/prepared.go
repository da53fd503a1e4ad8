package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/vector"
)

// A prepared file holds decoded images so that a second start costs milliseconds:
//
//	pixels [N, H, W, C] | labels [N] or nothing | description (JSON) | its length uint32 | its CRC-32C uint32 | magic
//
// Pixels and labels are covered by one CRC-32C for each MiB, kept in the description.
const (
	preparedMagic = "ganbook1"
	trailerSize   = 4 + 4 + len(preparedMagic)
	blockSize     = 1 << 20
	// checkedBlocks bounds what opening reads: all of a set up to 64 MiB, an even sample of a larger one. The file
	// was renamed into place after it was complete, so what remains to be found is a damaged disk.
	checkedBlocks = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// description is what a prepared file says about itself.
type description struct {
	Name     string   `json:"name"`
	Note     string   `json:"note,omitempty"`
	Found    string   `json:"found,omitempty"`
	Official bool     `json:"official"`
	Images   int      `json:"images"`
	Height   int      `json:"height"`
	Width    int      `json:"width"`
	Channels int      `json:"channels"`
	Labelled bool     `json:"labelled"`
	Hash     string   `json:"hash"`
	Blocks   []uint32 `json:"blocks"`
}

func (d *description) pixelBytes() int { return d.Images * d.Height * d.Width * d.Channels }

func (d *description) bytes() int {
	if d.Labelled {
		return d.pixelBytes() + d.Images
	}
	return d.pixelBytes()
}

// source is the set over the described bytes.
func (d *description) source(body []byte) *Source {
	var labels []uint8
	if d.Labelled {
		labels = body[d.pixelBytes():d.bytes():d.bytes()]
	}
	s := stored(d.Name, body[:d.pixelBytes():d.pixelBytes()], d.Images, d.Height, d.Width, d.Channels, labels)
	s.note, s.found, s.official, s.unnamed = d.Note, d.Found, d.Official, !d.Official
	s.hash = func() string { return d.Hash }
	return s
}

// openPrepared maps a prepared file and checks it.
func openPrepared(path string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < int64(trailerSize) {
		return nil, fmt.Errorf("%s: %d bytes are too few for a prepared file", path, info.Size())
	}
	all, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: mapping: %w", path, err)
	}
	d, err := readDescription(all)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d.source(all[:d.bytes()]), nil
}

func readDescription(all []byte) (*description, error) {
	trailer := all[len(all)-trailerSize:]
	if string(trailer[8:]) != preparedMagic {
		return nil, errors.New("does not end as a prepared file does")
	}
	length := int(binary.LittleEndian.Uint32(trailer))
	start := len(all) - trailerSize - length
	if start < 0 {
		return nil, errors.New("truncated")
	}
	text := all[start : start+length]
	if crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(trailer[4:]) {
		return nil, errors.New("description has a wrong checksum")
	}
	d := &description{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	if d.Images <= 0 || d.Height <= 0 || d.Width <= 0 || d.bytes() != start || len(d.Blocks) != (start+blockSize-1)/blockSize {
		return nil, errors.New("length does not fit the description")
	}
	step := max(1, (len(d.Blocks)+checkedBlocks-1)/checkedBlocks)
	for i := 0; i < len(d.Blocks); i += step {
		if crc32.Checksum(all[i*blockSize:min((i+1)*blockSize, start)], castagnoli) != d.Blocks[i] {
			return nil, fmt.Errorf("block %d has a wrong checksum", i)
		}
	}
	return d, nil
}

// preparing starts the name of a file that is being prepared.
const preparing = ".preparing-"

// preparedWriter collects images of one shape, in a temporary file that becomes path, or in memory when path is "".
type preparedWriter struct {
	description
	path   string
	file   *os.File
	memory bytes.Buffer
	out    *bufio.Writer
	labels []uint8
	top    byte // largest value of the files
	sum    hash.Hash
	block  uint32 // CRC of the block being filled
	filled int    // bytes in it
}

func newPreparedWriter(path string, d description) (*preparedWriter, error) {
	w := &preparedWriter{description: d, path: path, sum: vector.SHA256()}
	if path == "" {
		w.out = bufio.NewWriter(&w.memory)
		return w, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), preparing+"*")
	if err != nil {
		return nil, err
	}
	w.file, w.out = f, bufio.NewWriterSize(f, blockSize)
	return w, nil
}

// add appends whole images and, for a labelled set, their labels.
func (w *preparedWriter) add(pixels []byte, labels []uint8) error {
	w.Images += len(pixels) / (w.Height * w.Width * w.Channels)
	w.labels = append(w.labels, labels...)
	return w.write(pixels)
}

func (w *preparedWriter) write(b []byte) error {
	w.sum.Write(b)
	for rest := b; len(rest) > 0; {
		n := min(len(rest), blockSize-w.filled)
		w.block = crc32.Update(w.block, castagnoli, rest[:n])
		w.filled += n
		rest = rest[n:]
		if w.filled == blockSize {
			w.endBlock()
		}
	}
	_, err := w.out.Write(b)
	return err
}

func (w *preparedWriter) endBlock() {
	if w.filled > 0 {
		w.Blocks = append(w.Blocks, w.block)
		w.block, w.filled = 0, 0
	}
}

// finish completes the set and opens it.
func (w *preparedWriter) finish() (*Source, error) {
	if w.Labelled {
		if err := w.write(w.labels); err != nil {
			return nil, err
		}
	}
	w.endBlock()
	named := ""
	if w.Official {
		named = w.Name
	}
	w.Hash = finishHash(w.sum, named, w.Images, w.Height, w.Width, w.Channels)
	if w.file == nil {
		if err := w.out.Flush(); err != nil {
			return nil, err
		}
		d := w.description
		return d.source(w.memory.Bytes()), nil
	}
	text, err := json.Marshal(w.description)
	if err != nil {
		return nil, err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	trailer = binary.LittleEndian.AppendUint32(trailer, crc32.Checksum(text, castagnoli))
	if _, err := io.Copy(w.out, io.MultiReader(bytes.NewReader(text), bytes.NewReader(trailer), bytes.NewReader([]byte(preparedMagic)))); err != nil {
		return nil, err
	}
	if err := errors.Join(w.out.Flush(), w.file.Sync(), w.file.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return nil, err
	}
	return openPrepared(w.path)
}

// discard removes the temporary file, if finish did not rename it.
func (w *preparedWriter) discard() {
	if w.file != nil {
		w.file.Close()
		os.Remove(w.file.Name())
	}
}
