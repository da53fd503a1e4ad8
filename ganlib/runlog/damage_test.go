package runlog

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestDamagedSnapshotIsPassedOver(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(dir string) error
		want string
	}{
		"bit in weights": {func(d string) error { return flip(filepath.Join(d, weightsFile), -1) }, "SHA-256"},
		"bit in header":  {func(d string) error { return flip(filepath.Join(d, weightsFile), 20) }, "SHA-256"},
		"weights cut":    {func(d string) error { return os.Truncate(filepath.Join(d, weightsFile), 50) }, "bytes"},
		"weights empty":  {func(d string) error { return os.Truncate(filepath.Join(d, weightsFile), 0) }, "invalid"},
		"weights gone":   {func(d string) error { return os.Remove(filepath.Join(d, weightsFile)) }, "no such file"},
		"state gone":     {func(d string) error { return os.Remove(filepath.Join(d, stateFile)) }, "no such file"},
		"state cut":      {func(d string) error { return os.Truncate(filepath.Join(d, stateFile), 100) }, stateFile},
		"bit in state":   {func(d string) error { return edit(filepath.Join(d, stateFile), `"state":3`, `"state":2`) }, "SHA-256"},
		"of another run": {func(d string) error { return foreignState(d) }, "belongs to run 00009-other"},
		"renamed":        {func(d string) error { return os.Rename(d, filepath.Join(filepath.Dir(d), "00000004")) }, "saved at 3"},
		"state a folder": {func(d string) error {
			return errors.Join(os.Remove(filepath.Join(d, stateFile)), os.Mkdir(filepath.Join(d, stateFile), 0o777))
		}, "is a directory"},
		"not a safetensors": {func(d string) error { return replaceWeights(d, []byte("not a safetensors file")) }, "safetensors"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t)
			for i := range int64(3) {
				must(t, r.Save(i+1, oneTensor(float32(i)), i+1, nan))
			}
			must(t, c.harm(filepath.Join(r.Dir(), snapshotDir, "00000003")))
			s, damaged, err := r.Latest()
			must(t, err)
			defer s.Close()
			if s.Images != 2 || len(damaged) != 1 || !strings.Contains(damaged[0].String(), c.want) {
				t.Errorf("opened %d; damaged %v, want one with %q", s.Images, damaged, c.want)
			}
			must(t, os.RemoveAll(filepath.Join(r.Dir(), snapshotDir, "00000002")))
			if _, damaged, err := r.Latest(); !errors.Is(err, ErrNoSnapshot) || len(damaged) != 1 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("no good one left: %v, %v", damaged, err)
			}
		})
	}
}

func flip(path string, at int64) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[(at+int64(len(b)))%int64(len(b))] ^= 4
	return os.WriteFile(path, b, 0o666)
}

func edit(path, old, with string) error {
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), old) {
		return errors.Join(err, errors.New("nothing to replace"))
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), old, with, 1)), 0o666)
}

func foreignState(dir string) error {
	s, err := readState(dir)
	if err != nil {
		return err
	}
	s.Run = "00009-other"
	b, err := s.encode()
	return errors.Join(err, os.WriteFile(filepath.Join(dir, stateFile), b, 0o666))
}

// replaceWeights puts other weights there and makes state.json agree with them.
func replaceWeights(dir string, weights []byte) error {
	s, err := readState(dir)
	if err != nil {
		return err
	}
	s.Bytes, s.Weights = int64(len(weights)), hashParts([][]byte{weights})
	b, err := s.encode()
	return errors.Join(err, os.WriteFile(filepath.Join(dir, stateFile), b, 0o666), os.WriteFile(filepath.Join(dir, weightsFile), weights, 0o666))
}

