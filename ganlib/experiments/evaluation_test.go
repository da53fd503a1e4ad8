package experiments

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Every evaluation can be fixed at every scale, under a name and folder of its own.
func TestEvaluationsCanBeFixed(t *testing.T) {
	for _, e := range Evaluations() {
		for _, scale := range EvaluationScales() {
			d, err := e.Draft(EvaluationOptions{Scale: scale})
			if err != nil {
				t.Errorf("%s at %s: %v", e.ID, scale, err)
				continue
			}
			d.Data.Files = []protocol.File{{Part: "test"}}
			if err := d.Seal(); err != nil {
				t.Errorf("%s at %s: %v", e.ID, scale, err)
			}
			if d.Name != e.ID || d.Published != e.ID || d.Scale != scale || d.Data.Set != e.Data {
				t.Errorf("%s at %s: %+v", e.ID, scale, d)
			}
		}
	}
}

// The scales are what they say: the blog's 200 epochs, and 2,000 of its batches; the second Adam is at three quarters.
func TestScalesOfEvaluations(t *testing.T) {
	e, err := FindEvaluation("anogan/mnist-one-class")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		scale      string
		epochs     int
		iterations int64
		batch      int
	}{{EvalFull, 200, 0, 256}, {EvalShort, 0, 2000, 256}, {EvalLecture, 0, 1000, 256}, {EvalSmoke, 0, 20, 16}} {
		d, err := e.Draft(EvaluationOptions{Scale: tc.scale})
		if err != nil {
			t.Fatal(err)
		}
		var s Settings
		if err := json.Unmarshal(d.Training.Settings, &s); err != nil {
			t.Fatal(err)
		}
		if d.Training.Epochs != tc.epochs || d.Training.Iterations != tc.iterations || s.BatchSize != tc.batch {
			t.Errorf("%s: %+v, batch %d", tc.scale, d.Training, s.BatchSize)
		}
		const n = 5627
		s.Images = imagesOf(d.Training, n, s.BatchSize)
		if err := anoganFit(&s, n); err != nil {
			t.Fatal(err)
		}
		var c anogan.Config
		if err := json.Unmarshal(s.Game, &c); err != nil {
			t.Fatal(err)
		}
		if epochs := int((s.Images + n - 1) / n); c.Epochs != epochs || c.LateEpoch != epochs*3/4 || c.EpochImages != n {
			t.Errorf("%s: %d images are %d epochs; the game has %d, its second Adam at %d", tc.scale, s.Images, epochs, c.Epochs, c.LateEpoch)
		}
		if c.Steps != 150 || c.Lambda != 0.7 {
			t.Errorf("%s: the search is %+v", tc.scale, c.Search)
		}
	}
}

// So many images are exactly so many iterations, though the last batch of an epoch is short.
func TestImagesOfIterations(t *testing.T) {
	for _, n := range []int{16, 17, 255, 256, 257, 5627} {
		for _, iterations := range []int64{1, 2, 7, 100, 2000} {
			const batch = 16
			images := imagesOf(protocol.Training{Iterations: iterations}, n, batch)
			count, shown := int64(0), int64(0)
			for shown < images {
				shown += int64(min(batch, n-int(shown%int64(n))))
				count++
			}
			if count != iterations || shown != images {
				t.Errorf("%d iterations of %d in batches: %d images, which %d iterations show", iterations, n, images, count)
			}
		}
	}
}

func TestDraftsOfVariants(t *testing.T) {
	e, err := FindEvaluation("anogan/cifar10-leave-one-out")
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Draft(EvaluationOptions{Name: "mine", Set: map[string]string{"search_steps": "7", "lr": "0.01"}, Iterations: 3, Batch: 5})
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "mine" || d.Published != e.ID || d.Training.Iterations != 3 || d.Search.Batch != 5 || d.Data.Size != 32 || d.Data.Channels != 3 ||
		!strings.Contains(string(d.Search.Settings), `"Steps":7`) || !strings.Contains(string(d.Training.Settings), `"LearningRate":0.01`) {
		t.Errorf("%+v", d)
	}
	if _, err := e.Draft(EvaluationOptions{Set: map[string]string{"search_stepps": "7"}}); err == nil || !strings.Contains(err.Error(), "did you mean search_steps") {
		t.Errorf("%v", err)
	}
	if _, err := e.Draft(EvaluationOptions{Set: map[string]string{"keep_adam": "true"}}); err == nil || !strings.Contains(err.Error(), "leave it out of an evaluation") {
		t.Errorf("%v", err)
	}
	if _, err := e.Draft(EvaluationOptions{Scale: "shrt"}); err == nil || !strings.Contains(err.Error(), "did you mean short") {
		t.Errorf("%v", err)
	}
	if _, err := FindEvaluation("anogan/mnist-oneclass"); err == nil || !strings.Contains(err.Error(), "did you mean anogan/mnist-one-class") {
		t.Errorf("%v", err)
	}
}

