package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/testdata/papers"
	"gonum.org/v1/gonum/stat"
)

// resultTable is one evaluation at one scale: ours beside what is published and beside the baselines.
type resultTable struct {
	of      *protocol.Evaluation
	head    []string
	rows    [][]string
	notes   []string
	sources []string // of what is published
	cells   int
	beside  *papers.Scored // nil: nothing is published that could stand in a column
}

// ablation are the scores in their order in the table, the deciding one first.
func ablation(e *protocol.Evaluation) []string {
	list := []string{e.Deciding}
	for _, s := range e.Scores {
		if s != e.Deciding {
			list = append(list, s)
		}
	}
	return list
}

// tabulate makes the table of the cells that are finished. It comes beside an error where one of them cannot be read.
func tabulate(r *protocol.Results) (*resultTable, error) {
	cells, unread := r.Cells()
	e := r.Evaluation
	published, err := papers.Anomaly(e.Published)
	if err != nil {
		return nil, err
	}
	t := &resultTable{of: e, cells: len(cells)}
	if i := slices.IndexFunc(published, func(p papers.Scored) bool { return p.Beside }); i >= 0 {
		t.beside = &published[i]
	}
	if v := variant(e); v != "" {
		t.notes = append(t.notes, v)
	}
	if len(cells) == 0 {
		return t, unread
	}
	t.header(cells)
	for _, class := range e.Classes {
		if of := ofClass(cells, class); len(of) > 0 {
			t.row(fmt.Sprint(class), of, t.publishedOf(class))
		}
	}
	if complete := ofWholeSeeds(e, cells); len(complete) > 0 {
		t.mean(complete)
	}
	t.note(cells)
	t.source(published)
	return t, unread
}

// variant is how an evaluation differs from its original, "" where it is none's variant.
func variant(e *protocol.Evaluation) string {
	text, err := experiments.Variant(e)
	if err != nil {
		return fmt.Sprintf("Variant of %s; how it differs cannot be told: %v.", e.Published, err)
	}
	return text
}

func ofClass(cells []*protocol.Cell, class int) (list []*protocol.Cell) {
	for _, c := range cells {
		if c.Class == class {
			list = append(list, c)
		}
	}
	return list
}

// ofWholeSeeds are the cells of each seed for which every class is finished.
func ofWholeSeeds(e *protocol.Evaluation, cells []*protocol.Cell) map[int64][]*protocol.Cell {
	seeds := map[int64][]*protocol.Cell{}
	for _, c := range cells {
		seeds[c.Seed] = append(seeds[c.Seed], c)
	}
	maps.DeleteFunc(seeds, func(_ int64, of []*protocol.Cell) bool { return len(of) < len(e.Classes) })
	return seeds
}

func (t *resultTable) header(cells []*protocol.Cell) {
	t.head = []string{"class"}
	if t.of.Split.Kind == protocol.LeaveOneOut {
		t.head[0] = "class left out"
	}
	for i, s := range ablation(t.of) {
		if s == "logit" {
			s = "−logit"
		}
		if i == 0 {
			s = "**ours**: " + s
		}
		t.head = append(t.head, s)
	}
	if t.beside != nil {
		how := "published"
		if t.beside.Status == papers.Measured {
			how = papers.Measured
		}
		t.head = append(t.head, t.beside.Method+", "+how)
	}
	for _, b := range cells[0].Baselines {
		t.head = append(t.head, b.Name)
	}
	t.head = append(t.head, "average precision", "F1", "false alarms")
}

// row is a class's: AUROC of every score, then what it is compared with, then what its threshold does.
func (t *resultTable) row(name string, cells []*protocol.Cell, published string) {
	row := []string{name}
	for _, s := range ablation(t.of) {
		row = append(row, t.auroc(cells, s))
	}
	if t.beside != nil {
		row = append(row, published)
	}
	for _, b := range cells[0].Baselines {
		row = append(row, thousandths(b.AUROC.Value))
	}
	decides := func(value func(protocol.Figures) *float64) string {
		var list []float64
		for _, c := range cells {
			if v := value(c.Scores[t.of.Deciding]); v != nil {
				list = append(list, *v)
			}
		}
		if len(list) == 0 {
			return "–"
		}
		return thousandths(stat.Mean(list, nil))
	}
	t.rows = append(t.rows, append(row,
		decides(func(f protocol.Figures) *float64 { return &f.AveragePrecision }),
		decides(func(f protocol.Figures) *float64 { return f.F1 }),
		decides(func(f protocol.Figures) *float64 { return f.FalseAlarms })))
}

