package runlog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The safetensors format: 8 bytes little-endian header length, a JSON header that maps each name to its type, shape
// and place, then the data without gaps (https://huggingface.co/docs/safetensors). Nothing in it is executed.
const (
	metadataKey   = "__metadata__"
	maxHeaderSize = 100_000_000 // the limit of the format
	dataAlignment = 8
)

type tensorHeader struct {
	DType   string    `json:"dtype"`
	Shape   *[]int    `json:"shape"`
	Offsets *[2]int64 `json:"data_offsets"`
}

// encodeHeader returns the length and JSON header, padded with spaces to the alignment, and the tensors as their data
// follow. Larger element types come first, so that every tensor is aligned to its elements; else the order is kept.
func encodeHeader(tensors []Tensor) ([]byte, []Tensor, error) {
	ordered := slices.Clone(tensors)
	slices.SortStableFunc(ordered, func(a, b Tensor) int { return bytesPer[b.DType] - bytesPer[a.DType] })
	b := make([]byte, 8, 8+128*len(tensors))
	b = append(b, `{"`+metadataKey+`":{"format":"pt"}`...) // the readers of PyTorch ask for it
	seen := map[string]bool{}
	offset := int64(0)
	for _, t := range ordered {
		if err := t.check(); err != nil {
			return nil, nil, err
		}
		if seen[t.Name] || !utf8.ValidString(t.Name) {
			return nil, nil, fmt.Errorf("tensor %q: the name is used twice or is not UTF-8", t.Name)
		}
		seen[t.Name] = true
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		end := offset + int64(len(t.Data))
		entry, err := json.Marshal(tensorHeader{t.DType, &shape, &[2]int64{offset, end}})
		if err != nil {
			return nil, nil, err
		}
		b = append(b, ',')
		b = appendString(b, t.Name)
		b = append(append(b, ':'), entry...)
		offset = end
	}
	b = append(b, '}')
	for len(b)%dataAlignment != 0 {
		b = append(b, ' ')
	}
	if len(b)-8 > maxHeaderSize {
		return nil, nil, fmt.Errorf("header of %d bytes is over the limit of %d", len(b)-8, maxHeaderSize)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
	return b, ordered, nil
}

// parseSafetensors reads a safetensors file from memory, in the order of the data; Data points into file.
// It accepts only files in which every byte belongs to exactly one tensor.
func parseSafetensors(file []byte) ([]Tensor, error) {
	if len(file) < 8 {
		return nil, fmt.Errorf("%d bytes are too few", len(file))
	}
	size := binary.LittleEndian.Uint64(file)
	if size > maxHeaderSize || size > uint64(len(file)-8) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", size, len(file))
	}
	header, data := file[8:8+size], file[8+size:]
	entries, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return compare(a.begin, b.begin)
		}
		return compare(a.end, b.end)
	})
	tensors := make([]Tensor, 0, len(entries))
	next := int64(0)
	for _, e := range entries {
		if e.begin != next || e.end < e.begin || e.end > int64(len(data)) {
			return nil, fmt.Errorf("tensor %q: bytes %d to %d, expected from %d within %d", e.name, e.begin, e.end, next, len(data))
		}
		t := Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: data[e.begin:e.end:e.end]}
		if err := t.check(); err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
		next = e.end
	}
	if next != int64(len(data)) {
		return nil, fmt.Errorf("%d bytes after the last tensor", int64(len(data))-next)
	}
	return tensors, nil
}

func compare(a, b int64) int { return int(max(-1, min(1, a-b))) }

type entry struct {
	name, dtype string
	shape       []int
	begin, end  int64
}

// parseHeader walks the header key by key, since a map would hide a name that is there twice.
func parseHeader(header []byte) ([]entry, error) {
	if !bytes.HasPrefix(header, []byte("{")) || !utf8.Valid(header) {
		return nil, errors.New("the header is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(header))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var entries []entry
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		name, _ := token.(string)
		if seen[name] {
			return nil, fmt.Errorf("tensor %q is there twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			var metadata map[string]string
			if err := d.Decode(&metadata); err != nil {
				return nil, fmt.Errorf("header: %s: %w", metadataKey, err)
			}
			continue
		}
		var h tensorHeader
		if err := d.Decode(&h); err != nil {
			return nil, fmt.Errorf("header: tensor %q: %w", name, err)
		}
		if h.Shape == nil || h.Offsets == nil || h.Offsets[0] < 0 || h.Offsets[1] < 0 {
			return nil, fmt.Errorf("header: tensor %q: no shape or no place in the data", name)
		}
		entries = append(entries, entry{name, h.DType, *h.Shape, h.Offsets[0], h.Offsets[1]})
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if rest := strings.TrimRight(string(header[d.InputOffset():]), " "); rest != "" {
		return nil, errors.New("header: something follows the JSON object")
	}
	return entries, nil
}
