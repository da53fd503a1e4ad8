package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"gonum.org/v1/gonum/stat"
)

// member is a run in a comparison.
type member struct {
	label  string
	run    *runlog.Run
	points []runlog.Point
}

func openMember(label, dir string) (member, error) {
	run, err := runlog.Open(dir)
	if err != nil {
		return member{}, err
	}
	points, err := run.Points()
	if err != nil {
		return member{}, err
	}
	if len(points) == 0 {
		return member{}, fmt.Errorf("%s has no iteration yet; train it first", dir)
	}
	return member{label, run, points}, nil
}

// label names members after their folder and after what tells them apart.
func label(members []member) {
	for _, of := range []func(i runlog.Info) string{
		func(i runlog.Info) string { return i.ID },
		func(i runlog.Info) string { return i.Lowering },
		func(i runlog.Info) string { return i.Backend },
		func(i runlog.Info) string { return fmt.Sprintf("seed %d", i.Seed) },
	} {
		all := make([]string, len(members))
		for i, m := range members {
			all[i] = of(m.run.Info())
		}
		first := members[0].label == ""
		if !first && len(slices.Compact(slices.Sorted(slices.Values(all)))) == 1 {
			continue
		}
		for i := range members {
			members[i].label = strings.TrimPrefix(members[i].label+", "+all[i], ", ")
		}
	}
}

// values are those of a series after the iteration from, up to and with the iteration to.
func (m member) values(series string, from, to int64) []float64 {
	var values []float64
	for _, p := range m.points {
		if v, ok := p.Values[series]; ok && p.Iteration > from && p.Iteration <= to {
			values = append(values, v)
		}
	}
	return values
}

func (m member) last() int64 { return m.points[len(m.points)-1].Iteration }

// commonSeries are the series of all members, sorted.
func commonSeries(members []member) []string {
	common := members[0].run.Names()
	for _, m := range members[1:] {
		names := m.run.Names()
		common = slices.DeleteFunc(common, func(name string) bool { return !slices.Contains(names, name) })
	}
	return common
}

// described puts numbers into words: mean ± standard deviation, and the quantiles at 5, 50 and 95 %.
func described(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	if len(values) == 1 {
		deviation = 0
	}
	sorted := slices.Sorted(slices.Values(values))
	quantile := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, sorted, nil) }
	return fmt.Sprintf("%.3g ± %.2g (%.3g, %.3g, %.3g)", mean, deviation, quantile(0.05), quantile(0.5), quantile(0.95))
}

// table is a table with a heading; every row has as many cells as columns.
type table struct {
	title   string
	columns []string
	rows    [][]string
}

type tables []table

// print writes tables for terminals, which are Markdown as well.
func (all tables) print(w io.Writer) error {
	for _, t := range all {
		if err := t.print(w); err != nil {
			return err
		}
	}
	return nil
}

func (t table) print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", t.title)
	tab := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	line := func(cells []string) { fmt.Fprintf(tab, "| %s\t|\n", strings.Join(cells, "\t| ")) }
	line(t.columns)
	line(slices.Repeat([]string{"---"}, len(t.columns)))
	for _, row := range t.rows {
		line(row)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// statisticsTable describes every series of every run in each part of the iterations of the longest run. A run that did
// not reach the end of a part has no numbers there.
func statisticsTable(members []member, series []string, parts int) table {
	t := table{title: "Mean ± standard deviation (quantiles at 5, 50 and 95 %)", columns: []string{"series", "iterations"}}
	longest := int64(0)
	for _, m := range members {
		t.columns = append(t.columns, m.label)
		longest = max(longest, m.last())
	}
	for _, name := range series {
		for part := range int64(parts) {
			from, to := part*longest/int64(parts), (part+1)*longest/int64(parts)
			if from == to {
				continue
			}
			row := []string{name, fmt.Sprintf("%d – %d", from+1, to)}
			for _, m := range members {
				var values []float64
				if m.last() >= to {
					values = m.values(name, from, to)
				}
				row = append(row, described(values))
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// marks are the iterations at which the first steps are shown, besides the last one asked for.
var marks = []int64{1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000}

// firstStepsTable shows how far a series is from that of the first run, over the first n iterations: what rounding does,
// before it has grown into another training. The unit is the root mean square of the first run's series there.
func firstStepsTable(members []member, series []string, n int) table {
	t := table{
		title:   fmt.Sprintf("Distance from %s in the first %s, in units of its root mean square there", members[0].label, plural(n, "iteration")),
		columns: []string{"series", "run"},
	}
	var shown []int64
	for _, at := range append(slices.Clone(marks), int64(n)) {
		if at <= int64(n) && !slices.Contains(shown, at) {
			shown = append(shown, at)
			t.columns = append(t.columns, fmt.Sprintf("at %d", at))
		}
	}
	t.columns = append(t.columns, "median", "largest")
	for _, name := range series {
		own := byIteration(members[0], name, n)
		unit := rootMeanSquare(own)
		for _, m := range members[1:] {
			gaps := map[int64]float64{}
			for at, v := range byIteration(m, name, n) {
				if w, ok := own[at]; ok {
					gaps[at] = math.Abs(v-w) / unit
				}
			}
			t.rows = append(t.rows, gapsRow(name, m.label, gaps, shown))
		}
	}
	return t
}

func gapsRow(series, label string, gaps map[int64]float64, shown []int64) []string {
	row := []string{series, label}
	for _, at := range shown {
		cell := "–"
		if gap, ok := gaps[at]; ok {
			cell = fmt.Sprintf("%.1e", gap)
		}
		row = append(row, cell)
	}
	if len(gaps) == 0 {
		return append(row, "–", "–")
	}
	var sorted []float64
	for _, gap := range gaps {
		sorted = append(sorted, gap)
	}
	slices.Sort(sorted)
	return append(row, fmt.Sprintf("%.1e", sorted[len(sorted)/2]), fmt.Sprintf("%.1e", sorted[len(sorted)-1]))
}

func byIteration(m member, series string, n int) map[int64]float64 {
	values := map[int64]float64{}
	for _, p := range m.points {
		if v, ok := p.Values[series]; ok && p.Iteration <= int64(n) {
			values[p.Iteration] = v
		}
	}
	return values
}

func rootMeanSquare(values map[int64]float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(values)))
}
