package experiments

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/idx"
)

func TestParseDivision(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"test":                         "test",
		"80/20":                        "80/20 seed 1 first",
		"80/20 seed 7, first part":     "80/20 seed 7 first",
		"all 80/20 seed 7 second":      "all 80/20 seed 7 second",
		"test 62.5/37.5 second":        "test 62.5/37.5 seed 1 second",
		"train,50/50,seed -3,second":   "train 50/50 seed -3 second",
		"  all   90/10   seed   12  ":  "all 90/10 seed 12 first",
		"extra 99.9/0.1 second part":   "extra 99.9/0.1 seed 1 second",
		"80/20 seed 9007199254740993":  "80/20 seed 9007199254740993 first",
		"66.6666/33.3334 seed 2 first": "66.6666/33.3334 seed 2 first",
	} {
		d, err := parseDivision(text)
		if err != nil || d.String() != want {
			t.Errorf("%q is %q, %v, want %q", text, d, err, want)
			continue
		}
		again, err := parseDivision(d.String())
		if err != nil || again.String() != want || again.later != d.later || again.seed != d.seed || again.files != d.files {
			t.Errorf("%q is read back as %+v, %v", want, again, err)
		}
	}
	for _, text := range []string{"valid", "80", "80/30", "0/100", "120/-20", "a/b", "NaN/NaN", "80/20 seed", "80/20 seed x", "80/20 third", "test seed 7", "80/20 first second"} {
		if d, err := parseDivision(text); err == nil || !strings.Contains(err.Error(), "split="+text) {
			t.Errorf("%q was read as %q, %v", text, d, err)
		}
	}
}

// tinyIDX writes n pictures of 2×2, of their number each, of the classes 0, 1, 2, 3, 0, 1 …
func tinyIDX(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	var images, labels []byte
	for i := range n {
		images = append(images, bytes.Repeat([]byte{byte(i)}, 4)...)
		labels = append(labels, byte(i%4))
	}
	if err := idx.Write(dir, "train", images, 2, 2, labels); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Settings with a split open the very same images again, and the other part of them shares none.
func TestOpenDataOfADivision(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	set := tinyIDX(t, 40)
	open := func(split string) *data.Source {
		src, err := openData(t.Context(), DataSettings{Path: set, Size: 2, Channels: 1, Split: split, Normal: "3"}, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	seen := map[byte]string{}
	for _, split := range []string{"80/20 seed 7 first", "80/20 seed 7 second"} {
		src := open(split)
		for i := range src.Len() {
			v := src.At(i)[0]
			if v%4 != 3 || seen[v] != "" {
				t.Errorf("%s has image %d, class %d, which is in %q, too", split, v, v%4, seen[v])
			}
			seen[v] = split
		}
		if src.Labels() != nil || !strings.Contains(src.Note(), "80/20 drawn by seed 7") {
			t.Errorf("%s: note %q", split, src.Note())
		}
	}
	if first := open("80/20 seed 7 first"); first.Len() != 8 || len(seen) != 10 || first.Hash() == open("80/20 seed 8 first").Hash() {
		t.Errorf("%d images in the first part, %d in both", first.Len(), len(seen))
	}
}

// A wish for a part of the images is recorded with nothing left to be guessed, whatever the game.
func TestSplitIsRecorded(t *testing.T) {
	for _, id := range []string{"anogan", "dcgan"} {
		_, s, _, err := plan(id, Options{Set: map[string]string{"split": "all 70/30", "values": "0-1"}})
		if err != nil || s.Data.Split != "all 70/30 seed 1 first" || s.Data.Values != data.ValuesUnit {
			t.Errorf("%s: %+v, %v", id, s.Data, err)
		}
		for key, word := range map[string]string{"split": "split=7", "values": `values "7"`} {
			if err := Check(id, Options{Set: map[string]string{key: "7"}}); err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %s=7: %v", id, key, err)
			}
		}
	}
}
