package runlog

import (
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var nan = math.NaN()

// point makes the i-th point of a test run: 16 images an iteration, counted from 1.
func point(i int64) Point {
	return Point{Iteration: i, Images: 16 * i, Epoch: i / 10, Batch: int(i % 10), Batches: 10, Seconds: float64(i) / 3,
		Values: Values{"D/loss": 1 / float64(i), "G/loss": -float64(i)}}
}

func TestPointsKeepEveryBit(t *testing.T) {
	r := newRun(t)
	want := Point{Iteration: 1, Images: 1 << 60, Epoch: 2, Batch: 3, Batches: 4, Seconds: 0.1 + 0.2, Values: Values{
		"third": 1.0 / 3, "float32": float64(float32(0.1)), "smallest": math.SmallestNonzeroFloat64, "largest": -math.MaxFloat64,
		"-0": math.Copysign(0, -1), "nan": nan, "+inf": math.Inf(1), "-inf": math.Inf(-1), "quo\"te\nλ": 1,
	}}
	must(t, r.Point(want))
	points, err := r.Points()
	must(t, err)
	got := points[0]
	for name, w := range want.Values {
		if g := got.Values[name]; math.Float64bits(g) != math.Float64bits(w) && !(math.IsNaN(g) && math.IsNaN(w)) {
			t.Errorf("%s: %v, want %v", name, g, w)
		}
	}
	got.Values, want.Values = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestPointsWhileWritten(t *testing.T) {
	r := newRun(t)
	reader, err := Open(r.Dir())
	must(t, err)
	for i := range int64(20) {
		must(t, r.Point(point(i+1)))
		points, err := reader.Points()
		must(t, err)
		if len(points) != int(i)+1 || points[i].Iteration != i+1 {
			t.Fatalf("after %d points %d are read", i+1, len(points))
		}
	}
	images, values := reader.Series("G/loss")
	if len(images) != 20 || images[19] != 320 || values[19] != -20 {
		t.Errorf("series %v %v", images, values)
	}
	if names := reader.Names(); !slices.Equal(names, []string{"D/loss", "G/loss"}) {
		t.Errorf("names %v", names)
	}
	must(t, r.Rewind(5))
	must(t, r.Point(point(6)))
	points, err := reader.Points()
	if len(points) != 6 || err != nil {
		t.Errorf("the reader sees %d points after a rewind to 5 and one more, %v", len(points), err)
	}
}

func TestTornAndDamagedLines(t *testing.T) {
	r := newRun(t)
	for i := range int64(6) {
		must(t, r.Point(point(i+1)))
	}
	must(t, r.Close())
	path := filepath.Join(r.Dir(), metricsFile)
	whole, err := os.ReadFile(path)
	must(t, err)
	lines := strings.SplitAfter(string(whole), "\n")
	lines[2] = lines[2][:20] + "\n"
	lines[3] = "\x00\x00\x00\n"
	lines[5] = lines[5][:len(lines[5])-10]
	must(t, os.WriteFile(path, []byte(strings.Join(lines, "")), 0o666))

	points, err := r.Points()
	var damaged *DamagedLines
	if len(points) != 3 || !errors.As(err, &damaged) || !slices.Equal(damaged.Lines, []int{3, 4}) {
		t.Fatalf("%d points, %v; want 3 and lines 3, 4", len(points), err)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 3, 4") {
		t.Errorf("error %v", err)
	}
	w, err := Resume(r.Dir()) // cuts the torn line off, so that the next does not continue it
	must(t, err)
	defer w.Close()
	must(t, w.Point(point(6)))
	points, err = w.Points()
	if len(points) != 4 || points[3].Iteration != 6 || !errors.As(err, &damaged) || len(damaged.Lines) != 2 {
		t.Errorf("%d points after the repair, %v", len(points), err)
	}
	must(t, w.Rewind(4))
	if points, err = w.Points(); len(points) != 2 || err != nil {
		t.Errorf("after a rewind %d points, %v", len(points), err)
	}
}

// TestTornAtEveryByte cuts the file after each byte: the whole lines before the cut are read, and writing goes on.
func TestTornAtEveryByte(t *testing.T) {
	whole := append(point(1).line(), point(2).line()...)
	first := len(point(1).line())
	path := filepath.Join(t.TempDir(), metricsFile)
	for cut := range len(whole) + 1 {
		must(t, os.WriteFile(path, whole[:cut], 0o666))
		a, err := openAppender(path)
		must(t, err)
		must(t, a.append(point(3).line()))
		must(t, a.close())
		f, err := os.Open(path)
		must(t, err)
		var c pointCache
		must(t, c.read(f))
		f.Close()
		want := 1
		if cut >= first {
			want++
		}
		if cut == len(whole) {
			want++
		}
		if len(c.points) != want || c.damaged != nil || c.points[want-1].Iteration != 3 {
			t.Fatalf("cut after %d bytes: %d points, damage %v, want %d", cut, len(c.points), c.damaged, want)
		}
	}
}

func TestRewindDropsWhatCameAfter(t *testing.T) {
	r := newRun(t)
	picture := image.NewGray(image.Rect(0, 0, 2, 2))
	for i := range int64(10) {
		must(t, r.Point(point(i+1)))
		must(t, r.Image("", 16*(i+1), picture))
	}
	must(t, r.Image("walk", 160, picture))
	must(t, r.Save(64, oneTensor(4), nil, nan))
	must(t, r.Save(80, oneTensor(5), nil, nan))
	must(t, r.Rewind(4))
	points, err := r.Points()
	must(t, err)
	samples := r.Samples()
	if len(points) != 4 || len(samples) != 4 || samples[3].Images != 64 {
		t.Errorf("%d points, samples %v", len(points), samples)
	}
	if s := r.Snapshots(); !slices.Equal(s, []int64{64}) {
		t.Errorf("snapshots %v", s)
	}
	must(t, r.Rewind(4)) // nothing to drop
	if len(r.Samples()) != 4 {
		t.Error("a second rewind dropped more")
	}
}

func TestSamples(t *testing.T) {
	r := newRun(t)
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	img.Set(1, 1, color.RGBA{200, 10, 20, 255})
	for _, n := range []int64{500, 123456789012, 0} {
		must(t, r.Image("", n, img))
	}
	must(t, r.Image("latent-walk", 7, img))
	must(t, os.WriteFile(filepath.Join(r.Dir(), samplesDir, "notes.txt"), nil, 0o666))
	for _, name := range []string{"../x", ".x", "a/b", "ü"} {
		if err := r.Image(name, 1, img); err == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
	var got []SampleFile
	for _, s := range r.Samples() {
		loaded, err := s.Load()
		must(t, err)
		if color.RGBAModel.Convert(loaded.At(1, 1)) != img.At(1, 1) {
			t.Errorf("%s: pixel %v", s.Path, loaded.At(1, 1))
		}
		s.Path = filepath.Base(s.Path)
		got = append(got, s)
	}
	want := []SampleFile{{"", 0, "00000000.png"}, {"", 500, "00000500.png"}, {"", 123456789012, "123456789012.png"}, {"latent-walk", 7, "latent-walk-00000007.png"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func FuzzMetrics(f *testing.F) {
	f.Add(point(3).line())
	f.Add([]byte(`{"iteration":1,"values":{"a":"NaN","b":"-Inf","c":null,"d":1e-400}}`))
	f.Add([]byte(`{"iteration":1,"values":{"a":"x"},"seconds":"+Inf"}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePoint(b)
		if err != nil {
			return
		}
		again, err := parsePoint(p.line())
		if err != nil {
			t.Fatalf("%s was written as %s: %v", b, p.line(), err)
		}
		if got, want := string(again.line()), string(p.line()); got != want {
			t.Fatalf("%s became %s", want, got)
		}
	})
}

func BenchmarkPoints(b *testing.B) {
	r := newRun(b)
	for i := range int64(10_000) {
		must(b, r.Point(point(i+1)))
	}
	for b.Loop() {
		reader, err := Open(r.Dir())
		must(b, err)
		if points, err := reader.Points(); len(points) != 10_000 || err != nil {
			b.Fatal(len(points), err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	r := newRun(b)
	for b.Loop() {
		must(b, r.Point(point(7)))
	}
}
