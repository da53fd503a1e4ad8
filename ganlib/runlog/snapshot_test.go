package runlog

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

type trainerState struct {
	Iteration int64
	Position  [2]int64
}

func TestSnapshotRoundTrip(t *testing.T) {
	r := newRun(t)
	if _, _, err := r.Latest(); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("a run without snapshots: %v", err)
	}
	want := trainerState{42, [2]int64{1, 1<<53 + 1}}
	must(t, r.Save(1600, oneTensor(7), want, 0.5))
	s, damaged, err := r.Latest()
	must(t, err)
	defer s.Close()
	var state trainerState
	must(t, s.DecodeState(&state))
	w, ok := s.Tensor("/generator/w")
	values, err := w.Float32s()
	must(t, err)
	if !ok || values[0] != 7 || state != want || s.Images != 1600 || s.Score != 0.5 || len(damaged) > 0 {
		t.Errorf("%+v, state %+v, values %v, damaged %v", s, state, values, damaged)
	}
	if _, ok := s.Tensor("none"); ok {
		t.Error("there is no such tensor")
	}
	if err := r.Save(1700, oneTensor(1), nan, nan); err == nil || !strings.Contains(err.Error(), "JSON") {
		t.Errorf("a state without JSON form: %v", err)
	}
	if err := r.Save(1700, append(oneTensor(1), oneTensor(1)...), nil, nan); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a name twice: %v", err)
	}
}

func TestSnapshotsKept(t *testing.T) {
	for name, c := range map[string]struct {
		scores []float64
		want   []int64
	}{
		"no scores":      {[]float64{nan, nan, nan, nan}, []int64{4, 3}},
		"best is first":  {[]float64{3, 2, 1, 0}, []int64{4, 3, 1}},
		"best is newest": {[]float64{-9, -8, -7, -6}, []int64{4, 3}},
		"some":           {[]float64{nan, 5, nan, 4, nan, nan}, []int64{6, 5, 2}},
		"equal: newer":   {[]float64{1, 1, nan, nan, nan}, []int64{5, 4, 2}},
		"infinite":       {[]float64{math.Inf(-1), nan, nan, nan}, []int64{4, 3, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t)
			for i, score := range c.scores {
				must(t, r.Save(int64(i+1), oneTensor(float32(i)), nil, score))
			}
			if got := r.Snapshots(); !slices.Equal(got, c.want) {
				t.Errorf("kept %v, want %v", got, c.want)
			}
		})
	}
}

func TestSnapshotReplaced(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(5, oneTensor(1), nil, nan))
	must(t, r.Save(5, oneTensor(2), nil, nan))
	s, err := r.Snapshot(5)
	must(t, err)
	defer s.Close()
	if v, _ := s.Tensors[0].Float32s(); v[0] != 2 {
		t.Errorf("the first one stayed: %v", v)
	}
	if _, err := r.Snapshot(6); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("a count without snapshot: %v", err)
	}
}

