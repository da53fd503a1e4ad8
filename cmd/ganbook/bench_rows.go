package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// measurement is one row of a suite: something measured several times.
type measurement struct {
	What     string  `json:"what"`
	Unit     string  `json:"unit"` // "s", "%" or "MB" (10⁶ bytes)
	Median   float64 `json:"median"`
	Minimum  float64 `json:"minimum"`
	Low      float64 `json:"quantile_10"`
	High     float64 `json:"quantile_90"`
	Maximum  float64 `json:"maximum"`
	Measured int     `json:"measured"` // how often
	Detail   string  `json:"detail"`
	Load     float64 `json:"load_average"`
}

func newRow(what, unit, detail string, values ...float64) measurement {
	return measurement{
		What: what, Unit: unit, Median: median(values), Minimum: slices.Min(values), Maximum: slices.Max(values),
		Low: quantile(values, 0.1), High: quantile(values, 0.9), Measured: len(values), Detail: detail, Load: loadAverage(),
	}
}

// quantile is the value below which a share q of the values lies, between two of them in proportion.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func (c *benchCmd) printRows(w io.Writer, rows []measurement) error {
	if c.JSON {
		return encodeLines(w, rows)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tmedian\tmin\t10 %\t90 %\tmax\tunit\tmeasured\tdetail\tload")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%s\t%d\t%s\t%.1f\n",
			r.What, r.Median, r.Minimum, r.Low, r.High, r.Maximum, r.Unit, r.Measured, r.Detail, r.Load)
	}
	return table.Flush()
}
