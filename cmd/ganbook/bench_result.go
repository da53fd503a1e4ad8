package main

import (
	"slices"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// benchResult is one contender's figures for one work.
type benchResult struct {
	Suite     string `json:"suite"`
	Work      string `json:"work"`
	About     string `json:"about"`
	Contender string `json:"contender"`
	Failed    string `json:"failed,omitempty"` // why there are no figures

	Minimum float64 `json:"minimum_s"` // of all steps
	Median  float64 `json:"median_s"`
	CPU     float64 `json:"cpu_s"` // a step, median over rounds
	PeakMB  float64 `json:"peak_mb"`
	Later   float64 `json:"first_minus_later_s"`
	Images  float64 `json:"images_per_s"` // at the median

	Ratio      float64 `json:"our_median_by_its,omitempty"` // median over the rounds of ours / its
	RatioLow   float64 `json:"our_median_by_its_low,omitempty"`
	RatioHigh  float64 `json:"our_median_by_its_high,omitempty"`
	RatioOfMin float64 `json:"our_minimum_by_its,omitempty"` // of the minima over all rounds

	Steps           int          `json:"steps"`
	Multiplications int64        `json:"multiplications"` // of a step
	Busy            busyness     `json:"machine"`
	Say             contenderSay `json:"program"`
	Rounds          []benchRound `json:"-"`
}

// contenderSay is what is worth repeating of what a contender said of itself.
type contenderSay struct {
	Version  string `json:"version"`
	Threads  int    `json:"threads,omitempty"`
	Device   string `json:"device,omitempty"`
	Backend  string `json:"backend,omitempty"`
	Lowering string `json:"lowering,omitempty"`
}

// result sums a contender up. Ratios are taken round by round.
func (k *contender) result(suite string, w work.Work, ours *contender) benchResult {
	a := k.about
	r := benchResult{
		Suite: suite, Work: w.String(), About: w.About(), Contender: k.name, Multiplications: w.Multiplications(), Rounds: k.rounds,
		Say: contenderSay{a.Version, a.Threads, a.Device, a.Backend, a.Lowering},
	}
	var all, cpu []float64
	for i, round := range k.rounds {
		all = append(all, round.Wall...)
		cpu = append(cpu, round.CPU)
		r.PeakMB = max(r.PeakMB, round.PeakMB)
		r.Steps += max(round.Steps, len(round.Wall))
		r.Busy = r.Busy.and(round.busy, i == 0)
	}
	r.Minimum, r.Median, r.CPU = slices.Min(all), median(all), median(cpu)
	r.Later = a.First - r.Median
	r.Images = float64(w.Batch()) / r.Median
	if k != ours {
		r.compare(ours.rounds)
	}
	return r
}

// compare fills the ratios of our rounds to the result's.
func (r *benchResult) compare(ours []benchRound) {
	var ratios, mine, its []float64
	for i, round := range r.Rounds {
		ratios = append(ratios, median(ours[i].Wall)/median(round.Wall))
		mine, its = append(mine, ours[i].Wall...), append(its, round.Wall...)
	}
	r.Ratio, r.RatioLow, r.RatioHigh = median(ratios), slices.Min(ratios), slices.Max(ratios)
	r.RatioOfMin = slices.Min(mine) / slices.Min(its)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
