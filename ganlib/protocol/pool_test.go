package protocol

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/idx"
)

// writeSet writes a part of a set in the official format: n images of 4×4 of so many classes in turn, each of which can
// be told from all others, in both parts.
func writeSet(t *testing.T, dir, part string, n, classes int) {
	t.Helper()
	var images, labels []byte
	for i := range n {
		picture := make([]byte, 16)
		picture[0], picture[1], picture[2] = byte(i%classes), byte(i), byte(i/256)
		picture[3] = map[string]byte{"train": 200, "t10k": 100}[part]
		picture[4+i%classes] = 255
		images, labels = append(images, picture...), append(labels, byte(i%classes))
	}
	if err := idx.Write(dir, part, images, 4, 4, labels); err != nil {
		t.Fatal(err)
	}
}

// newPool has 60 training and 30 test images of three classes.
func newPool(t *testing.T) *Pool {
	t.Helper()
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	dir := t.TempDir()
	writeSet(t, dir, "train", 60, 3)
	writeSet(t, dir, "t10k", 30, 3)
	return openPool(t, dir)
}

func openPool(t *testing.T, dir string) *Pool {
	t.Helper()
	p, err := Open(t.Context(), "mnist", dir, 4, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ids names the pictures of a source.
func ids(src *data.Source) (list []string) {
	for i := range src.Len() {
		list = append(list, string(src.At(i)))
	}
	return list
}

// count counts the pictures of a class, which writeSet puts into their first pixel.
func count(src *data.Source, class int) (n int) {
	for i := range src.Len() {
		if int(src.At(i)[0]) == class {
			n++
		}
	}
	return n
}

func TestDivide(t *testing.T) {
	p := newPool(t)
	for _, tc := range []struct {
		split                           Split
		train, held, normals, anomalous int
		trained                         []int // classes
	}{
		// 20 training images of the class, of which a tenth is held out; the whole test file.
		{split: Split{Kind: OneClass, Held: 0.1, Seed: 3}, train: 18, held: 2, normals: 10, anomalous: 20, trained: []int{1}},
		// All 90 pooled and divided 80/20: 24 of the class train.
		{split: Split{Kind: OneClass, Train: 0.8, Held: 0.125, Seed: 3}, train: 21, held: 3, normals: 6, anomalous: 12, trained: []int{1}},
		// 30 of each class: 24 of each of the two others train; 6 of each are tested with all 30 of the class left out.
		{split: Split{Kind: LeaveOneOut, Train: 0.8, Held: 0.125, Seed: 3}, train: 42, held: 6, normals: 12, anomalous: 30, trained: []int{0, 2}},
		// 10 of each class among the first 30.
		{split: Split{Kind: Small, First: 30, Train: 0.8, Held: 0.25, Seed: 3}, train: 6, held: 2, normals: 2, anomalous: 4, trained: []int{1}},
	} {
		t.Run(fmt.Sprintf("%s %v", tc.split.Kind, tc.split.Train), func(t *testing.T) {
			d, err := p.Divide(tc.split, 1)
			if err != nil {
				t.Fatal(err)
			}
			n, a := d.Test.Counts()
			if d.Train.Len() != tc.train || d.Held.Len() != tc.held || n != tc.normals || a != tc.anomalous {
				t.Errorf("%d train, %d held out, %d normal and %d anomalous; want %+v", d.Train.Len(), d.Held.Len(), n, a, tc)
			}
			for class := range 3 {
				if has := count(d.Train, class)+count(d.Held, class) > 0; has != slices.Contains(tc.trained, class) {
					t.Errorf("class %d is in the training: %v", class, has)
				}
			}
			seen := map[string]bool{}
			for _, id := range slices.Concat(ids(d.Train), ids(d.Held), ids(d.Test.Pictures())) {
				if seen[id] {
					t.Errorf("picture %q is in two parts, or twice in one", id)
				}
				seen[id] = true
			}
			for _, s := range []*data.Source{d.Train, d.Held, d.Test.Pictures()} {
				if s.Labels() != nil {
					t.Errorf("%s has labels", s.Name())
				}
			}
			again, err := p.Divide(tc.split, 1)
			if err != nil || !slices.Equal(ids(again.Train), ids(d.Train)) || again.Hash() != d.Hash() || again.Train.Hash() != d.Train.Hash() {
				t.Errorf("the same division is another one: %v", err)
			}
			other := tc.split
			other.Seed++
			moved, err := p.Divide(other, 1)
			if err != nil || slices.Equal(ids(moved.Train), ids(d.Train)) || moved.Hash() == d.Hash() {
				t.Errorf("another seed divides alike: %v", err)
			}
		})
	}
}

// The truth about each test picture is that of its class, on both kinds of rows.
func TestTheSealKnowsTheTruth(t *testing.T) {
	p := newPool(t)
	for kind, abnormal := range map[string]func(class int) bool{
		OneClass:    func(c int) bool { return c != 2 },
		LeaveOneOut: func(c int) bool { return c == 2 },
	} {
		d, err := p.Divide(Split{Kind: kind, Train: 0.8, Held: 0.1, Seed: 1}, 2)
		if err != nil {
			t.Fatal(err)
		}
		for i, is := range d.Test.abnormal {
			if want := abnormal(int(d.Test.pictures.At(i)[0])); is != want {
				t.Fatalf("%s: picture %d is anomalous: %v, want %v", kind, i, is, want)
			}
		}
	}
}

// Contamination replaces a share by anomalous training pictures, and none of the test or of those held out.
func TestContamination(t *testing.T) {
	p := newPool(t)
	clean := Split{Kind: OneClass, Held: 0.1, Seed: 3}
	dirty := clean
	dirty.Contamination = 1.0 / 3
	a, err := p.Divide(clean, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Divide(dirty, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(b.Train, 1); b.Train.Len() != 18 || n != 12 || count(b.Held, 1) != 2 || a.Train.Hash() == b.Train.Hash() {
		t.Errorf("%d of %d are of the class, %d held out", n, b.Train.Len(), count(b.Held, 1))
	}
	for _, id := range ids(b.Test.Pictures()) {
		if slices.Contains(ids(b.Train), id) {
			t.Error("a test picture is trained on")
		}
	}
}

func TestDivideRefuses(t *testing.T) {
	p := newPool(t)
	for want, s := range map[string]Split{
		"must be between 0 and 1":          {Kind: LeaveOneOut, Held: 0.1},
		"held out for the threshold":       {Kind: OneClass},
		`split "two"`:                      {Kind: "two", Held: 0.1},
		"first 0 images":                   {Kind: Small, Train: 0.8, Held: 0.1},
		"which are not there":              {Kind: Small, First: 100, Train: 0.8, Held: 0.1},
		"only the one-class split":         {Kind: LeaveOneOut, Train: 0.8, Held: 0.1, Contamination: 0.1},
		"holding 0.01 of the training":     {Kind: OneClass, Held: 0.01},
		"a contamination of 1; it must be": {Kind: OneClass, Held: 0.1, Contamination: 1},
	} {
		if _, err := p.Divide(s, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	if _, err := p.Divide(Split{Kind: OneClass, Held: 0.1}, 7); err == nil || !strings.Contains(err.Error(), "no image of class 7; the classes are [0 1 2]") {
		t.Errorf("a class that is not there: %v", err)
	}
}

// A set of which only one file exists is divided; its official division is not there. One class alone tests nothing.
func TestSetsThatLackSomething(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	dir := t.TempDir()
	writeSet(t, dir, "t10k", 30, 3)
	p := openPool(t, dir)
	if f := p.Files(); len(f) != 1 || f[0].Part != "test" || f[0].Images != 30 || f[0].Official {
		t.Errorf("files %+v", f)
	}
	if _, err := Open(t.Context(), "mnist", filepath.Join(dir, "t10k-images-idx3-ubyte"), 4, 1, nil); err == nil || !strings.Contains(err.Error(), "are the same 30: nothing can be tested on what was trained on; if --data names a file, name its folder") {
		t.Errorf("the file instead of its folder: %v", err)
	}
	if _, err := p.Divide(Split{Kind: OneClass, Held: 0.1}, 1); err == nil || !strings.Contains(err.Error(), "needs the training and the test file: data: ") {
		t.Errorf("an official division without a training file: %v", err)
	}
	if d, err := p.Divide(Split{Kind: OneClass, Train: 0.8, Held: 0.2, Seed: 1}, 1); err != nil || d.Train.Len() != 6 {
		t.Errorf("%+v, %v", d, err)
	}

	alone := t.TempDir()
	writeSet(t, alone, "train", 30, 3)
	writeSet(t, alone, "t10k", 10, 1)
	p = openPool(t, alone)
	if _, err := p.Divide(Split{Kind: OneClass, Held: 0.2}, 0); err == nil || !strings.Contains(err.Error(), "10 normal and 0 anomalous pictures; with one side only the AUROC is undefined") {
		t.Errorf("a test of one class: %v", err)
	}

	// Opening that was stopped gives no pool, whatever was opened by then: a set that seems to lack a file would be fixed so.
	ctx, cancel := context.WithCancel(t.Context())
	whole := t.TempDir()
	writeSet(t, whole, "train", 60, 3)
	writeSet(t, whole, "t10k", 30, 3)
	cancel()
	if p, err := Open(ctx, "mnist", whole, 4, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("opening was stopped: %+v, %v", p, err)
	}

	bare := t.TempDir()
	writeSet(t, bare, "t10k", 30, 3)
	if err := os.Remove(filepath.Join(bare, "t10k-labels-idx1-ubyte")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "mnist", bare, 4, 1, nil); err == nil || !strings.Contains(err.Error(), "no labels") {
		t.Errorf("a set without labels: %v", err)
	}
	if _, err := Open(t.Context(), "mnist", t.TempDir(), 4, 1, nil); err == nil {
		t.Error("an empty folder was opened")
	}
}

// A file that is there and cannot be read makes no set of one file: it is named, whichever of the two it is.
func TestDamagedFiles(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	for _, tc := range []struct{ file, part string }{
		{"train-images-idx3-ubyte", "training"}, {"t10k-images-idx3-ubyte", "test"}, {"train-labels-idx1-ubyte", "training"}, {"t10k-labels-idx1-ubyte", "test"},
	} {
		dir := t.TempDir()
		writeSet(t, dir, "train", 60, 3)
		writeSet(t, dir, "t10k", 30, 3)
		file := filepath.Join(dir, tc.file)
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, info.Size()-5); err != nil {
			t.Fatal(err)
		}
		p, err := Open(t.Context(), "mnist", dir, 4, 1, nil)
		if err == nil {
			t.Errorf("%s is torn, and the set has %+v", tc.file, p.Files())
			continue
		}
		for _, w := range []string{file, "the " + tc.part + " images of mnist are there and cannot be read", "ends after", "restore the file"} {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", tc.file, err, w)
			}
		}
	}
}
