package protocol

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// draft is an evaluation that is whole but for its hash.
func draft() *Evaluation {
	return &Evaluation{
		Format: Format, Name: "anogan/test", Scale: "short", Title: "A test",
		Data:    Data{Set: "mnist", Size: 4, Channels: 1, Files: []File{{Part: "train", Images: 60, Hash: "aa"}, {Part: "test", Images: 30, Hash: "bb"}}},
		Split:   Split{Kind: OneClass, Held: 0.1, Seed: 3},
		Classes: []int{0, 1, 2}, Seeds: []int64{0, 1},
		Training:  Training{Experiment: "anogan", Settings: json.RawMessage(`{"batch_size":8}`), Iterations: 4},
		Search:    Search{Settings: json.RawMessage(`{"Steps":2}`), Batch: 8},
		Selection: LastSnapshot, Metric: "AUROC", Scores: []string{"residual", "weighted"}, Deciding: "weighted", Threshold: 0.5,
		Bootstrap: Bootstrap{Rounds: 20, Level: 0.9}, Baselines: Baselines{Components: 2, Neighbours: 3},
	}
}

func fixed(t *testing.T) *Results {
	t.Helper()
	dir := t.TempDir()
	e, err := Fix(t.Context(), filepath.Join(dir, EvaluationFile), draft())
	if err != nil {
		t.Fatal(err)
	}
	return &Results{dir, e}
}

func TestFix(t *testing.T) {
	r := fixed(t)
	file := filepath.Join(r.Dir, EvaluationFile)
	again, err := Read(file)
	if err != nil || again.Hash != r.Evaluation.Hash {
		t.Fatalf("%+v, %v", again, err)
	}
	// What was fixed first holds, whatever the next would fix.
	other := draft()
	other.Training.Iterations = 5
	if e, err := Fix(t.Context(), file, other); err != nil || e.Training.Iterations != 4 || e.Hash != r.Evaluation.Hash {
		t.Errorf("%+v, %v", e, err)
	}
	if got := strings.Join(r.Evaluation.Differs(other), ","); got != "training" {
		t.Errorf("differs in %q", got)
	}
	if got := r.Evaluation.Differs(draft()); got != nil {
		t.Errorf("the draft itself differs in %q", got)
	}
	// White space is no edit.
	var compact []byte
	if compact, err = json.Marshal(again); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, compact, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err != nil {
		t.Error(err)
	}
}

// A fixed evaluation that is edited is refused, also when the hash is edited with it: then a cell tells.
func TestAnEditedEvaluationIsRefused(t *testing.T) {
	r := fixed(t)
	file := filepath.Join(r.Dir, EvaluationFile)
	if err := testCell(r).Write(r.Dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) {
		t.Helper()
		changed := strings.Replace(string(text), old, new, 1)
		if changed == string(text) {
			t.Fatalf("%q is not in the file", old)
		}
		if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit(`"iterations": 4`, `"iterations": 400`)
	var edited *Edited
	if _, err := Read(file); !errors.As(err, &edited) || edited.Fixed != r.Evaluation.Hash || edited.Cell != "class-1-seed-0.json" || edited.CellProtocol != r.Evaluation.Hash {
		t.Errorf("edited: %v", err)
	}
	changed := draft()
	changed.Training.Iterations = 400
	if err := changed.Seal(); err != nil {
		t.Fatal(err)
	}
	if changed.Hash == r.Evaluation.Hash {
		t.Fatal("the hash does not depend on the content")
	}
	sealed, err := changed.text()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, sealed, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); !errors.As(err, &edited) || !strings.Contains(err.Error(), "class-1-seed-0.json was made under "+r.Evaluation.Hash[:12]) {
		t.Errorf("edited and sealed anew: %v", err)
	}
	edit(`"iterations": 4`, `"iteratoins": 4`)
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "iteratoins") {
		t.Errorf("an unknown setting: %v", err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err != nil {
		t.Errorf("put back as it was: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(e *Evaluation){
		"format 2":                  func(e *Evaluation) { e.Format = 2 },
		"small letters":             func(e *Evaluation) { e.Name = "../up" },
		"none of its files":         func(e *Evaluation) { e.Data.Files = nil },
		"at least one of each":      func(e *Evaluation) { e.Seeds = nil },
		"named twice":               func(e *Evaluation) { e.Classes = []int{1, 1} },
		"either of the two":         func(e *Evaluation) { e.Training.Epochs = 3 },
		"search batch 0":            func(e *Evaluation) { e.Search.Batch = 0 },
		`selection "best by AUROC"`: func(e *Evaluation) { e.Selection = "best by AUROC" },
		"none of [residual":         func(e *Evaluation) { e.Deciding = "hope" },
		"threshold 0":               func(e *Evaluation) { e.Threshold = 0 },
		"bootstrap of 0":            func(e *Evaluation) { e.Bootstrap.Rounds = 0 },
		"0 neighbours":              func(e *Evaluation) { e.Baselines.Neighbours = 0 },
		`split ""`:                  func(e *Evaluation) { e.Split = Split{} },
	} {
		e := draft()
		spoil(e)
		if err := e.Seal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestCheckData(t *testing.T) {
	e := draft()
	same := []File{{Part: "test", Images: 30, Hash: "bb"}, {Part: "train", Images: 60, Hash: "aa"}}
	if err := e.CheckData(same); err != nil {
		t.Error(err)
	}
	for want, now := range map[string][]File{
		"fixed with a test file of 30 images, which is not there": same[1:],
		"here are 31 of hash cc":                                  {{Part: "test", Images: 31, Hash: "cc"}, same[1]},
		"fixed with 2 files of the set, here are 3":               append(same, File{Part: "extra"}),
	} {
		if err := e.CheckData(now); !errors.Is(err, ErrOtherData) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := e.CheckClass(9); err == nil || e.CheckClass(2) != nil {
		t.Errorf("classes: %v", err)
	}
	if err := e.CheckSeed(9); err == nil || e.CheckSeed(1) != nil {
		t.Errorf("seeds: %v", err)
	}
}
