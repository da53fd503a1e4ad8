package anomaly

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/experiments"
)

// trained is a run of a few iterations on drawn digits; 1 is normal.
func trained(t *testing.T) *experiments.Opened {
	t.Helper()
	t.Setenv("GANBOOK_DATA", t.TempDir())
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	out := t.TempDir()
	images, err := Digits(out)
	if err != nil {
		t.Fatal(err)
	}
	o := experiments.Options{Scale: experiments.Smoke, Data: images.Data, Out: out, Images: 64, Set: map[string]string{"g_maps": "6,4,3", "d_maps": "3,4"}}
	if _, err := experiments.Train(t.Context(), "anogan", o); err != nil {
		t.Fatal(err)
	}
	run, err := experiments.Newest("anogan", out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	return run
}

// Without MNIST digits are drawn, once, and the text says that they are not MNIST; files in MNIST's place are found, and
// told from the official ones.
func TestDigits(t *testing.T) {
	out, store := t.TempDir(), t.TempDir()
	t.Setenv("GANBOOK_DATA", store)
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	first, err := Digits(out)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(first); !strings.Contains(text, "NOT MNIST") || !strings.Contains(text, "3000 for training and 600 for tests") {
		t.Error(text)
	}
	file := filepath.Join(first.Data, "train-images-idx3-ubyte")
	was, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Digits(out); err != nil || second != first {
		t.Errorf("%v, %v", second, err)
	}
	if is, err := os.Stat(file); err != nil || !is.ModTime().Equal(was.ModTime()) {
		t.Errorf("the digits were drawn again: %v", err)
	}
	checkRedrawn(t, out, first.Data)
	if err := drawDigits(filepath.Join(store, "mnist")); err != nil {
		t.Fatal(err)
	}
	if found, err := Digits(out); err != nil || found.Data != "mnist" || !strings.Contains(found.Text, "not the official ones; 600 images for tests") {
		t.Errorf("%+v, %v", found, err)
	}
}

// checkRedrawn spoils drawn digits: they are whole again when they are asked for.
func checkRedrawn(t *testing.T, out, dir string) {
	t.Helper()
	labels, stamp := filepath.Join(dir, "t10k-labels-idx1-ubyte"), filepath.Join(dir, drawnStamp)
	want := map[string][]byte{}
	for _, file := range []string{labels, stamp} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want[file] = text
	}
	other := bytes.Replace(want[stamp], fmt.Appendf(nil, "drawing %d\n", drawing), []byte("drawing 0\n"), 1)
	for name, spoil := range map[string]func() error{
		"another drawing": func() error { return os.WriteFile(stamp, other, 0o600) },
		"damaged":         func() error { return os.WriteFile(labels, append(want[labels][:9:9], 77), 0o600) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := Digits(out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for file, text := range want {
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s: %s is another one: %v", name, filepath.Base(file), err)
			}
		}
	}
}

// The number of the drawing names these digits: whoever changes them must raise it. Processors that add and multiply at
// once may round a few pixels otherwise.
func TestDrawingHasItsNumber(t *testing.T) {
	first, sums := drawnImages("train", 1)[16:], []int{}
	for digit := range 10 {
		sum := 0
		for _, v := range first[digit*side*side : (digit+1)*side*side] {
			sum += int(v)
		}
		sums = append(sums, sum)
	}
	want := map[int][]int{1: {24936, 14595, 29555, 32938, 17878, 34581, 19619, 25746, 20970, 20742}}[drawing]
	for digit, sum := range sums {
		if len(want) != 10 || math.Abs(float64(sum-want[digit])) > 20 {
			t.Fatalf("the first digits of drawing %d have the sums %v, not %v: raise the number and write them here", drawing, sums, want)
		}
	}
}

// Drawn digits vary, are the same every time, and can be told apart: by the nearest mean of a class nine in ten are.
func TestDrawnDigitsAreDigits(t *testing.T) {
	const each = 40
	train, test := drawnImages("train", each)[16:], drawnImages("test", each)[16:]
	if !bytes.Equal(train, drawnImages("train", each)[16:]) || bytes.Equal(train, test) {
		t.Error("digits must follow from their split alone")
	}
	const size = side * side
	var means [10][size]float64
	for i := range 10 * each {
		for k, v := range train[i*size : (i+1)*size] {
			means[i%10][k] += float64(v) / each
		}
	}
	right := 0
	for i := range 10 * each {
		best, nearest := math.Inf(1), -1
		for digit, mean := range means {
			sum := 0.0
			for k, v := range test[i*size : (i+1)*size] {
				sum += (float64(v) - mean[k]) * (float64(v) - mean[k])
			}
			if sum < best {
				best, nearest = sum, digit
			}
		}
		if nearest == i%10 {
			right++
		}
	}
	if right < 9*each {
		t.Errorf("%d of %d are recognised", right, 10*each)
	}
	if slices.Max(train) != 255 || slices.Min(train) != 0 {
		t.Error("a digit is white on black")
	}
}

// The pictures that choose the threshold and those of the test are different ones, and the abnormal ones take turns among the
// other digits.
func TestHeld(t *testing.T) {
	run := trained(t)
	calibration, test, err := Held(run)
	if err != nil {
		t.Fatal(err)
	}
	if calibration.Len() != 8 || test.Len() != 16 || slices.Contains(calibration.Abnormal, true) {
		t.Fatalf("%d and %d pictures", calibration.Len(), test.Len())
	}
	digits := map[uint8]int{}
	for i, a := range test.Abnormal {
		if a != (test.Labels()[i] != 1) {
			t.Errorf("picture %d, a %d: abnormal %v", i, test.Labels()[i], a)
		}
		digits[test.Labels()[i]]++
	}
	if len(digits) != 9 || digits[1] != 8 || digits[9] != 0 {
		t.Errorf("the test has %v", digits)
	}
	for i := range calibration.Len() {
		for j := range test.Len() {
			if bytes.Equal(calibration.At(i), test.At(j)) {
				t.Errorf("picture %d of the calibration is number %d of the test", i, j)
			}
		}
	}
	run.Settings.Scale = experiments.Lecture
	if calibration, test, err := Held(run); err != nil || calibration.Len() != 30 || test.Len() != 60 {
		t.Errorf("of 60 normal pictures: %d and %d pictures, %v", calibration.Len(), test.Len(), err)
	}
	run.Settings.Data.Normal = "all"
	if _, _, err := Held(run); err == nil || !strings.Contains(err.Error(), "has 600 normal and 0 abnormal images") {
		t.Errorf("nothing is abnormal: %v", err)
	}
}

// Scores are kept whole, and every table and figure can be made of them.
func TestScores(t *testing.T) {
	run := trained(t)
	s, err := Score(run)
	if err != nil {
		t.Fatal(err)
	}
	checkPictures(t, s)
	threshold := checkThreshold(t, s)
	checkTables(t, s, threshold)
	for name, draw := range map[string]func() (any, error){
		"histogram": func() (any, error) { return s.Histogram(threshold) }, "ROC": func() (any, error) { return s.ROC("residual") },
		"heat maps": func() (any, error) { return s.HeatMaps(2) }, "mistakes": func() (any, error) { return s.Mistakes(20) },
		"steps": func() (any, error) { return Morphs(run, 1, 0, 10, 150) },
	} {
		if _, err := draw(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Morphs(run, 1, 7); err == nil || !strings.Contains(err.Error(), "step 7 was not kept") {
		t.Errorf("a step between frames: %v", err)
	}
	if err := Live(run, true); err != nil {
		t.Error(err)
	}
	_, said, err := Embedding(run)
	if err != nil || !strings.HasPrefix(said, "16 pictures, 588 features each") {
		t.Errorf("%q, %v", said, err)
	}
}

// checkPictures compares what is kept of each picture with itself: the two images are as far apart as R says.
func checkPictures(t *testing.T, s Scores) {
	t.Helper()
	if len(s.Calibration) != 8 || len(s.Test) != 16 || !strings.Contains(s.Search, "16 pictures in ") || !strings.Contains(s.Search, "150 steps of Adam at 0.1") {
		t.Fatalf("%d and %d pictures: %s", len(s.Calibration), len(s.Test), s.Search)
	}
	for i, p := range s.Test {
		if p.Abnormal != (i >= 8) || len(p.Query) != side*side || len(p.Mapped) != side*side || !(p.Weighted > 0) {
			t.Errorf("picture %d: %+v", i, p)
		}
		sum := 0.0
		for k := range p.Query {
			sum += math.Abs(float64(p.Query[k])-float64(p.Mapped[k])) / 127.5 / (side * side)
		}
		if math.Abs(sum-p.Residual) > 1/255. {
			t.Errorf("picture %d: kept images are %v apart, R is %v", i, sum, p.Residual)
		}
	}
}

// checkThreshold returns the threshold, which of eight normal scores is just above the largest.
func checkThreshold(t *testing.T, s Scores) float64 {
	t.Helper()
	threshold, err := s.Threshold(0.95)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for _, p := range s.Calibration {
		largest = max(largest, p.Weighted)
	}
	if !(threshold > largest && threshold < largest+1e-9) {
		t.Errorf("the threshold is %v, the largest of eight normal scores %v", threshold, largest)
	}
	return threshold
}

func checkTables(t *testing.T, s Scores, threshold float64) {
	t.Helper()
	table, err := s.Markdown()
	if err != nil || strings.Count(table, "\n") != 6 || !strings.Contains(table, "without any search") {
		t.Errorf("%v\n%s", err, table)
	}
	if text, err := s.Decisions(threshold); err != nil || !strings.Contains(text, "| abnormal | ") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, _, err := Of(s.Test, "mean"); err == nil || !strings.Contains(err.Error(), `no score "mean"`) {
		t.Errorf("an unknown score: %v", err)
	}
}

// Variants are searched in their own order and compared picture by picture: the order changes nothing but under the slip.
func TestCompare(t *testing.T) {
	run := trained(t)
	kept := map[string]string{"keep_adam": "true"}
	c, err := Compare(run, 3, Variant{Name: "right", Batch: 1}, Variant{Name: "backward", Batch: 1, Order: Backward},
		Variant{Name: "mixed", Batch: 1, Order: Mixed}, Variant{Name: "kept", Set: kept, Batch: 1}, Variant{Name: "unit", Set: map[string]string{"range": "unit"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != 1 {
		t.Errorf("the settings of a variant were changed: %v", kept)
	}
	scores := make([][]float64, 5)
	for k := range scores {
		scores[k] = weighted(c.results[k])
	}
	if len(scores[0]) != 6 || !slices.Equal(scores[0], scores[1]) || !slices.Equal(scores[0], scores[2]) {
		t.Errorf("in other orders: %v", scores[:3])
	}
	if scores[3][0] != scores[0][0] || scores[3][1] == scores[0][1] {
		t.Errorf("Adam kept: %v, right %v", scores[3], scores[0])
	}
	for i, r := range c.results[4] {
		fed, sum := anogan.QueriesUnit.Feed(c.queries.pixels(i)), 0.0
		for k, v := range r.Mapped {
			sum += math.Abs(float64(fed[k]-v)) / (side * side)
		}
		if slices.Min(fed) != 0 || math.Abs(sum-r.Residual) > 1e-5 {
			t.Errorf("query %d in [0, 1], from %v: residual %v, it is %v from what was fed", i, slices.Min(fed), r.Residual, sum)
		}
	}
	table, err := c.Markdown(1e-9)
	if err != nil || !strings.Contains(table, "| backward | ") || !strings.Contains(table, "| 0.0000, 0.0000 | 3 of 3 |") {
		t.Errorf("%v\n%s", err, table)
	}
	img, err := c.Figure(2)
	if err != nil {
		t.Fatal(err)
	}
	if rows := img.Bounds().Dy() / 122; rows != 7 { // query, four variants, query as fed, the fifth
		t.Errorf("the figure is %v", img.Bounds())
	}
	if _, err := c.Losses(true); err != nil {
		t.Error(err)
	}
	if _, err := Compare(run, 3, Variant{Name: "wrong", Set: map[string]string{"mode": "x"}}); err == nil || !strings.Contains(err.Error(), "wrong: ") {
		t.Errorf("a setting that is not there: %v", err)
	}
}

// A set that has no labels, or no test images, cannot be tested on.
func TestTestImages(t *testing.T) {
	run := trained(t)
	src, err := run.TestImages(t.Context())
	if err != nil || src.Len() != 600 || src.Labels() == nil {
		t.Fatalf("%v, %v", src, err)
	}
	if _, err := run.Abnormal(src.Unlabelled()); err == nil || !strings.Contains(err.Error(), "has no labels") {
		t.Errorf("without labels: %v", err)
	}
	run.Settings.Data.Normal = "!3"
	abnormal, err := run.Abnormal(src)
	if err != nil || !abnormal[3] || abnormal[4] || !abnormal[13] {
		t.Errorf("all but 3: %v, %v", abnormal[:14], err)
	}
	for _, name := range []string{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		if err := os.Remove(filepath.Join(run.Settings.Data.Path, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run.TestImages(t.Context()); err == nil || !strings.Contains(err.Error(), "the test images of") {
		t.Errorf("no test images: %v", err)
	}
}
