package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fidRows reads what fid printed as JSON.
func fidRows(t *testing.T, args ...string) (rows []fidRow, said string) {
	t.Helper()
	status, out, complaints := call(t, append([]string{"fid"}, args...)...)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, complaints)
	}
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var r fidRow
		if err := dec.Decode(&r); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		rows = append(rows, r)
	}
	return rows, complaints
}

// A run that saw 32 pictures of one class is compared with them and with the 8 held out, beside the floors.
func TestFID(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, nets, set := t.TempDir(), t.TempDir(), bars(t, 80)
	mustCall(t, "features", "train", set, "--out", nets)
	files, err := filepath.Glob(filepath.Join(nets, "*.safetensors"))
	if err != nil || len(files) != 1 {
		t.Fatalf("nets %v, %v", files, err)
	}
	mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=60", "--batch=10", "--set", "normal=0", "--set", "split=80/20",
		"--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", root)
	args := []string{"1", "--runs", root, "--features", files[0], "--subsets=5", "--json"}
	rows, _ := fidRows(t, args...)
	want := []struct {
		what, against string
		floor         bool
		images        int
	}{
		{"samples", "training images", false, 16}, {"other training images", "training images", true, 16},
		{"samples", "held-out images", false, 8}, {"training images", "held-out images", true, 8},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	for i, w := range want {
		r := rows[i]
		if r.What != w.what || r.Against != w.against || r.Floor != w.floor || r.Images != w.images {
			t.Errorf("row %d is %+v, want %+v", i, r, w)
		}
		if r.Net == "" || len(r.NetHash) != 64 || r.Data == "" || r.Dim != 64 || r.Subsets != 5 || r.SubsetSize != w.images/2 || r.Shown != 62 {
			t.Errorf("row %d does not say of what it is: %+v", i, r)
		}
	}
	// Bars are nearer to bars than the noise of a generator that has seen 62.
	if !(rows[0].FID > 3*rows[1].FID && rows[2].FID > 3*rows[3].FID && rows[0].KID > rows[1].KID && rows[2].KID > rows[3].KID) {
		t.Errorf("samples are no further than real images: %+v", rows)
	}
	if again, _ := fidRows(t, args...); again[0] != rows[0] || again[3] != rows[3] {
		t.Errorf("the same command measures %+v, then %+v", rows, again)
	}
	if other, _ := fidRows(t, append(args, "--seed=2", "--mode=batch")...); other[0].FID == rows[0].FID || other[0].Mode != "batch" {
		t.Errorf("other samples, the same distance: %+v", other[0])
	}
	// Of a set whose two files hold the same images nothing is held out.
	whole, said := fidRows(t, append(args, "--data", set, "--images=20")...)
	if len(whole) != 2 || whole[0].Images != 20 || !strings.Contains(said, "no given test images: ") || whole[1].What != "other given images" || whole[1].Against != "given images" {
		t.Errorf("%+v\n%s", whole, said)
	}
	_, table, _ := call(t, append([]string{"fid", "--images=4"}, args[:len(args)-1]...)...)
	for _, w := range []string{"4 each", "(the floor)", rows[0].NetHash[:12], "snapshot at 62 images shown", "training images: what the run was trained on\n",
		"held-out images: the part 80/20 seed 1 second of the images of its normal classes, 0\n", "4 images are few for 64 features"} {
		if !strings.Contains(table, w) {
			t.Errorf("the table does not say %q:\n%s", w, table)
		}
	}
	for word, more := range map[string][]string{
		"comes with ganbook, only for mnist": {},
		"no file absent":                     {"--features", "absent"},
		"--images 3":                         {"--images=3"},
		"--subsets 1":                        {"--subsets=1"},
	} {
		if status, _, complaints := call(t, append([]string{"fid", "1", "--runs", root}, more...)...); status == 0 || !strings.Contains(complaints, word) {
			t.Errorf("want a complaint about %q, got %s", word, complaints)
		}
	}
}

// Without a drawn split the held-out images are those of the set's other file, of the normal classes.
func TestFIDWithTestFiles(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, nets, set, other := t.TempDir(), t.TempDir(), bars(t, 40), bars(t, 24)
	for _, name := range []string{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
		if err := os.Rename(filepath.Join(other, name), filepath.Join(set, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, said, _ := call(t, "features", "train", set, "--out", nets)
	if !strings.Contains(said, "of 24 images right") {
		t.Errorf("not tested with the test file: %s", said)
	}
	files, err := filepath.Glob(filepath.Join(nets, "*.safetensors"))
	if err != nil || len(files) != 1 {
		t.Fatalf("nets %v, %v", files, err)
	}
	for split, images := range map[string][2]int{"train": {10, 12}, "test": {6, 12}, "all": {16, 0}} {
		dir := filepath.Join(root, split)
		mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=20", "--batch=10", "--set", "normal=1", "--set", "split="+split,
			"--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", dir)
		rows, _ := fidRows(t, "1", "--runs", dir, "--features", files[0], "--subsets=2", "--json")
		if rows[0].Images != images[0] || images[1] == 0 && len(rows) != 2 || images[1] > 0 && (len(rows) != 4 || rows[2].Images != images[1]) {
			t.Errorf("trained on %s: %+v, want %d images of it and %d others", split, rows, images[0], images[1])
		}
		if other := map[string]string{"train": "test", "test": "training"}[split]; other != "" && rows[2].Which != "the "+other+" images of its normal classes, 1" {
			t.Errorf("trained on %s, compared with %q", split, rows[2].Which)
		}
	}
}
