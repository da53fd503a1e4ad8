package runlog

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