// What is no snapshot folder is no damage: a run killed before its first snapshot can begin again.
func TestStrayFilesAreNoDamage(t *testing.T) {
	r := newRun(t)
	dir := filepath.Join(r.Dir(), snapshotDir)
	must(t, os.MkdirAll(filepath.Join(dir, "backup"), 0o777))
	for _, name := range []string{"Thumbs.db", "notes.txt", "00000009"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	_, damaged, err := r.Latest()
	if !errors.Is(err, ErrNoSnapshot) || len(damaged) != 0 || !strings.Contains(err.Error(), "00000009, Thumbs.db, backup, notes.txt") {
		t.Errorf("damaged %v, error %v", damaged, err)
	}
	must(t, r.Save(1, oneTensor(1), nil, nan))
	s, damaged, err := r.Latest()
	must(t, err)
	defer s.Close()
	if s.Images != 1 || len(damaged) != 0 {
		t.Errorf("opened %d, damaged %v", s.Images, damaged)
	}
}

// A snapshot copied in from another run is reported, and neither removed nor counted among those kept.
func TestForeignSnapshotStays(t *testing.T) {
	r := newRun(t)
	dir := filepath.Join(r.Dir(), snapshotDir)
	for i := range int64(3) {
		must(t, r.Point(Point{Iteration: i + 1, Images: i + 1}))
	}
	must(t, r.Save(1, oneTensor(1), nil, nan))
	must(t, r.Save(3, oneTensor(3), nil, 99))
	must(t, foreignState(filepath.Join(dir, "00000003")))
	must(t, os.MkdirAll(filepath.Join(dir, "00000004"), 0o777)) // unreadable
	must(t, r.Rewind(1))
	if got := r.Snapshots(); !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("after the rewind %v, want our 1 and the foreign 3", got)
	}
	s, damaged, err := r.Latest()
	must(t, err)
	s.Close()
	if s.Images != 1 || len(damaged) != 1 || !strings.Contains(damaged[0].String(), "belongs to run 00009-other") {
		t.Errorf("opened %d, damaged %v", s.Images, damaged)
	}
	must(t, r.Save(2, oneTensor(2), nil, 1)) // the best of ours; the foreign one has a higher score
	must(t, r.Save(5, oneTensor(5), nil, nan))
	must(t, r.Save(6, oneTensor(6), nil, nan))
	if got := r.Snapshots(); !slices.Equal(got, []int64{6, 5, 3, 2}) {
		t.Errorf("kept %v, want [6 5 2] and the foreign 3", got)
	}
	must(t, r.Save(3, oneTensor(3), nil, nan)) // where the foreign one lies
	if state, err := readState(filepath.Join(dir, ".foreign-00000003-00009-other")); err != nil || state.Run != "00009-other" {
		t.Errorf("the foreign snapshot was replaced: %v", err)
	}
	own, err := r.Snapshot(3)
	must(t, err)
	must(t, own.Close())
}

// fullDisk takes so many bytes and then no more.
type fullDisk struct {
	room   int
	noSync bool
}

func (d *fullDisk) create(path string) (syncFile, error) {
	f, err := disk{}.create(path)
	return &fullFile{f, d}, err
}

type fullFile struct {
	syncFile
	disk *fullDisk
}

func (f *fullFile) Write(p []byte) (int, error) {
	n, err := f.syncFile.Write(p[:min(len(p), f.disk.room)])
	f.disk.room -= n
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *fullFile) Sync() error {
	if f.disk.noSync {
		return syscall.EIO
	}
	return f.syncFile.Sync()
}

func TestFailedSaveLeavesTheOthers(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(1, oneTensor(1), nil, nan))
	fails := func(what string, cause error) {
		t.Helper()
		err := r.Save(2, oneTensor(2), nil, nan)
		if err == nil || cause != nil && !errors.Is(err, cause) {
			t.Errorf("%s: error %v, want %v", what, err, cause)
			return
		}
		for _, want := range []string{r.Dir(), "check that the disk has room"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not say %q", what, err, want)
			}
		}
		entries, _ := os.ReadDir(filepath.Join(r.Dir(), snapshotDir))
		s, damaged, err := r.Latest()
		if len(entries) != 1 || len(damaged) != 0 || err != nil || s.Images != 1 {
			t.Errorf("%s: left %v; latest %v, %v, %v", what, entries, s, damaged, err)
		}
		s.Close()
	}
	for _, room := range []int{0, 10, 150, 200, 400} { // in header, data and state
		r.files = &fullDisk{room: room}
		fails("full disk", syscall.ENOSPC)
	}
	r.files = &fullDisk{room: 1 << 20, noSync: true}
	fails("failing sync", syscall.EIO)
	r.files = disk{}
	must(t, r.Save(2, oneTensor(2), nil, nan))
}

// TestUnwritableFolder puts a file where a folder belongs: permissions stop no tests run by root.
func TestUnwritableFolder(t *testing.T) {
	r := newRun(t)
	must(t, os.WriteFile(filepath.Join(r.Dir(), snapshotDir), nil, 0o666))
	must(t, os.WriteFile(filepath.Join(r.Dir(), samplesDir), nil, 0o666))
	for what, err := range map[string]error{snapshotDir: r.Save(1, oneTensor(1), nil, nan), samplesDir: r.Image("", 1, nil)} {
		if err == nil || !strings.Contains(err.Error(), filepath.Join(r.Dir(), what)) || !strings.Contains(err.Error(), "writable") {
			t.Errorf("%s: %v", what, err)
		}
	}
	file := filepath.Join(r.Dir(), snapshotDir)
	if _, err := Create(filepath.Join(file, "runs"), Info{Experiment: "dcgan"}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("runs below a file: %v", err)
	}
}
