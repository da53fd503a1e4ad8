package train

import (
	"errors"
	"fmt"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Pack copies every variable of a store into safetensors entries: names without the leading "/", little endian.
func Pack(store *model.Store) ([]runlog.Tensor, error) {
	var entries []runlog.Tensor
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("train: variable %s: %w", v.Path(), err)
		}
		dtype, ok := formatOf[v.DType()]
		if !ok {
			return nil, fmt.Errorf("train: variable %s: a snapshot cannot hold %s", v.Path(), v.DType())
		}
		e := runlog.Tensor{Name: v.Path()[1:], DType: dtype, Shape: v.Shape().Dimensions}
		if err := value.ConstBytes(func(b []byte) { e.Data = append([]byte(nil), b...) }); err != nil {
			return nil, fmt.Errorf("train: variable %s: %w", v.Path(), err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// fixed lists the variables of networks that no optimiser moves.
func fixed(store *model.Store) []string {
	var paths []string
	for v := range store.IterVariables() {
		if !v.Trainable && !ganlib.IsOptimizer(v.Path()) {
			paths = append(paths, v.Path())
		}
	}
	return paths
}

var formatOf = map[dtypes.DType]string{dtypes.Float32: "F32", dtypes.Float64: "F64", dtypes.Int32: "I32", dtypes.Int64: "I64", dtypes.Uint64: "U64"}

// Unpack creates the variables of a snapshot in a store; networks built afterwards take them as they are.
func Unpack(store *model.Store, entries []runlog.Tensor) error {
	for _, e := range entries {
		dtype, ok := dtypeOf(e.DType)
		if !ok {
			return fmt.Errorf("tensor %s: type %s is none that a run of ours writes", e.Name, e.DType)
		}
		value := tensors.FromShape(shapes.Make(dtype, e.Shape...))
		var short error
		err := value.MutableBytes(func(b []byte) {
			if copy(b, e.Data) != len(b) || len(b) != len(e.Data) {
				short = fmt.Errorf("tensor %s: %d bytes for shape %v", e.Name, len(e.Data), e.Shape)
			}
		})
		if err := errors.Join(err, short); err != nil {
			return err
		}
		v, err := store.CreateVariable("/"+e.Name, value)
		if err != nil {
			return fmt.Errorf("tensor %s: %w", e.Name, err)
		}
		v.SetTrainable(!ganlib.IsOptimizer(v.Path()))
	}
	return nil
}

func dtypeOf(format string) (dtypes.DType, bool) {
	for d, f := range formatOf {
		if f == format {
			return d, true
		}
	}
	return dtypes.InvalidDType, false
}

// notFinite names the first entry with a NaN or an infinity, "" when all is well.
func notFinite(entries []runlog.Tensor) string {
	for _, e := range entries {
		if e.DType != "F32" {
			continue
		}
		for i := 0; i+4 <= len(e.Data); i += 4 {
			// All exponent bits set: infinity or NaN.
			if e.Data[i+3]&0x7f == 0x7f && e.Data[i+2]&0x80 != 0 {
				return e.Name
			}
		}
	}
	return ""
}
