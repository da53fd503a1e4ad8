package main

import (
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// written makes a run with a series "a" and returns it as a member.
func written(t *testing.T, label string, info runlog.Info, values []float64, sheets ...int64) member {
	t.Helper()
	info.Experiment = "test"
	run, err := runlog.Create(t.TempDir(), info)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if err := run.Point(runlog.Point{Iteration: int64(i + 1), Values: map[string]float64{"a": v}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range sheets {
		if err := run.Image("", at, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := openMember(label, run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// Mean, deviation and quantiles by parts of the longest run; no numbers for a part that a run did not finish.
func TestStatisticsTable(t *testing.T) {
	long := written(t, "long", runlog.Info{}, []float64{1, 3, 10, 20, 30, 40})
	short := written(t, "short", runlog.Info{}, []float64{5, 5, 5, 7, 9})
	table := statisticsTable([]member{long, short}, []string{"a"}, 2)
	same(t, "columns", table.columns, []string{"series", "iterations", "long", "short"})
	// Of 1, 3, 10: mean 14/3, deviation √(67/3) = 4.7; the quantile p of n numbers lies at rank p·n, and below the first one is the first.
	same(t, "first half", table.rows[0], []string{"a", "1 – 3", "4.67 ± 4.7 (1, 2, 8.95)", "5 ± 0 (5, 5, 5)"})
	same(t, "second half", table.rows[1], []string{"a", "4 – 6", "30 ± 10 (20, 25, 38.5)", "–"})
	if got := described([]float64{2}); got != "2 ± 0 (2, 2, 2)" {
		t.Errorf("of one number: %q", got)
	}
	if rows := statisticsTable([]member{long}, []string{"a"}, 9).rows; len(rows) != 6 {
		t.Errorf("6 iterations in 9 parts: %d rows", len(rows))
	}
}

// The distance is in units of the first run's root mean square: √((9+16)/2) = 5/√2 for 3, 4.
func TestFirstStepsTable(t *testing.T) {
	a := written(t, "a", runlog.Info{}, []float64{3, 4, 100})
	b := written(t, "b", runlog.Info{}, []float64{3, 4.5, 0})
	c := written(t, "c", runlog.Info{}, []float64{-3})
	table := firstStepsTable([]member{a, b, c}, []string{"a"}, 2)
	same(t, "columns", table.columns, []string{"series", "run", "at 1", "at 2", "median", "largest"})
	same(t, "b", table.rows[0], []string{"a", "b", "0.0e+00", "1.4e-01", "1.4e-01", "1.4e-01"}) // 0.5/(5/√2)
	same(t, "c", table.rows[1], []string{"a", "c", "1.7e+00", "–", "1.7e+00", "1.7e+00"})       // 6/(5/√2)
	if columns := firstStepsTable([]member{a, b}, []string{"a"}, 7).columns; !slices.Contains(columns, "at 7") || slices.Contains(columns, "at 10") {
		t.Errorf("7 steps: columns %q", columns)
	}
}

// Runs are named after their folder and after what tells them apart, and nothing else.
func TestLabels(t *testing.T) {
	info := func(lowering string, seed int64) runlog.Info {
		return runlog.Info{Lowering: lowering, Seed: seed, Backend: "go"}
	}
	members := []member{written(t, "", info("direct", 1), []float64{1}), written(t, "", info("fast", 1), []float64{1})}
	label(members)
	same(t, "labels", []string{members[0].label, members[1].label}, []string{"00001-test, direct", "00001-test, fast"})
	members = []member{written(t, "", info("fast", 1), []float64{1}), written(t, "", info("fast", 2), []float64{1})}
	label(members)
	same(t, "labels", []string{members[0].label, members[1].label}, []string{"00001-test, seed 1", "00001-test, seed 2"})
}

// The sheets set side by side are those after the same number of images.
func TestNewestCommonSheet(t *testing.T) {
	a := written(t, "a", runlog.Info{}, []float64{1}, 16, 32, 48)
	b := written(t, "b", runlog.Info{}, []float64{1}, 16, 32, 40)
	if newest, err := newestCommonSheet([]member{a, b}); err != nil || newest != 32 {
		t.Errorf("%d, %v; want 32", newest, err)
	}
	c := written(t, "c", runlog.Info{}, []float64{1}, 17)
	if _, err := newestCommonSheet([]member{a, c}); err == nil || !strings.Contains(err.Error(), "--batch") {
		t.Errorf("no sheet in common: %v", err)
	}
}

// The command on two trainings of one seed and one of another: the first two are equal to the bit, and as far from the
// data as each other.
func TestCompare(t *testing.T) {
	root, _ := smoke(t, "--images=80", "--seed=3")
	mustCall(t, "run", "dcgan", "--scale=smoke", "--images=80", "--seed=3", "--out", root)
	mustCall(t, "run", "dcgan", "--scale=smoke", "--images=80", "--seed=4", "--out", root)
	file := filepath.Join(t.TempDir(), "pair.png")
	out := mustCall(t, "compare", "1", "2", "3", "--runs", root, "--series=D/loss,G/loss", "--first=5", "--distance=16", "--image", file)
	for _, want := range []string{"| D/loss | 1 – 3 ", "| G/loss | 7 – 10 ", "00001-dcgan, seed 3", "00003-dcgan, seed 4", "at 5", file} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	rows := map[string][]string{}
	for line := range strings.Lines(out) {
		cells := strings.FieldsFunc(line, func(r rune) bool { return r == '|' || r == '\n' })
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) > 0 {
			rows[cells[0]] = cells
		}
	}
	matrix := rows["00001-dcgan, seed 3"]
	if len(matrix) != 6 || matrix[1] != "0.0000" || matrix[2] != "0.0000" || matrix[3] == "0.0000" || matrix[4] != rows["00002-dcgan, seed 3"][4] || matrix[4] == "0.0000" {
		t.Errorf("distances of run 1: %q", matrix)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config, _, err := image.DecodeConfig(f)
	if err != nil || config.Width < 3*config.Height/2 {
		t.Errorf("%dx%d, %v: not three sheets side by side", config.Width, config.Height, err)
	}
}

func TestCompareRefuses(t *testing.T) {
	root, _ := smoke(t, "--images=16")
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"1"}, "at least two"},
		{[]string{"1", "2"}, "no run 2"},
		{[]string{"1", "1", "--series=D/los"}, "D/loss fake, D/loss real"},
		{[]string{"1", "1", "--parts=0"}, "--parts 0"},
		{[]string{"1", "1", "--first=-1"}, "--first -1"},
		{[]string{"1", "1", "--distance=10001"}, "--distance 10001"},
		{[]string{"1", "1", "--backend=gp"}, `"gp"`},
		{[]string{"lowerings", "--steps=0"}, "--steps 0"},
		{[]string{"lowerings", "--games=dcgn"}, "dcgn"},
		{[]string{"lowerings", "--leg=dcgan-slow"}, "dcgan-slow"},
	} {
		args := append([]string{"compare"}, tc.args...)
		if tc.args[0] != "lowerings" {
			args = append(args, "--runs", root)
		}
		if status, out, message := call(t, args...); status != statusUsage || out != "" || !strings.Contains(message, tc.want) {
			t.Errorf("%q: status %d, %s%s", tc.args, status, out, message)
		}
	}
}
