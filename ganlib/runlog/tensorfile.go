package runlog

import "bytes"

// EncodeTensors is a safetensors file with the tensors in their order, larger element types first. The same tensors
// give the same bytes.
func EncodeTensors(tensors []Tensor) ([]byte, error) {
	header, ordered, err := encodeHeader(tensors)
	if err != nil {
		return nil, err
	}
	parts := [][]byte{header}
	for _, t := range ordered {
		parts = append(parts, t.Data)
	}
	return bytes.Join(parts, nil), nil
}

// DecodeTensors reads a safetensors file of anybody's from memory, in the order of the data; Data points into file. It
// accepts only files in which every byte belongs to exactly one tensor.
func DecodeTensors(file []byte) ([]Tensor, error) { return parseSafetensors(file) }
