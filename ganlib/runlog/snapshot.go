package runlog

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/vector"
)

const (
	weightsFile = "weights.safetensors"
	stateFile   = "state.json"
)

func snapshotFolder(images int64) string { return fmt.Sprintf("%08d", images) }

// Save writes a snapshot: the tensors as weights.safetensors and state, anything that has a JSON form, in state.json.
// It is whole or absent whatever happens: a temporary folder is filled, synced and renamed. Then the newest two and
// the one of the best score are kept and the others removed. A higher score is better; NaN is none, and among equals
// the newer is kept. The tensors must not change until Save returns.
//
// An error names the path and leaves the snapshots before as they were; the run stays usable.
func (r *Run) Save(images int64, tensors []Tensor, state any, score float64) error {
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: snapshot in %s: %w", r.dir, err)
	}
	if images < 0 {
		return fmt.Errorf("runlog: snapshot at %d images: a count is not negative", images)
	}
	content, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("runlog: snapshot at %d images: the state has no JSON form: %w", images, err)
	}
	r.snapshotMu.Lock()
	defer r.snapshotMu.Unlock()
	if err := r.syncMetrics(); err != nil { // the metrics of a snapshot must survive with it
		return err
	}
	root := r.path(snapshotDir)
	if err := os.MkdirAll(root, 0o777); err != nil {
		return noRoom(root, err)
	}
	temp, err := os.MkdirTemp(root, temporary+snapshotFolder(images)+"-*")
	if err != nil {
		return noRoom(root, err)
	}
	s := snapshotState{Format: stateFormat, Run: r.Info().ID, Images: images, Score: number64(score), Saved: time.Now().UTC(), State: content}
	if err := r.fill(temp, tensors, s); err != nil {
		os.RemoveAll(temp)
		return fmt.Errorf("runlog: snapshot at %d images not saved, the ones before are kept: cannot write %s: %w; check that the disk has room and the folder is writable",
			images, temp, err)
	}
	if err := r.publish(temp, filepath.Join(root, snapshotFolder(images))); err != nil {
		return err
	}
	return r.prune(images)
}

func (r *Run) syncMetrics() error {
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	return errors.Join(r.metrics.sync(), r.findings.sync())
}

// fill writes both files of a snapshot and syncs them and their folder.
func (r *Run) fill(dir string, tensors []Tensor, s snapshotState) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	header, ordered, err := encodeHeader(tensors)
	if err != nil {
		return err
	}
	parts := [][]byte{header}
	for _, t := range ordered {
		parts = append(parts, t.Data)
	}
	sum := make(chan string, 1)
	go func() { sum <- hashParts(parts) }() // beside the writing, which waits for the disk
	s.Bytes, err = r.writeFile(filepath.Join(dir, weightsFile), parts)
	s.Weights = <-sum
	if err != nil {
		return err
	}
	rememberVerified(dir, s.Weights, identity(filepath.Join(dir, weightsFile)))
	document, err := s.encode()
	if err != nil {
		return err
	}
	if _, err := r.writeFile(filepath.Join(dir, stateFile), [][]byte{document}); err != nil {
		return err
	}
	return syncDir(dir)
}

// hashParts is SHA-256: a checksum would find damage as well, but this one also names the weights, any system can
// recompute it, and 76 MB take 50 ms on a processor that has its instructions.
func hashParts(parts [][]byte) string {
	h := vector.SHA256()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (r *Run) writeFile(path string, parts [][]byte) (size int64, err error) {
	f, err := r.files.create(path)
	if err != nil {
		return 0, err
	}
	for _, p := range parts {
		n, werr := f.Write(p)
		size += int64(n)
		if werr != nil {
			err = werr
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return size, errors.Join(err, f.Close())
}

// files is how snapshot files reach the disk.
type files interface {
	create(path string) (syncFile, error)
}

type syncFile interface {
	io.WriteCloser
	Sync() error
}

type disk struct{}

func (disk) create(path string) (syncFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}
