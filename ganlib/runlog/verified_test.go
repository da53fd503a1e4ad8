package runlog

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A snapshot found whole is not read again, and yet nothing that happens to it afterwards is missed.
func TestVerifiedSnapshots(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(64, []Tensor{Float32s("w", []int{1000}, make([]float32, 1000))}, nil, 0))
	must(t, r.Close())
	dir := filepath.Join(r.Dir(), snapshotDir, "00000064")
	weights, memory := filepath.Join(dir, weightsFile), filepath.Join(dir, verifiedFile)
	reader, err := Open(r.Dir())
	must(t, err)
	open := func() error {
		s, _, err := reader.Latest()
		s.Close()
		return err
	}
	state, err := readState(dir)
	must(t, err)
	if !isVerified(dir, state.Weights, identity(weights)) {
		t.Fatal("what was saved is not remembered")
	}
	must(t, os.Remove(memory))
	must(t, open())
	if !isVerified(dir, state.Weights, identity(weights)) {
		t.Fatal("what was found whole is not remembered")
	}
	must(t, open())
	if left, _ := filepath.Glob(filepath.Join(dir, temporary+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// A flipped bit under the old time of change: the state of the file has changed all the same.
	info, err := os.Stat(weights)
	must(t, err)
	content, err := os.ReadFile(weights)
	must(t, err)
	time.Sleep(20 * time.Millisecond) // more than the system's clock for files has to tell apart
	content[len(content)-1] ^= 1
	must(t, os.WriteFile(weights, content, 0o644))
	must(t, os.Chtimes(weights, time.Time{}, info.ModTime()))
	if open() == nil {
		t.Error("a flipped bit was not noticed")
	}
	// What somebody put into the file of the memory is not believed by a writer.
	rememberVerified(dir, state.Weights, identity(weights))
	must(t, open())
	writer, err := Resume(r.Dir())
	must(t, err)
	defer writer.Close()
	if _, _, err := writer.Latest(); err == nil {
		t.Error("a writer goes on from weights that it has not read")
	}
	must(t, os.Remove(memory))
	if open() == nil {
		t.Error("opened without having been verified")
	}
}

// Where nothing can be written, snapshots are opened all the same.
func TestVerifiedInAFolderThatCannotBeWritten(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(64, []Tensor{Float32s("w", []int{1}, []float32{1})}, nil, 0))
	must(t, r.Close())
	memory := filepath.Join(r.Dir(), snapshotDir, "00000064", verifiedFile)
	must(t, os.Remove(memory))
	must(t, os.Mkdir(memory, 0o755)) // no file can take that name
	reader, err := Open(r.Dir())
	must(t, err)
	for range 2 {
		s, _, err := reader.Latest()
		must(t, err)
		must(t, s.Close())
	}
}
