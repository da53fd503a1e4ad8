package gantest

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Numbers is a tensor in a golden file, in one of three forms: exact values Q[i]·Scale, where Scale is a power of
// two; printed values V; or a fingerprint of a large tensor.
type Numbers struct {
	Shape  []int
	Scale  float64
	Q      []float64
	V      []float64
	Sum    float64
	L2     float64
	MaxAbs float64
	Head   []float64 // the first values in row-major order of Shape
}

// Given tells whether a file has these numbers at all.
func (n Numbers) Given() bool { return n.Q != nil || n.V != nil || n.IsFingerprint() }

// IsFingerprint tells whether only a summary is stored.
func (n Numbers) IsFingerprint() bool { return n.Head != nil }

// Values returns all values, row-major; not for fingerprints.
func (n Numbers) Values() []float64 {
	if n.Q == nil {
		return slices.Clone(n.V)
	}
	values := make([]float64, len(n.Q))
	for i, q := range n.Q {
		values[i] = q * n.Scale
	}
	return values
}

// Tensor returns the values as a tensor.
func (n Numbers) Tensor(dtype dtypes.DType) *tensors.Tensor {
	return Tensor(dtype, n.Values(), n.Shape...)
}

// Tensor makes a Float32 or Float64 tensor of the given values.
func Tensor(dtype dtypes.DType, values []float64, dims ...int) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, dims...)
}

// Flat returns the values of a Float32 or Float64 tensor in row-major order.
func Flat(t testing.TB, tensor *tensors.Tensor) []float64 {
	t.Helper()
	if tensor.DType() == dtypes.Float64 {
		values, err := tensors.CopyFlatData[float64](tensor)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	narrow, err := tensors.CopyFlatData[float32](tensor)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(narrow))
	for i, v := range narrow {
		values[i] = float64(v)
	}
	return values
}
