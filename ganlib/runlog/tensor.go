package runlog

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Tensor is one entry of a safetensors file.
type Tensor struct {
	Name  string
	DType string // "F32", "F64", "I64", "U8", "BOOL" …
	Shape []int  // empty for a scalar
	Data  []byte // little endian, row-major; from a snapshot it is read-only memory
}

// bytesPer is the size of one element of each safetensors type.
var bytesPer = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
	"U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4,
	"U64": 8, "I64": 8, "F64": 8,
}

// check compares the data with type and shape.
func (t Tensor) check() error {
	if t.Name == "" || t.Name == metadataKey {
		return fmt.Errorf("a tensor cannot be named %q", t.Name)
	}
	want, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	if int64(len(t.Data)) != want {
		return fmt.Errorf("tensor %q: %s %v needs %d bytes, has %d", t.Name, t.DType, t.Shape, want, len(t.Data))
	}
	return nil
}

// byteSize is the number of bytes of a tensor; the product of the dimensions must not overflow.
func byteSize(dtype string, shape []int) (int64, error) {
	per, ok := bytesPer[dtype]
	if !ok {
		return 0, fmt.Errorf("type %q is unknown", dtype)
	}
	size := int64(per)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d > 0 && size > math.MaxInt64/int64(d) {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		size *= int64(d)
	}
	return size, nil
}

// Float32s makes an F32 tensor of a copy of the values.
func Float32s(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{Name: name, DType: "F32", Shape: shape, Data: data}
}

// Float32s returns a copy of the values of an F32 tensor.
func (t Tensor) Float32s() ([]float32, error) {
	if t.DType != "F32" {
		return nil, fmt.Errorf("runlog: tensor %q is %s, not F32", t.Name, t.DType)
	}
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values, nil
}
