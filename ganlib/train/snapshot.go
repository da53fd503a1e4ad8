package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// failuresAllowed is how many snapshots in a row may fail before training stops: a full disk may be emptied in time,
// a night's training that cannot be kept is not worth going on.
const failuresAllowed = 3

// saver writes snapshots beside the training, one at a time.
type saver struct {
	run      *runlog.Run
	pending  chan error // of the snapshot being written; nil: none
	failures int
}

func newSaver(run *runlog.Run) *saver { return &saver{run: run} }

// wait ends the snapshot being written and returns its error.
func (s *saver) wait() error {
	if s == nil || s.pending == nil {
		return nil
	}
	err := <-s.pending
	s.pending = nil
	return err
}

// save copies nothing: entries must not change until wait.
func (s *saver) save(entries []runlog.Tensor, state State) {
	done := make(chan error, 1)
	s.pending = done
	go func() {
		if name := notFinite(entries); name != "" {
			done <- fmt.Errorf("train: %s holds numbers that are not finite at iteration %d; the snapshot was not written", name, state.Iteration)
			return
		}
		done <- s.run.Save(state.Images, entries, state, math.NaN())
	}()
}

// saveSoon begins a snapshot; training goes on as soon as the variables are copied (tens of milliseconds).
func (t *Trainer) saveSoon() error {
	if t.saver == nil {
		return nil
	}
	if err := t.settle(t.saver.wait()); err != nil {
		return err
	}
	entries, err := Pack(t.store)
	if err != nil {
		return err
	}
	t.saver.save(entries, t.state.clone())
	return nil
}

// settle decides what a failed snapshot means: a warning, until too many failed in a row.
func (t *Trainer) settle(err error) error {
	if err == nil {
		t.saver.failures = 0
		return nil
	}
	t.saver.failures++
	if t.saver.failures >= failuresAllowed {
		return fmt.Errorf("train: %s: %d snapshots in a row failed, training stops: %w", t.gan.Name, t.saver.failures, err)
	}
	t.warn("a snapshot failed, training goes on: %v", err)
	return nil
}

// saveNow writes the last snapshot and waits for it.
func (t *Trainer) saveNow() error {
	if t.saver == nil {
		return nil
	}
	if err := t.saver.wait(); err != nil {
		t.warn("a snapshot failed: %v", err)
	}
	entries, err := Pack(t.store)
	if err != nil {
		return err
	}
	t.saver.save(entries, t.state.clone())
	if err := t.saver.wait(); err != nil {
		return fmt.Errorf("train: %s: the last snapshot failed, the run stays at the one before: %w", t.gan.Name, err)
	}
	return nil
}

func (s State) clone() State {
	updates := make(map[string]int64, len(s.Updates))
	for k, v := range s.Updates {
		updates[k] = v
	}
	s.Updates = updates
	return s
}

// restore loads the newest whole snapshot of the run, if there is one.
func (t *Trainer) restore() error {
	snap, damaged, err := t.opt.Run.Latest()
	for _, d := range damaged {
		t.warn("%v; the snapshot before it is used", d)
	}
	if errors.Is(err, runlog.ErrNoSnapshot) {
		return nil
	}
	if err != nil {
		return err
	}
	defer snap.Close()
	if err := json.Unmarshal(snap.State, &t.state); err != nil {
		return fmt.Errorf("train: %s: state: %w", snap.Dir, err)
	}
	if t.state.Updates == nil {
		t.state.Updates = map[string]int64{}
	}
	if err := Unpack(t.store, snap.Tensors); err != nil {
		return fmt.Errorf("train: %s: %w", snap.Dir, err)
	}
	return t.opt.Run.Rewind(t.state.Iteration)
}

// Load fills a store with the variables of a run's newest whole snapshot and returns the state it was taken in.
func Load(run *runlog.Run, store *model.Store) (State, error) {
	snap, _, err := run.Latest()
	if err != nil {
		return State{}, err
	}
	defer snap.Close()
	var s State
	if err := json.Unmarshal(snap.State, &s); err != nil {
		return s, fmt.Errorf("train: %s: state: %w", snap.Dir, err)
	}
	return s, Unpack(store, snap.Tensors)
}

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
