package main

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/testdata/papers"
)

func TestTableBesideTheDocuments(t *testing.T) {
	out := mustCall(t, "table", "dcgan")
	for _, w := range []string{"= 3,576,704", "= 2,765,568", "512,256,4,4", "100,512,4,4", "2,097,152 + 1,024 (same)", "1.74 – 2.09", "known misprints"} {
		if !strings.Contains(out, w) {
			t.Errorf("table lacks %q:\n%s", w, out)
		}
	}
	if strings.Contains(out, "DIFFERS") || strings.Count(out, "(same)") != 12 {
		t.Errorf("ours differs from the document:\n%s", out)
	}
}

func TestTableOfOtherSettings(t *testing.T) {
	out := mustCall(t, "table", "dcgan", "--width=16", "--image-size=128", "--set=nz=10")
	if !strings.Contains(out, "256×4×4") || !strings.Contains(out, "3×128×128") || strings.Contains(out, "in the document") {
		t.Errorf("width 16 at 128 pixels:\n%s", out)
	}
	if out := mustCall(t, "table", "dcgan/radford2015"); !strings.Contains(out, "1024×4×4") || !strings.Contains(out, "5,2,2+1") {
		t.Errorf("the paper's network:\n%s", out)
	}
}

// The committed cells fit their evaluations, and the README has a place for their tables.
func TestTableOfResults(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := protocol.AllResults(filepath.Join(root, "testdata", "results"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, r := range all {
		if _, err := tabulate(r); err != nil {
			t.Errorf("%s: %v", r.Dir, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replaceBetween(string(text), resultsBegin, resultsEnd, ""); err != nil {
		t.Error(err)
	}
	if status, _, errOut := call(t, "table", "--results", "--from", t.TempDir()); status != statusUsage || !strings.Contains(errOut, "there are no results") {
		t.Errorf("an empty folder: status %d, %s", status, errOut)
	}
	if status, _, errOut := call(t, "table"); status != statusUsage || !strings.Contains(errOut, "there are dcgan") {
		t.Errorf("table of nothing: status %d, %s", status, errOut)
	}
}

// A table of known cells: means over seeds, their spread, the published values of the same classes beside them, the mean
// of whole seeds. What is undefined for one class is so in the mean, and a published mean of all classes is not put beside
// one of two.
func TestTableOfKnownCells(t *testing.T) {
	e, err := experiments.FindEvaluation("anogan/mnist-one-class")
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Draft(experiments.EvaluationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Data.Files, d.Classes, d.Seeds = []protocol.File{{Part: "test", Official: true}}, []int{1, 8}, []int64{0, 1}
	root := filepath.Join(t.TempDir(), "results")
	dir := protocol.Folder(root, d.Name, d.Scale)
	if _, err := protocol.Fix(t.Context(), filepath.Join(dir, protocol.EvaluationFile), d); err != nil {
		t.Fatal(err)
	}
	half := 0.5
	for i, auroc := range []float64{0.8, 0.9, 0.7} { // classes 1, 8, 1 with seeds 0, 0, 1
		f := protocol.Figures{AUROC: protocol.Interval{Value: auroc, Low: auroc - 0.05, High: auroc + 0.05}, AveragePrecision: 0.5, F1: &half, FalseAlarms: &half}
		if i == 1 {
			f.F1 = nil
		}
		c := protocol.Cell{
			Evaluation: d.Name, Scale: d.Scale, Protocol: d.Hash, Class: d.Classes[i%2], Seed: int64(i / 2), Normal: 1, Anomalous: 1,
			Scores:    map[string]protocol.Figures{"weighted": f, "residual": f, "discrimination": f, "logit": f},
			Baselines: []protocol.Baseline{{Name: "PCA, 32 components", Figures: protocol.Figures{AUROC: protocol.Interval{Value: 0.95 + float64(i%2)/100}}}},
		}
		if i == 0 {
			c.Searched = []protocol.Versions{{Engine: "lanes"}}
		}
		if err := c.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	r, err := protocol.OpenResults(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := tabulate(r)
	if err != nil {
		t.Fatal(err)
	}
	text := table.markdown()
	for _, w := range []string{
		"| class | **ours**: weighted | residual | discrimination | −logit | AnoGAN, published | PCA, 32 components | average precision | F1 | false alarms |",
		"`./ganbook eval anogan/mnist-one-class --scale short`",
		"| 1 | 0.750 ± 0.071 (2) | 0.750 ± 0.071 | 0.750 ± 0.071 | 0.750 ± 0.071 | 0.992 ± 0.006 | 0.950 | 0.500 | 0.500 | 0.500 |",
		"| 8 | 0.900 (0.850 – 0.950) | 0.900 | 0.900 | 0.900 | 0.849 ± 0.021 | 0.960 | 0.500 | – | 0.500 |",
		"| **mean** | **0.850** (1) | 0.850 | 0.850 | 0.850 | – | 0.955 | 0.500 | – | 0.500 |",
		"2,000 iterations of anogan", "3 of 4 cells",
		"Latents of 1 cell were searched in lanes, those of the other 2 as graphs, which differs by rounding.",
		"50 % of the test pictures are anomalous: to know nothing gives an average precision of 0.500, to flag all an F1 of 0.667.",
	} {
		if !strings.Contains(text, w) {
			t.Errorf("the table lacks %q:\n%s", w, text)
		}
	}
	if twice := resultsMarkdown([]*resultTable{table, table}); strings.Count(twice, "* AnoGAN (DCGAN's nets") != 1 || !strings.Contains(twice, "recalled, not re-read") || strings.Count(twice, text) != 2 {
		t.Errorf("two tables and, once, their sources: got\n%s", twice)
	}
	if out := mustCall(t, "table", "--results", "anogan/mnist", "--from", root); !strings.Contains(out, "recalled, not re-read") || !strings.Contains(out, "0.750 ± 0.071 (2)") || strings.Contains(out, "**") {
		t.Errorf("%s", out)
	}
}

// A row that somebody measured is not called published, the mean of all classes stands beside ours of all, and the table
// of a variant says how its cells are computed.
func TestWhatStandsBesideATable(t *testing.T) {
	for id, want := range map[string][2]string{
		"anogan/mnist-small":     {"AnoGAN, measured", "–"},
		"anogan/mnist-one-class": {"AnoGAN, published", "0.913"},
	} {
		e, err := experiments.FindEvaluation(id)
		if err != nil {
			t.Fatal(err)
		}
		d, err := e.Draft(experiments.EvaluationOptions{Name: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := papers.Anomaly(id)
		if err != nil {
			t.Fatal(err)
		}
		table := &resultTable{of: d, beside: &rows[slices.IndexFunc(rows, func(r papers.Scored) bool { return r.Beside })]}
		table.header([]*protocol.Cell{{}})
		if !slices.Contains(table.head, want[0]) || table.publishedMean() != want[1] {
			t.Errorf("%s: %v, mean %s", id, table.head, table.publishedMean())
		}
		if text := table.markdown(); !strings.Contains(text, "`./ganbook eval testdata/results/mine/short/evaluation.json`") {
			t.Errorf("%s", text)
		}
	}
}

// The published rows belong to evaluations that exist, and their means are those of their classes.
func TestPublishedScores(t *testing.T) {
	seen := 0
	for _, e := range experiments.Evaluations() {
		rows, err := papers.Anomaly(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		beside := 0
		for _, r := range rows {
			seen++
			if r.Beside {
				beside++
			}
			if r.Method == "" || r.Source == "" || r.Status == "" || len(r.Classes) != 0 && len(r.Classes) != len(e.Classes) {
				t.Errorf("%s: %+v", e.ID, r)
			}
			sum, known := 0.0, 0
			for _, c := range r.Classes {
				if c.Value > 0 {
					sum, known = sum+c.Value, known+1
				}
			}
			if known == len(e.Classes) && math.Abs(sum/float64(known)-r.Mean) > 0.0005 {
				t.Errorf("%s, %s: the mean of the classes is %v, not %v", e.ID, r.Method, sum/float64(known), r.Mean)
			}
		}
		if beside > 1 {
			t.Errorf("%s: %d rows stand beside ours", e.ID, beside)
		}
	}
	if seen != 10 {
		t.Errorf("%d published rows belong to an evaluation, want 10", seen)
	}
}

// The table of a variant says how it differs from its original, on the terminal, in the README, and before there is a cell.
func TestTableOfAVariant(t *testing.T) {
	e, err := experiments.FindEvaluation("anogan/mnist-one-class")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	fix := func(o experiments.EvaluationOptions) *protocol.Results {
		t.Helper()
		d, err := e.Draft(o)
		if err != nil {
			t.Fatal(err)
		}
		d.Data.Files = []protocol.File{{Part: "test", Official: true}}
		dir := protocol.Folder(root, d.Name, d.Scale)
		if _, err := protocol.Fix(t.Context(), filepath.Join(dir, protocol.EvaluationFile), d); err != nil {
			t.Fatal(err)
		}
		return &protocol.Results{Dir: dir, Evaluation: d}
	}
	const want = "Variant of anogan/mnist-one-class at scale short, whose values are in parentheses: g_maps: 64,32,16 (32,16,8)."
	wide := fix(experiments.EvaluationOptions{Name: "anogan/wide", Set: map[string]string{"g_maps": "64,32,16"}})
	fix(experiments.EvaluationOptions{})
	if out := mustCall(t, "table", "--results", "--from", root); strings.Count(out, "no cell is finished yet") != 2 || strings.Count(out, "Variant of ") != 1 || !strings.Contains(out, "  "+want+"\n") {
		t.Errorf("%s", out)
	}
	c := protocol.Cell{
		Evaluation: "anogan/wide", Scale: "short", Protocol: wide.Evaluation.Hash, Normal: 1, Anomalous: 1,
		Scores: map[string]protocol.Figures{"weighted": {AUROC: protocol.Interval{Value: 0.5}}},
	}
	if err := c.Write(wide.Dir); err != nil {
		t.Fatal(err)
	}
	if out := mustCall(t, "table", "--results", "anogan/wide", "--from", root); !strings.Contains(out, "  "+want+"\n") || !strings.Contains(out, "1 of 50 cells") {
		t.Errorf("%s", out)
	}
	table, err := tabulate(wide)
	if err != nil {
		t.Fatal(err)
	}
	if text := table.markdown(); !strings.Contains(text, "\n"+want+"\n") {
		t.Errorf("%s", text)
	}
	if text := variant(&protocol.Evaluation{Name: "mine", Published: "anogan/none"}); !strings.Contains(text, "how it differs cannot be told: experiments: no evaluation") {
		t.Errorf("%s", text)
	}
}
