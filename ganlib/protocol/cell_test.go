package protocol

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// testCell is a cell of class 1 and seed 0.
func testCell(r *Results) *Cell {
	return &Cell{
		Evaluation: r.Evaluation.Name, Scale: r.Evaluation.Scale, Protocol: r.Evaluation.Hash, Class: 1, Seed: 0, Normal: 10, Anomalous: 20,
		Scores: map[string]Figures{"weighted": {AUROC: Interval{0.75, 0.7, 0.8}}},
	}
}

func TestCells(t *testing.T) {
	r := fixed(t)
	if c, err := r.Cell(1, 0); c != nil || err != nil {
		t.Errorf("before it is made: %+v, %v", c, err)
	}
	if err := testCell(r).Write(r.Dir); err != nil {
		t.Fatal(err)
	}
	c, err := r.Cell(1, 0)
	if err != nil || c.Scores["weighted"].AUROC.Low != 0.7 || c.Format != Format || c.Finished == "" {
		t.Errorf("%+v, %v", c, err)
	}
	if all, err := r.Cells(); err != nil || len(all) != 1 {
		t.Errorf("%d cells, %v", len(all), err)
	}
	broken := testCell(r)
	broken.Scores["weighted"] = Figures{AUROC: Interval{Value: math.NaN()}}
	if err := broken.Write(r.Dir); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("an AUROC that is no number: %v", err)
	}
	foreign := testCell(r)
	foreign.Class, foreign.Protocol = 2, strings.Repeat("0", 64)
	if err := foreign.Write(r.Dir); err != nil {
		t.Fatal(err)
	}
	var edited *Edited
	if _, err := r.Cell(2, 0); !errors.As(err, &edited) || edited.Cell != "class-2-seed-0.json" {
		t.Errorf("a cell of another evaluation: %v", err)
	}
	file := filepath.Join(r.Dir, "class-1-seed-0.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string]string{
		"is no cell":                string(text[:len(text)/2]),
		`unknown field "luck"`:      strings.Replace(string(text), `"class": 1`, `"luck": 1`, 1),
		"holds the cell of class-2": strings.Replace(string(text), `"class": 1`, `"class": 2`, 1),
		"nothing was judged":        strings.Replace(string(text), `"normal": 10`, `"normal": 0`, 1),
	} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Cell(1, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Cells of older programs come out as they were when they are written again; fields that came later do, too.
func TestCellsAreRewrittenAsTheyWere(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "results", "anogan", "mnist-one-class", "short", "class-*-seed-0.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d committed cells, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := readCell(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if again, err := c.text(); err != nil || string(again) != string(text) {
			t.Errorf("%s comes out otherwise, %v:\n%s", file, err, again)
		}
	}
	r := fixed(t)
	made := testCell(r)
	made.Versions, made.Changes, made.Commit = Versions{Go: "go1.27.0", Commit: "0a"}, []string{"Go: was go1.26.0, is go1.27.0"}, "0b+dirty"
	made.Searched = []Versions{{Go: "go1.27.0", Modules: map[string]string{"a": "1"}}, {Go: "go1.28.0"}}
	if err := made.Write(r.Dir); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Cell(1, 0); err != nil || !reflect.DeepEqual(c, made) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSameVersions(t *testing.T) {
	v := Versions{Go: "go1.27.0", Modules: map[string]string{"a": "1"}}
	same := Versions{Go: "go1.27.0", Modules: map[string]string{"a": "1"}}
	if !v.Same(same) || v.Modules == nil {
		t.Error("the same are not the same")
	}
	for _, w := range []Versions{{Go: "go1.27.0", Modules: map[string]string{"a": "2"}}, {Go: "go1.28.0", Modules: same.Modules}, {Go: "go1.27.0", Modules: same.Modules, Commit: "0a"}} {
		if v.Same(w) {
			t.Errorf("%+v is the same as %+v", v, w)
		}
	}
}

func TestClaim(t *testing.T) {
	r := fixed(t)
	l, err := r.Claim(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Claim(1, 0); !errors.Is(err, runlog.ErrLocked) {
		t.Errorf("claimed twice: %v", err)
	}
	if other, err := r.Claim(1, 1); err != nil {
		t.Error(err)
	} else if err := other.Release(); err != nil {
		t.Error(err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if found, _ := filepath.Glob(filepath.Join(r.Dir, "*.lock")); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

// Results come by name and scale, each evaluation before its variants, whose folders sort before it.
func TestAllResults(t *testing.T) {
	root := t.TempDir()
	for _, of := range [][2]string{{"anogan/test-wide", "short"}, {"anogan/a-variant", "short"}, {"anogan/test", "short"}, {"anogan/test", "full"}} {
		e := draft()
		e.Name, e.Scale, e.Published = of[0], of[1], "anogan/test"
		if _, err := Fix(t.Context(), filepath.Join(Folder(root, e.Name, e.Scale), EvaluationFile), e); err != nil {
			t.Fatal(err)
		}
	}
	list, err := AllResults(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, r.Evaluation.Name+" "+r.Evaluation.Scale)
	}
	if want := []string{"anogan/test full", "anogan/test short", "anogan/a-variant short", "anogan/test-wide short"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if file := list[0].BaselineFile(3); file != filepath.Join(root, "anogan", "test", "baselines", "class-3.json") {
		t.Errorf("baselines in %s", file)
	}
	if _, err := AllResults(filepath.Join(root, "none")); err == nil {
		t.Error("results were found where none are")
	}
}
