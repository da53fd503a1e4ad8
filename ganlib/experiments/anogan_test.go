package experiments

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data/idx"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// digits writes n pictures of 28×28 in the official format: a bar that is wider for higher classes; classes go 0, 1, 2, 3,
// 0, 1 …
func digits(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	var images, labels []byte
	for i := range n {
		class := i % 4
		labels = append(labels, byte(class))
		for k := range 28 * 28 {
			if x := k % 28; x >= 8+i%3 && x < 10+i%3+3*class {
				images = append(images, 255)
			} else {
				images = append(images, 0)
			}
		}
	}
	if err := idx.Write(dir, "train", images, 28, 28, labels); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What wishes make of the length, the late epoch and the classes.
func TestAnoGANSettings(t *testing.T) {
	for _, tc := range []struct {
		name         string
		o            Options
		images       int64
		epochs, late int // once the number of images, 100, is known
		batch        int
		normal       string
	}{
		{"full", Options{Scale: Full}, 0, 200, 150, 256, "1"},
		{"lecture", Options{}, 256_000, 2560, 1920, 256, "1"},
		{"smoke", Options{Scale: Smoke, Set: map[string]string{"normal": "0,2"}}, 320, 4, 3, 16, "0,2"},
		{"epochs", Options{Epochs: 20}, 0, 20, 15, 256, "1"},
		{"the document's own number of epochs", Options{Set: map[string]string{"Epochs": "200"}}, 0, 200, 150, 256, "1"},
		{"images", Options{Scale: Full, Images: 1000}, 1000, 10, 7, 256, "1"},
		{"late epoch", Options{Scale: Full, Images: 1000, Set: map[string]string{"LATE_EPOCH": "5"}}, 1000, 10, 5, 256, "1"},
	} {
		e, s, _, err := plan("anogan", tc.o)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if err := e.Fit(&s, 100); err != nil {
			t.Fatal(err)
		}
		gan, err := e.Game(s.Game)
		if err != nil {
			t.Fatal(err)
		}
		c := gan.Config.(anogan.Config)
		if s.Images != tc.images || c.Epochs != tc.epochs || c.LateEpoch != tc.late || c.EpochImages != 100 || s.BatchSize != tc.batch || s.Data.Normal != tc.normal {
			t.Errorf("%s: %d images, epochs %d, late %d, n %d, batch %d, normal %s", tc.name, s.Images, c.Epochs, c.LateEpoch, c.EpochImages, s.BatchSize, s.Data.Normal)
		}
	}
	e, s, gan, err := plan("anogan/schlegl2017", Options{Set: map[string]string{"g_maps": "8,4", "d_maps": "4, 8", "feature": "2", "image_size": "28", "lambda": "0.2", "restarts": "3"}})
	if err != nil || gan == nil || e.SampleMode == nil {
		t.Fatal(err)
	}
	c := gan.Config.(anogan.Config)
	if !slices.Equal(c.GenMaps, []int{8, 4}) || !slices.Equal(c.DiscMaps, []int{4, 8}) || c.Lambda != 0.2 || c.Restarts != 3 || s.Data.Size != 28 {
		t.Errorf("%+v", c)
	}
	for word, o := range map[string]Options{
		"g_maps=32,16,8": {Width: 8}, "is no class": {Set: map[string]string{"normal": "one"}}, "named twice": {Set: map[string]string{"normal": "1,1"}},
		"not a whole number": {Set: map[string]string{"g_maps": "8;4"}}, "did you mean normal": {Set: map[string]string{"norml": "1"}},
	} {
		if err := Check("anogan", o); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("want an error about %q, got %v", word, err)
		}
	}
	if text, err := SettingsMarkdown("anogan", Options{}); err != nil || !strings.Contains(text, "| Lambda | `lambda` | 0.7 |") || !strings.Contains(text, "mnist, normal: 1") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestClasses(t *testing.T) {
	for text, want := range map[string]struct {
		name string
		has  []int // of 0 to 4
	}{
		"1": {"class 1", []int{1}}, "2,0": {"classes 0, 2", []int{0, 2}}, "!4": {"all but class 4", []int{0, 1, 2, 3}}, "all": {"", []int{0, 1, 2, 3, 4}},
	} {
		r, err := parseClasses(text)
		if err != nil {
			t.Fatal(err)
		}
		var has []int
		for class := range 5 {
			if r.name == "" || r.has(class) {
				has = append(has, class)
			}
		}
		if r.name != want.name || !slices.Equal(has, want.has) {
			t.Errorf("%s: %q has %v", text, r.name, has)
		}
	}
}

// A training on one class sees that class alone and no labels; its record is enough to open it again and to go on.
func TestAnoGANRun(t *testing.T) {
	dir := digits(t, 48)
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	o := Options{Scale: Smoke, Data: dir, Out: t.TempDir(), Images: 24, Batch: 4, Set: map[string]string{"normal": "2", "g_maps": "4,3,2", "d_maps": "2,3"}}
	run, err := Train(t.Context(), "anogan", o)
	if err != nil {
		t.Fatal(err)
	}
	if i := run.Info(); i.Data.Images != 12 || !strings.HasSuffix(i.Data.Name, "class 2") {
		t.Errorf("trained on %+v", i.Data)
	}
	opened, err := Open(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	c := opened.GAN.Config.(anogan.Config)
	if c.EpochImages != 12 || c.Epochs != 2 || c.LateEpoch != 1 || opened.State.Stage != "late" {
		t.Errorf("%d images an epoch, %d epochs, late from %d, stage %s", c.EpochImages, c.Epochs, c.LateEpoch, opened.State.Stage)
	}
	src, err := opened.Data(t.Context())
	if err != nil || src.Labels() != nil || src.Len() != 12 || src.Hash() != run.Info().Data.Hash {
		t.Errorf("%v, %v", src, err)
	}
	if sheets := sampleCount(t, run); sheets == 0 {
		t.Error("the run has no sample sheet")
	}
	if _, err := Resume(t.Context(), run.Dir(), Options{Images: 36}); err != nil {
		t.Fatal(err)
	}
	again, err := Open(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if c := again.GAN.Config.(anogan.Config); again.State.Images != 36 || c.LateEpoch != 1 {
		t.Errorf("%d images, late epoch %d: a resumed run keeps its schedule", again.State.Images, c.LateEpoch)
	}
	o.Set["normal"] = "7"
	if _, err := Train(t.Context(), "anogan", o); err == nil || !strings.Contains(err.Error(), "no image of class 7; its classes are [0 1 2 3]") {
		t.Errorf("an empty class: %v", err)
	}
	o.Data, o.Set["normal"] = "faces", "1"
	if _, err := Train(t.Context(), "anogan", o); err == nil || !strings.Contains(err.Error(), "no labels") {
		t.Errorf("a set without labels: %v", err)
	}
}

func sampleCount(t testing.TB, run *runlog.Run) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(run.Dir(), "samples"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// The recorded game is the configuration that was played.
func TestAnoGANRecord(t *testing.T) {
	_, s, gan, err := plan("anogan", Options{Scale: Full})
	if err != nil {
		t.Fatal(err)
	}
	var c anogan.Config
	if err := json.Unmarshal(s.Game, &c); err != nil {
		t.Fatal(err)
	}
	if played := gan.Config.(anogan.Config); c.LearningRate != played.LearningRate || c.Search != played.Search || !slices.Equal(c.GenMaps, played.GenMaps) {
		t.Errorf("recorded %+v, played %+v", c, played)
	}
}