// A cell takes the newest run of its own evaluation, class, seed and length: a repetition of a run that was broken off is
// at its end too early, and one that was told to go on for longer is at it too late.
func TestACellFindsItsRun(t *testing.T) {
	out := t.TempDir()
	record := func(protocol string, class int, seed, images int64) string {
		t.Helper()
		s := Settings{Experiment: "anogan", Seed: seed, Images: images, Data: DataSettings{Part: &EvaluationPart{Protocol: protocol, Class: class}}}
		run, err := runlog.Create(out, runlog.Info{Experiment: "anogan", Config: s})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		return run.Dir()
	}
	var said bytes.Buffer
	c := &cell{grid: &Grid{Out: out}, eval: &protocol.Evaluation{Hash: "ours"}, class: 3, seed: 1, watch: CellWatch{Log: &said}}
	if run := c.find(400); run != nil {
		t.Errorf("found %s where there is none", run.Dir())
	}
	record("ours", 3, 1, 400)
	newer := record("ours", 3, 1, 400)
	record("theirs", 3, 1, 400)
	record("ours", 4, 1, 400)
	record("ours", 3, 2, 400)
	record("ours", 3, 1, 100)
	record("ours", 3, 1, 900)
	if run := c.find(400); run == nil || run.Dir() != newer {
		t.Errorf("found %v, want %s", run, newer)
	}
	if words := said.String(); !strings.Contains(words, "shows 100 images and the evaluation 400") || !strings.Contains(words, "shows 900 images") {
		t.Errorf("said %q", words)
	}
}

// Scores are kept batch by batch: a torn line and all behind it are cut off, and those of other weights thrown away.
func TestScoresAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), scoresFile)
	head := scoreHead{Protocol: "p", Weights: "w"}
	line := func(part string, values ...float32) scoreLine {
		l := scoreLine{Part: part, Scores: map[string][]float32{}, Seconds: 2}
		for _, name := range anogan.ScoreNames {
			l.Scores[name] = values
		}
		return l
	}
	read := func(head scoreHead) (held, test []float32) {
		t.Helper()
		s, err := openScores(file, head)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		if want := 2 * float64(len(s.parts[heldPart]["logit"])+len(s.parts[testPart]["logit"])) / 2; s.seconds != want {
			t.Errorf("%v seconds, want %v", s.seconds, want)
		}
		return s.parts[heldPart]["weighted"], s.parts[testPart]["weighted"]
	}
	s, err := openScores(file, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []scoreLine{line(heldPart, 1, 0.1), line(testPart, 3, 4), line(testPart, 5, 1e-7)} {
		if err := s.add(l); err != nil {
			t.Fatal(err)
		}
	}
	s.close()
	if held, test := read(head); !slices.Equal(held, []float32{1, 0.1}) || !slices.Equal(test, []float32{3, 4, 5, 1e-7}) {
		t.Errorf("%v, %v", held, test)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)-9], 0o644); err != nil {
		t.Fatal(err)
	}
	if held, test := read(head); len(held) != 2 || !slices.Equal(test, []float32{3, 4}) {
		t.Errorf("after a torn line: %v, %v", held, test)
	}
	if held, test := read(scoreHead{Protocol: "p", Weights: "other"}); len(held)+len(test) != 0 {
		t.Errorf("of other weights: %v, %v", held, test)
	}
	if held, test := read(head); len(held)+len(test) != 0 {
		t.Errorf("thrown away, and here again: %v, %v", held, test)
	}
}

// The first line of a sitting says what computes it, which a cell repeats only where it is not what trained.
func TestScoresSayWhatComputedThem(t *testing.T) {
	file := filepath.Join(t.TempDir(), scoresFile)
	old, newer := protocol.Versions{Go: "go1.27.0"}, protocol.Versions{Go: "go1.28.0", Commit: "0a"}
	sitting := func(by *protocol.Versions) *cellScores {
		t.Helper()
		s, err := openScores(file, scoreHead{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		s.now = by
		for range 2 {
			l := scoreLine{Part: testPart, Scores: map[string][]float32{}}
			for _, name := range anogan.ScoreNames {
				l.Scores[name] = []float32{1}
			}
			if err := s.add(l); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	if s := sitting(nil); s.others(old) != nil { // as a program wrote that did not say
		t.Errorf("%+v", s.by)
	}
	if s := sitting(&old); s.others(old) != nil || len(s.others(newer)) != 1 {
		t.Errorf("%+v", s.by)
	}
	sitting(&newer)
	if s := sitting(&old); len(s.by) != 2 || len(s.others(old)) != 2 || s.others(old)[1].Commit != "0a" {
		t.Errorf("%+v", s.by)
	}
	if text, err := os.ReadFile(file); err != nil || bytes.Count(text, []byte(`"by":`)) != 3 {
		t.Errorf("%v\n%s", err, text)
	}
}
