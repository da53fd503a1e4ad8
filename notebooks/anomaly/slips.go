package anomaly

import (
	"fmt"
	"image"
	"maps"
	"math"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/plots"
	"gonum.org/v1/plot"
)

// Variant is a way to search the same queries.
type Variant struct {
	Name  string
	Set   map[string]string // settings of the search, such as range=unit
	Batch int               // queries searched at once; 0: 16
	Order Order
}

// Order is the order in which queries are searched.
type Order string

const (
	Sorted   Order = ""         // all normal ones, then the abnormal ones
	Backward Order = "backward" // the other way round
	Mixed    Order = "mixed"    // a normal one, an abnormal one, and so on
)

func (o Order) places(n int) []int {
	places := make([]int, n)
	for i := range places {
		switch o {
		case Backward:
			places[i] = n - 1 - i
		case Mixed:
			places[i] = i/2 + i%2*(n/2)
		default:
			places[i] = i
		}
	}
	return places
}

// Comparison is what variants made of the same queries; each variant's results are in the order of the queries.
type Comparison struct {
	variants []Variant
	queries  Queries
	results  [][]anogan.Result
}

// Compare searches so many normal queries of the test and as many abnormal ones in several ways, the right one first. At
// smoke scale there are four of each at most.
func Compare(run *experiments.Opened, each int, variants ...Variant) (Comparison, error) {
	_, test, err := Held(run)
	if err != nil {
		return Comparison{}, err
	}
	if run.Settings.Scale == experiments.Smoke {
		each = min(each, 4)
	}
	c := Comparison{variants: variants}
	if c.queries, err = test.of(test.balanced(each)); err != nil {
		return c, err
	}
	for _, v := range variants {
		results, err := c.search(run, v)
		if err != nil {
			return c, fmt.Errorf("anomaly: %s: %w", v.Name, err)
		}
		c.results = append(c.results, results)
	}
	return c, nil
}

// search is one variant's search, its results put back into the order of the queries.
func (c Comparison) search(run *experiments.Opened, v Variant) ([]anogan.Result, error) {
	if v.Batch == 0 {
		v.Batch = 16
	}
	places := v.Order.places(c.queries.Len())
	ordered, err := c.queries.of(places)
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	maps.Copy(set, v.Set)
	if run.Settings.Scale == experiments.Smoke {
		set["search_steps"] = "30"
		if set["search_late"] == "" {
			set["search_late"] = "15"
		}
	}
	found, _, err := search(run, ordered, set, anogan.MapperOptions{Batch: v.Batch})
	if err != nil {
		return nil, err
	}
	results := make([]anogan.Result, len(found))
	for k, i := range places {
		results[i] = found[k]
	}
	return results, nil
}

// Markdown is the table of the variants: mean scores, how well they rank, how far they are from the first variant's, and
// the share of normal queries that a threshold flags.
func (c Comparison) Markdown(threshold float64) (string, error) {
	var b strings.Builder
	b.WriteString("| search | mean R, normal | mean R, abnormal | AUROC of A (95 % interval) | A differs from the first row's by (mean, largest) | false alarms at the threshold above |\n" +
		"| --- | ---: | ---: | --- | ---: | ---: |\n")
	first := weighted(c.results[0])
	for k, v := range c.variants {
		scores := weighted(c.results[k])
		r, err := eval.Rank(scores, c.queries.Abnormal)
		if err != nil {
			return "", err
		}
		d, err := eval.Decide(scores, c.queries.Abnormal, threshold)
		if err != nil {
			return "", err
		}
		normal, abnormal := means(residuals(c.results[k]), c.queries.Abnormal)
		mean, largest := differences(scores, first)
		fmt.Fprintf(&b, "| %s | %.4f | %.4f | %s | %.4f, %.4f | %d of %d |\n", v.Name, normal, abnormal, r.DeLong(0.95), mean, largest,
			d.FalseAlarm, d.FalseAlarm+d.TrueNegative)
	}
	return b.String(), nil
}

func weighted(results []anogan.Result) (scores []float64) {
	for _, r := range results {
		scores = append(scores, r.Score)
	}
	return scores
}

func residuals(results []anogan.Result) (scores []float64) {
	for _, r := range results {
		scores = append(scores, r.Residual)
	}
	return scores
}

func differences(a, b []float64) (mean, largest float64) {
	for i := range a {
		d := math.Abs(a[i] - b[i])
		mean, largest = mean+d/float64(len(a)), max(largest, d)
	}
	return mean, largest
}

// Figure shows what the variants mapped some of the queries to, with A below. Where queries are left in [0, 1] they are
// shown as they are fed: grey where they should be black.
func (c Comparison) Figure(each int) (image.Image, error) {
	places := c.queries.balanced(each)
	query, err := c.row("query", places, func(i int) ([]float32, string) { return c.queries.pixels(i), "" })
	if err != nil {
		return nil, err
	}
	for k, i := range places {
		query.Cells[k].Above = c.queries.name(i)
	}
	rows := []plots.GridRow{query}
	for k, v := range c.variants {
		if v.Set["range"] == string(anogan.QueriesUnit) {
			fed, err := c.row("query as fed", places, func(i int) ([]float32, string) { return anogan.QueriesUnit.Feed(c.queries.pixels(i)), "" })
			if err != nil {
				return nil, err
			}
			rows = append(rows, fed)
		}
		row, err := c.row(v.Name, places, func(i int) ([]float32, string) {
			r := c.results[k][i]
			return r.Mapped, fmt.Sprintf("A = %.4f", r.Score)
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return plots.Grid(rows...)
}

// Losses shows A before every step and after the last, of one query in every variant: the second normal one, or the second
// abnormal one. The first that is searched knows nothing of others under any slip.
func (c Comparison) Losses(abnormal bool) (*plot.Plot, error) {
	i := c.queries.balanced(2)[1]
	if abnormal {
		i = c.queries.balanced(2)[3]
	}
	var searches []plots.Search
	for k, v := range c.variants {
		s := plots.Search{Name: v.Name}
		for _, a := range c.results[k][i].Losses {
			s.Losses = append(s.Losses, float64(a))
		}
		searches = append(searches, s)
	}
	return plots.Searches("One query ("+c.queries.name(i)+"), searched in several ways", searches...)
}

func (c Comparison) row(name string, places []int, cell func(i int) (pixels []float32, below string)) (plots.GridRow, error) {
	row := plots.GridRow{Name: name}
	for _, i := range places {
		pixels, below := cell(i)
		picture, err := c.queries.picture(pixels)
		if err != nil {
			return row, err
		}
		row.Cells = append(row.Cells, plots.GridCell{Image: picture, Below: below})
	}
	return row, nil
}