// auroc is a mean ± sd over seeds, or of one seed DeLong's interval for the deciding score.
func (t *resultTable) auroc(cells []*protocol.Cell, score string) string {
	values := make([]float64, len(cells))
	for i, c := range cells {
		values[i] = c.Scores[score].AUROC.Value
	}
	if a := cells[0].Scores[score].AUROC; len(cells) == 1 && score == t.of.Deciding {
		return fmt.Sprintf("%s (%s – %s)", thousandths(a.Value), thousandths(a.Low), thousandths(a.High))
	}
	text := spread(values)
	if score == t.of.Deciding {
		text += fmt.Sprintf(" (%d)", len(values))
	}
	return text
}

// spread is a mean with the standard deviation of a sample where there are two values or more.
func spread(values []float64) string {
	if len(values) < 2 {
		return thousandths(stat.Mean(values, nil))
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return thousandths(mean) + " ± " + thousandths(sd)
}

// thousandths prints what is undefined, NaN, as nothing.
func thousandths(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.3f", x)
}

// publishedOf is the published value of a class.
func (t *resultTable) publishedOf(class int) string {
	if t.beside == nil || class >= len(t.beside.Classes) || t.beside.Classes[class].Value == 0 {
		return "–"
	}
	p := t.beside.Classes[class]
	if p.SD == 0 {
		return thousandths(p.Value)
	}
	return thousandths(p.Value) + " ± " + thousandths(p.SD)
}

// mean is the row over all classes, of the seeds that have them all.
func (t *resultTable) mean(seeds map[int64][]*protocol.Cell) {
	over := func(value func(*protocol.Cell) float64) string {
		var means []float64
		for _, s := range slices.Sorted(maps.Keys(seeds)) {
			sum := 0.0
			for _, c := range seeds[s] {
				sum += value(c)
			}
			means = append(means, sum/float64(len(seeds[s])))
		}
		return spread(means)
	}
	row := []string{"**mean**"}
	for i, s := range ablation(t.of) {
		text := over(func(c *protocol.Cell) float64 { return c.Scores[s].AUROC.Value })
		if i == 0 {
			text = fmt.Sprintf("**%s** (%d)", text, len(seeds))
		}
		row = append(row, text)
	}
	if t.beside != nil {
		row = append(row, t.publishedMean())
	}
	some := seeds[slices.Sorted(maps.Keys(seeds))[0]]
	for i := range some[0].Baselines {
		sum := 0.0
		for _, c := range some {
			sum += c.Baselines[i].AUROC.Value / float64(len(some))
		}
		row = append(row, thousandths(sum))
	}
	decides := func(value func(protocol.Figures) *float64) string {
		return over(func(c *protocol.Cell) float64 {
			if v := value(c.Scores[t.of.Deciding]); v != nil {
				return *v
			}
			return math.NaN()
		})
	}
	t.rows = append(t.rows, append(row,
		decides(func(f protocol.Figures) *float64 { return &f.AveragePrecision }),
		decides(func(f protocol.Figures) *float64 { return f.F1 }),
		decides(func(f protocol.Figures) *float64 { return f.FalseAlarms })))
}

// publishedMean is a mean over all classes, which compares with no mean of some.
func (t *resultTable) publishedMean() string {
	original, err := experiments.FindEvaluation(t.of.Published)
	if err != nil || len(original.Classes) != len(t.of.Classes) {
		return "–"
	}
	return orNothing(t.beside.Mean)
}

func orNothing(mean float64) string {
	if mean == 0 {
		return "–"
	}
	return thousandths(mean)
}

// note says what the table is of.
func (t *resultTable) note(cells []*protocol.Cell) {
	e := t.of
	add := func(format string, args ...any) { t.notes = append(t.notes, fmt.Sprintf(format, args...)) }
	length := plural(int(e.Training.Iterations), "iteration")
	if e.Training.Epochs > 0 {
		length = plural(e.Training.Epochs, "epoch")
	}
	add("AUROC; %s. %s of %s for each class, without %.0f %% of the normal training pictures, which only choose the threshold (it lets %.0f %% of them pass; F1 and false alarms are at it).",
		e.Split.Words, length, e.Training.Experiment, 100*e.Split.Held, 100*e.Threshold)
	add("Ours: mean ± standard deviation over seeds (their number), or one seed with DeLong's %.0f %% interval; the %s, chosen by no label. The other scores, average precision, F1 and false alarms are means over seeds.",
		100*e.Bootstrap.Level, e.Selection)
	var training, search, anomalous []float64
	for _, c := range cells {
		training, search = append(training, c.Seconds.Training), append(search, c.Seconds.Search)
		anomalous = append(anomalous, float64(c.Anomalous)/float64(c.Normal+c.Anomalous))
	}
	share := stat.Mean(anomalous, nil)
	add("%.0f %% of the test pictures are anomalous: to know nothing gives an average precision of %s, to flag all an F1 of %s.", 100*share, thousandths(share), thousandths(2*share/(1+share)))
	add("A cell took %s of training and %s of search, on a core of %s (%s) that it may have shared. %d of %d cells; protocol %.12s.",
		roughly(seconds(stat.Mean(training, nil))), roughly(seconds(stat.Mean(search, nil))), cells[0].Versions.CPU, cells[0].Versions.Backend,
		len(cells), len(e.Classes)*len(e.Seeds), e.Hash)
	if lanes := inLanes(cells); lanes > 0 && lanes < len(cells) {
		add("Latents of %s were searched in lanes, those of the other %d as graphs, which differs by rounding.", plural(lanes, "cell"), len(cells)-lanes)
	}
	if note := unofficial(e.Data); note != "" {
		add("Note: %s.", note)
	}
}

// inLanes counts the cells whose search, or a part of it, was computed in lanes.
func inLanes(cells []*protocol.Cell) (n int) {
	for _, c := range cells {
		if slices.ContainsFunc(c.Searched, func(v protocol.Versions) bool { return v.Engine == anogan.EngineLanes }) {
			n++
		}
	}
	return n
}

// source names where published numbers are from, and those that have no column.
func (t *resultTable) source(published []papers.Scored) {
	for _, p := range published {
		text := p.Method
		if p.Setting != "" {
			text += " (" + p.Setting + ")"
		}
		if p.Mean > 0 && !p.Beside {
			text += ": mean " + thousandths(p.Mean)
		}
		t.sources = append(t.sources, fmt.Sprintf("%s: %s [%s].", text, p.Source, p.Status))
	}
}

// print writes the table for a terminal.
func (t *resultTable) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s (%s), scale %s\n\n", t.of.Title, t.of.Name, t.of.Scale)
	rows := append([][]string{t.head}, t.rows...)
	if t.cells == 0 {
		rows = [][]string{{"no cell is finished yet"}}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.ReplaceAll(strings.Join(row, "\t"), "**", ""))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, n := range slices.Concat(t.notes, t.sources) {
		fmt.Fprintln(w, "  "+n)
	}
	return nil
}

// command is what eval is given to compute the cells: a variant has no name that eval knows, but a file.
func (t *resultTable) command() string {
	if t.of.Name == t.of.Published {
		return fmt.Sprintf("%s --scale %s", t.of.Name, t.of.Scale)
	}
	return filepath.ToSlash(filepath.Join(protocol.Folder(filepath.Join("testdata", "results"), t.of.Name, t.of.Scale), protocol.EvaluationFile))
}

// markdown is the table for the README, without its sources, which other tables share.
func (t *resultTable) markdown() string {
	var b strings.Builder
	title := t.of.Title
	if t.of.Name != t.of.Published {
		title += ": " + path.Base(t.of.Name)
	}
	fmt.Fprintf(&b, "**%s**, `./ganbook eval %s`\n\n", title, t.command())
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	line(slices.Repeat([]string{"---"}, len(t.head)))
	for _, row := range t.rows {
		line(row)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(t.notes, "\n"))
	return b.String()
}

// printResults prints the table of one evaluation.
func printResults(w io.Writer, r *protocol.Results) error {
	t, err := tabulate(r)
	if t == nil {
		return err
	}
	return errors.Join(t.print(w), err)
}
