package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Snapshot is a verified snapshot. Its tensors lie in read-only memory mapped from the file until Close.
type Snapshot struct {
	Dir     string
	Images  int64   // images shown
	Score   float64 // NaN: none
	Saved   time.Time
	Hash    string          // SHA-256 of weights.safetensors
	State   json.RawMessage // what Save was given, see DecodeState
	Tensors []Tensor        // in the order of the file
	byName  map[string]int
	unmap   func() error
}

// Tensor returns a tensor by name.
func (s *Snapshot) Tensor(name string) (Tensor, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return s.Tensors[i], true
}

// DecodeState fills into, a pointer, from the state given to Save.
func (s *Snapshot) DecodeState(into any) error {
	if err := json.Unmarshal(s.State, into); err != nil {
		return fmt.Errorf("runlog: state of snapshot %s does not fit %T: %w", s.Dir, into, err)
	}
	return nil
}

// Close gives the memory back; the tensors must not be used afterwards.
func (s *Snapshot) Close() error {
	if s == nil || s.unmap == nil {
		return nil
	}
	unmap := s.unmap
	s.unmap, s.Tensors, s.byName = nil, nil, nil
	return unmap()
}

// Damage is a snapshot folder that cannot be used, and why.
type Damage struct {
	Dir    string
	Reason error
}

// String names folder and reason.
func (d Damage) String() string { return fmt.Sprintf("%s: %v", d.Dir, d.Reason) }

// ErrNoSnapshot is wrapped by the error of Latest and Snapshot when there is none to use.
var ErrNoSnapshot = errors.New("no snapshot")

// Latest opens the newest snapshot that is whole: state.json agrees with its own check, the weights with the SHA-256
// in it, and both with the folder and the run. What it passed over on the way, newest first, is returned beside it.
// Without any it returns an error that wraps ErrNoSnapshot. What is no snapshot folder is no damage; only that error
// names it. It may be called while another process writes the run.
func (r *Run) Latest() (*Snapshot, []Damage, error) {
	var damaged []Damage
	for range 10 { // once more when the writer removed what was listed
		damaged = nil
		vanished := false
		for _, images := range r.snapshotCounts() {
			dir := r.path(snapshotDir, snapshotFolder(images))
			s, err := r.open(dir, images)
			if err == nil {
				return s, damaged, nil
			}
			if !exists(dir) {
				vanished = true
				break
			}
			damaged = append(damaged, Damage{dir, err})
		}
		if !vanished {
			break
		}
	}
	if len(damaged) > 0 {
		return nil, damaged, fmt.Errorf("runlog: %w in %s can be used: %v", ErrNoSnapshot, r.path(snapshotDir), damaged)
	}
	if strays := r.strays(); len(strays) > 0 {
		return nil, nil, fmt.Errorf("runlog: %w in %s yet, only what is none: %s", ErrNoSnapshot, r.path(snapshotDir), strings.Join(strays, ", "))
	}
	return nil, nil, fmt.Errorf("runlog: %w in %s yet", ErrNoSnapshot, r.path(snapshotDir))
}

// Snapshots returns the images shown at each snapshot, newest first, without opening them.
func (r *Run) Snapshots() []int64 { return r.snapshotCounts() }

// Snapshot opens and verifies the snapshot at a count of images.
func (r *Run) Snapshot(images int64) (*Snapshot, error) {
	dir := r.path(snapshotDir, snapshotFolder(images))
	s, err := r.open(dir, images)
	if errors.Is(err, fs.ErrNotExist) && !exists(dir) {
		return nil, fmt.Errorf("runlog: %w at %d images in %s; there are %v", ErrNoSnapshot, images, r.dir, r.snapshotCounts())
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: snapshot %s is damaged: %w", dir, err)
	}
	return s, nil
}

// strays lists what lies in the snapshots folder and is no snapshot folder, such as Thumbs.db or notes.txt.
func (r *Run) strays() []string {
	entries, _ := os.ReadDir(r.path(snapshotDir))
	var found []string
	for _, e := range entries {
		if _, ok := snapshotCount(e); !ok && !strings.HasPrefix(e.Name(), ".") {
			found = append(found, e.Name())
		}
	}
	return found
}

// open verifies a snapshot.
func (r *Run) open(dir string, images int64) (*Snapshot, error) {
	state, err := readState(dir)
	if err != nil {
		return nil, err
	}
	if id := r.Info().ID; state.Run != id {
		return nil, fmt.Errorf("it belongs to run %s, not to %s", state.Run, id)
	}
	if state.Images != images {
		return nil, fmt.Errorf("it was saved at %d images", state.Images)
	}
	weights := filepath.Join(dir, weightsFile)
	is := identity(weights) // before it is read: what changes meanwhile is not what was verified
	known := r.writable() != nil && isVerified(dir, state.Weights, is)
	data, unmap, err := mapFile(weights, !known)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Dir: dir, Images: images, Score: float64(state.Score), Saved: state.Saved, Hash: state.Weights, State: state.State, unmap: unmap}
	if err := s.verify(data, state, known); err != nil {
		unmap()
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	if !known && r.writable() != nil {
		rememberVerified(dir, state.Weights, is)
	}
	return s, nil
}

// verify checks the weights against what the state says of them; known spares reading them all.
func (s *Snapshot) verify(data []byte, state snapshotState, known bool) (err error) {
	if int64(len(data)) != state.Bytes {
		return fmt.Errorf("%d bytes, %d were saved", len(data), state.Bytes)
	}
	if !known {
		if is := hashParts([][]byte{data}); is != state.Weights {
			return fmt.Errorf("SHA-256 %.12s…, %.12s… was saved", is, state.Weights)
		}
	}
	if s.Tensors, err = parseSafetensors(data); err != nil {
		return err
	}
	s.byName = make(map[string]int, len(s.Tensors))
	for i, t := range s.Tensors {
		s.byName[t.Name] = i
	}
	return nil
}
