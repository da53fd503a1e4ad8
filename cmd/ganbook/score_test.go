package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data/idx"
	"github.com/ganbook/ganbook/plots"
	"github.com/ganbook/ganbook/plots/sheet"
)

// bars writes n pictures of 28×28 in the official format, of classes 0 and 1 in turn: upright bars and lying ones.
func bars(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	writeBars(t, dir, n, 255)
	return dir
}

// writeBars writes pictures of 0 and top.
func writeBars(t *testing.T, dir string, n int, top byte) {
	t.Helper()
	var images, labels []byte
	for i := range n {
		labels = append(labels, byte(i%2))
		for k := range 28 * 28 {
			at := k % 28
			if i%2 == 1 {
				at = k / 28
			}
			images = append(images, map[bool]byte{at >= 11+i%4 && at < 15+i%4: top}[true])
		}
	}
	for _, part := range []string{"train", "t10k"} {
		if err := idx.Write(dir, part, images, 28, 28, labels); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScore(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, set := t.TempDir(), bars(t, 40)
	mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=60", "--batch=10", "--set", "normal=0", "--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", root)
	score := func(args ...string) (rows [][]string, said string) {
		t.Helper()
		status, out, errOut := call(t, append([]string{"score", "1", "--runs", root, "--batch=8", "--set", "search_steps=6", "--normals=12"}, args...)...)
		if status != 0 {
			t.Fatalf("status %d\n%s", status, errOut)
		}
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows, errOut
	}
	rows, said := score(set, "--first=7")
	if len(rows) != 8 || !slices.Equal(rows[0], scoreColumns) || rows[7][0] != set+"#6" {
		t.Errorf("%d rows, the last %v", len(rows), rows[len(rows)-1])
	}
	for _, w := range []string{"6 steps of Adam at 0.1", "λ = 0.7 of means", "the 0.95 quantile of 12 normal pictures (trained on", "flags 0.0 %", "of 7 pictures anomalous",
		"not the official set", "7 of its 40 images", "warning: 4 of 7 pictures to score are among those that the run was trained on"} {
		if !strings.Contains(said, w) {
			t.Errorf("it does not say %q:\n%s", w, said)
		}
	}
	// A score does not depend on what else is scored, nor on what decides; −D's logit is one of the four.
	alone, _ := score(set, "--first=1", "--by=logit")
	if !slices.Equal(alone[1][4:], rows[1][4:]) || alone[1][1] != alone[1][7] {
		t.Errorf("%v alone, %v among seven", alone[1], rows[1])
	}
	// A threshold of one's own decides; every picture is above it, and so are all normal ones.
	low, said := score(set, "--first=2", "--threshold=0", "--normal", set)
	if low[1][2] != "anomalous" || low[2][2] != "anomalous" || !strings.Contains(said, "threshold 0, given; compared with 12 normal pictures ("+set+", 12 of them trained on): flags 100.0 %") {
		t.Errorf("%v\n%s", low, said)
	}
}

// Files are scored under their names, maps are drawn, and a file of scores is written whole.
func TestScoreOfFiles(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, set, out := t.TempDir(), bars(t, 40), t.TempDir()
	mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=20", "--batch=10", "--set", "normal=!1", "--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", root)
	picture := make([]float32, 20*20*3)
	img, err := sheet.Picture(picture, 20, 20, 3)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(out, "query.png")
	if err := plots.WritePNG(file, img); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(out, "scores.jsonl")
	args := []string{"score", "1", "--runs", root, "--batch=4", "--set", "search_steps=3", "--normals=5", "--fit"}
	if text := mustCall(t, append(args, file, "--format=jsonl", "--out", list, "--maps", filepath.Join(out, "maps"))...); text != "" {
		t.Errorf("with --out the standard output has %q", text)
	}
	raw, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var row scoreRow
	if err := json.Unmarshal(raw, &row); err != nil || row.Picture != file || !(row.Residual > 0) || row.Score != row.Weighted {
		t.Errorf("%s, %v", raw, err)
	}
	if b := decode(t, filepath.Join(out, "maps", "00000-query-mapping.png")).Bounds(); b.Dx() != 1400 || b.Dy() != 400 {
		t.Errorf("the mapping figure is %v", b)
	}
	if b := decode(t, filepath.Join(out, "maps", "00000-query-residual.png")).Bounds(); b.Dx() != 280 {
		t.Errorf("the residual map is %v", b)
	}
	for word, wrong := range map[string][]string{
		"does not exist":   {filepath.Join(out, "absent.png")},
		"there is no such": {file, "--set", "lambd=1"},
		"lambda 2":         {file, "--set", "lambda=2"},
		"--quantile 0":     {file, "--quantile=0"},
		"--first -1":       {file, "--first=-1"},
		"split=valid":      {file, "--split=valid"},
		"have no parts":    {file, "--split=test"},
		`values "2"`:       {file, "--values=2"},
		"wanted are pictures of 28×28 in grey: convert them, or have it done (score: --fit)": {file, "--fit=false"},
		"--batch " + strconv.Itoa(mostPictures+1):                                            {file, "--batch", strconv.Itoa(mostPictures + 1)},
	} {
		if status, _, errOut := call(t, append(args, wrong...)...); status == 0 || !strings.Contains(errOut, word) {
			t.Errorf("%v: status %d, want %q in %s", wrong, status, word, errOut)
		}
	}
	other, _ := smoke(t, "--images=16")
	if status, _, errOut := call(t, "score", "1", "--runs", other, file, "--fit"); status == 0 || !strings.Contains(errOut, "no search for latents") {
		t.Errorf("a run of another game: %d, %s", status, errOut)
	}
}

// A run's own images must be those that it was trained on, and drawn parts of a set do not touch.
func TestScoreKeepsPartsAndSetsApart(t *testing.T) {
	t.Setenv("GANBOOK_CACHE", t.TempDir())
	root, set := t.TempDir(), photos(t, 60)
	mustCall(t, "run", "anogan", "--scale=smoke", "--data", set, "--images=20", "--batch=10", "--set", "normal=0", "--set", "split=train 50/50", "--set", "g_maps=4,4,2", "--set", "d_maps=3,3", "--out", root)
	record, err := os.ReadFile(filepath.Join(root, "00001-anogan", "run.json"))
	if err != nil || !strings.Contains(string(record), `"split": "train 50/50 seed 1 first"`) || !strings.Contains(string(record), "first part of a split 50/50 drawn by seed 1") || !strings.Contains(string(record), `"official": false`) {
		t.Errorf("%v\n%s", err, record)
	}
	score := func(args ...string) (status int, out, said string) {
		t.Helper()
		return call(t, append([]string{"score", "1", "--runs", root, "--batch=8", "--set", "search_steps=2", "--normals=4", set}, args...)...)
	}
	for part, seen := range map[string]bool{"train 50/50 first": true, "train 50/50 second": false, "train 50/50 seed 2": true, "train": true} {
		status, out, said := score("--split", part)
		if status != 0 || strings.Contains(said, "that the run was trained on: their scores") != seen {
			t.Errorf("%s: status %d\n%s", part, status, said)
		}
		if part == "train 50/50 second" && (!strings.Contains(out, "second 50 %#29") || !strings.Contains(said, "second part of a split 50/50")) {
			t.Errorf("%s\n%s", out, said)
		}
	}
	if _, _, said := score("--split=train", "--normal", set); !strings.Contains(said, "normal ones that the threshold is compared with") {
		t.Errorf("normal pictures that are scored, too:\n%s", said)
	}
	writeBars(t, set, 60, 1)
	if status, _, said := score("--first=2"); status == 0 || !strings.Contains(said, "above 1") || !strings.Contains(said, "values=0-1") {
		t.Errorf("values up to 1: %d, %s", status, said)
	}
	if status, _, said := score("--first=2", "--values=0-1"); status == 0 || !strings.Contains(said, "values=0-1") {
		t.Errorf("the run's own images end at 1 now: %d, %s", status, said)
	}
	writeBars(t, set, 60, 254)
	if status, _, said := score("--first=2"); status == 0 || !strings.Contains(said, "was trained on other images (") || !strings.Contains(said, "first 50 % class 0, 15 of them, hash") || !strings.Contains(said, "--normal") {
		t.Errorf("other images: %d, %s", status, said)
	}
	if status, _, said := score("--first=2", "--normal", set); status != 0 || !strings.Contains(said, "is not known: ") {
		t.Errorf("other images, and normal ones: %d, %s", status, said)
	}
}

// photos is bars of which no two are equal.
func photos(t *testing.T, n int) string {
	t.Helper()
	dir := bars(t, n)
	for _, split := range []string{"train-", "t10k-"} {
		file := filepath.Join(dir, split+"images-idx3-ubyte")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			raw[16+i*784] = byte(i)
		}
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