func TestDamagedSnapshotIsPassedOver(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(dir string) error
		want string
	}{
		"bit in weights":    {func(d string) error { return flip(filepath.Join(d, weightsFile), -1) }, "SHA-256"},
		"bit in header":     {func(d string) error { return flip(filepath.Join(d, weightsFile), 20) }, "SHA-256"},
		"weights cut":       {func(d string) error { return os.Truncate(filepath.Join(d, weightsFile), 50) }, "bytes"},
		"weights empty":     {func(d string) error { return os.Truncate(filepath.Join(d, weightsFile), 0) }, "invalid"},
		"weights gone":      {func(d string) error { return os.Remove(filepath.Join(d, weightsFile)) }, "no such file"},
		"state gone":        {func(d string) error { return os.Remove(filepath.Join(d, stateFile)) }, "no such file"},
		"state cut":         {func(d string) error { return os.Truncate(filepath.Join(d, stateFile), 100) }, stateFile},
		"bit in state":      {func(d string) error { return edit(filepath.Join(d, stateFile), `"state":3`, `"state":2`) }, "SHA-256"},
		"of another run":    {func(d string) error { return foreignState(d) }, "belongs to run 00009-other"},
		"renamed":           {func(d string) error { return os.Rename(d, filepath.Join(filepath.Dir(d), "00000004")) }, "saved at 3"},
		"a file":            {func(d string) error { os.RemoveAll(d); return os.WriteFile(d, nil, 0o666) }, "not a directory"},
		"not a safetensors": {func(d string) error { return replaceWeights(d, []byte("not a safetensors file")) }, "safetensors"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains("no such file not a directory invalid", c.want) {
				c.want = "" // other words there
			}
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

func TestForeignEntriesAreReported(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(1, oneTensor(1), nil, nan))
	must(t, os.Mkdir(filepath.Join(r.Dir(), snapshotDir, "backup"), 0o777))
	s, damaged, err := r.Latest()
	must(t, err)
	defer s.Close()
	if len(damaged) != 1 || !strings.Contains(damaged[0].String(), "backup") {
		t.Errorf("damaged %v", damaged)
	}
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

func TestResumeCleansUp(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(1, oneTensor(1), nil, nan))
	must(t, r.Save(2, oneTensor(2), nil, nan))
	root := filepath.Join(r.Dir(), snapshotDir)
	must(t, r.Close())
	must(t, os.MkdirAll(filepath.Join(root, ".tmp-00000003-12"), 0o777))
	must(t, os.WriteFile(filepath.Join(root, ".tmp-00000003-12", weightsFile), []byte("half"), 0o666))
	must(t, os.WriteFile(filepath.Join(r.Dir(), ".tmp-run.json-9"), nil, 0o666))
	must(t, os.Rename(filepath.Join(root, "00000002"), filepath.Join(root, ".old-00000002"))) // killed between two renames
	must(t, os.Mkdir(filepath.Join(root, ".old-00000001"), 0o777))                            // killed before the removal
	again, err := Resume(r.Dir())
	must(t, err)
	defer again.Close()
	entries, _ := filepath.Glob(filepath.Join(r.Dir(), "*", ".*"))
	more, _ := filepath.Glob(filepath.Join(r.Dir(), ".*"))
	if len(entries)+len(more) > 0 || !slices.Equal(again.Snapshots(), []int64{2, 1}) {
		t.Errorf("left %v %v; snapshots %v", entries, more, again.Snapshots())
	}
}

func TestSaveWhileReading(t *testing.T) {
	r := newRun(t)
	must(t, r.Save(1, oneTensor(1), nil, nan))
	reader, err := Open(r.Dir())
	must(t, err)
	done := make(chan error)
	go func() {
		for i := range int64(60) {
			if err := errors.Join(r.Point(point(i+1)), r.Save(i+2, oneTensor(float32(i+2)), nil, nan)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			must(t, err)
			return
		default:
		}
		s, damaged, err := reader.Latest()
		if err != nil || len(damaged) > 0 {
			t.Fatalf("%v, %v", damaged, err)
		}
		if v, _ := s.Tensors[0].Float32s(); int64(v[0]) != s.Images {
			t.Fatalf("snapshot %d holds %v", s.Images, v)
		}
		s.Close()
		if _, err := reader.Points(); err != nil {
			t.Fatal(err)
		}
	}
}

// dcganTensors has the size of the DCGAN's snapshot: 6.34 M weights, with two Adam moments each, 76 MB.
func dcganTensors() []Tensor {
	var tensors []Tensor
	for _, name := range []string{"w", "m", "v"} {
		for i := range 10 {
			values := make([]float32, 634_227)
			for j := range values {
				values[j] = float32(i*j) * 1e-3
			}
			tensors = append(tensors, Float32s(name+string(rune('0'+i)), []int{len(values)}, values))
		}
	}
	return tensors
}

func BenchmarkSave76MB(b *testing.B) {
	r := newRun(b)
	tensors := dcganTensors()
	n := int64(0)
	for b.Loop() {
		n++
		must(b, r.Save(n, tensors, nil, nan))
	}
}

func BenchmarkOpen76MB(b *testing.B) {
	r := newRun(b)
	must(b, r.Save(1, dcganTensors(), nil, nan))
	start := time.Now()
	for b.Loop() {
		reader, err := Open(r.Dir())
		must(b, err)
		s, _, err := reader.Latest()
		must(b, err)
		must(b, s.Close())
	}
	b.ReportMetric(float64(time.Since(start).Milliseconds())/float64(b.N), "ms/open")
}

func BenchmarkHash76MB(b *testing.B) {
	data := make([]byte, 76<<20)
	for b.Loop() {
		hashParts([][]byte{data})
	}
}
