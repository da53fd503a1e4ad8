package main

import (
	"fmt"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// derivedRow is a figure that follows from results: what growing costs, and what the first step costs more.
type derivedRow struct {
	What      string  `json:"what"`
	Contender string  `json:"contender"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Detail    string  `json:"detail"`
}

// derive computes them for every contender.
func derive(results []benchResult) (rows []derivedRow) {
	for _, large := range results {
		for _, small := range results {
			if row, ok := growth(small, large); ok {
				rows = append(rows, row)
			}
		}
	}
	for _, r := range results {
		if r.Failed == "" {
			rows = append(rows, derivedRow{
				What: "first step − later step, " + r.About, Contender: r.Contender, Value: r.Later, Unit: "s",
				Detail: "builds the graphs, draws the weights",
			})
		}
	}
	return rows
}

// growth is how much longer the larger of two works took than its multiplications say: 1 is proportional.
func growth(small, large benchResult) (row derivedRow, ok bool) {
	if small.Contender != large.Contender || small.Failed != "" || large.Failed != "" {
		return row, false
	}
	s, err1 := work.Parse(small.Work)
	l, err2 := work.Parse(large.Work)
	if err1 != nil || err2 != nil {
		return row, false
	}
	what, ok := l.Growth(s)
	if !ok {
		return row, false
	}
	time, count := large.Median/small.Median, float64(large.Multiplications)/float64(small.Multiplications)
	return derivedRow{
		What: fmt.Sprintf("growing, %s: %s", small.About, what), Contender: small.Contender, Value: time / count, Unit: "× of proportional",
		Detail: fmt.Sprintf("%.2f× the time for %.2f× the multiplications", time, count),
	}, true
}
