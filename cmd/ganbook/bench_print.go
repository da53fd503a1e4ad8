package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// print writes the results of one work.
func (c *benchCmd) print(w io.Writer, results []benchResult, first bool) error {
	switch {
	case c.JSON:
		return encodeLines(w, results)
	case c.Benchstat:
		return printBenchstat(w, results, first)
	}
	if first {
		fmt.Fprintln(w, describeMachine(runlog.Host()))
	}
	fmt.Fprintf(w, "\n%s (%s): %s\n", results[0].About, results[0].Work, describePrograms(results))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tmin s/step\tmedian\tCPU s/step\tpeak MB\tours/its (median)\tfrom – to\tours/its (min)\tsteps\tload\tothers' CPU")
	for _, r := range results {
		if r.Failed != "" {
			continue
		}
		ratio, spread, ofMin := "", "", ""
		if r.Ratio > 0 {
			ratio, ofMin = fmt.Sprintf("%.2f", r.Ratio), fmt.Sprintf("%.2f", r.RatioOfMin)
			spread = fmt.Sprintf("%.2f – %.2f", r.RatioLow, r.RatioHigh)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t%.1f – %.1f\t%.0f %%\n", r.Contender, shortSeconds(r.Minimum),
			shortSeconds(r.Median), shortSeconds(r.CPU), r.PeakMB, ratio, spread, ofMin, r.Steps, r.Busy.Before, r.Busy.After, 100*r.Busy.Others)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if r.Failed != "" {
			fmt.Fprintf(w, "left out: %s\n", r.Failed)
		}
	}
	return nil
}

func (c *benchCmd) printDerived(w io.Writer, rows []derivedRow) error {
	switch {
	case c.JSON:
		return encodeLines(w, rows)
	case c.Benchstat || len(rows) == 0:
		return nil
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%.2f %s\t%s\n", r.What, r.Contender, r.Value, r.Unit, r.Detail)
	}
	return table.Flush()
}

func encodeLines[R any](w io.Writer, rows []R) error {
	encoder := json.NewEncoder(w)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// shortSeconds writes seconds with three digits that count.
func shortSeconds(s float64) string {
	switch {
	case s < 0.01:
		return fmt.Sprintf("%.5f", s)
	case s < 1:
		return fmt.Sprintf("%.4f", s)
	}
	return fmt.Sprintf("%.3f", s)
}

// describeMachine is what a figure depends on besides the program: "2 cores, AMD EPYC …, linux/amd64".
func describeMachine(h runlog.HostInfo) string {
	cpu := h.CPU
	if cpu == "" {
		cpu = "processor unknown"
	}
	simd := "with SIMD"
	if !h.SIMD {
		simd = "without SIMD"
	}
	text := fmt.Sprintf("%s, %s, %s/%s; %s %s", plural(h.Cores, "core"), cpu, h.OS, h.Arch, strings.Replace(h.Go, "go", "Go ", 1), simd)
	if v := runlog.Modules()["github.com/gomlx/gomlx"]; v != "" {
		text += ", GoMLX " + strings.TrimPrefix(v, "v")
	}
	return text
}

// describePrograms says what each version measured was, once: "ganbook: lowering direct, backend go:num_executors=2; torch 2.15.0, 2 threads".
func describePrograms(results []benchResult) string {
	var parts []string
	seen := map[string]bool{}
	for _, r := range results {
		if r.Failed == "" {
			if text := r.Say.describe(); !seen[text] {
				seen[text] = true
				parts = append(parts, text)
			}
		}
	}
	return strings.Join(parts, "; ")
}

func (s contenderSay) describe() string {
	text := s.Version
	if s.Lowering != "" {
		text = fmt.Sprintf("ganbook with lowering %s, backend %s", s.Lowering, s.Backend)
	}
	if s.Threads > 0 {
		text += ", " + plural(s.Threads, "thread")
	}
	if s.Device != "" {
		text += ", " + s.Device
	}
	return text
}

// printBenchstat writes every round as a line of Go's benchmark format (https://go.dev/design/14313-benchmark-format):
// benchstat then compares contenders with -col /by, or two files.
func printBenchstat(w io.Writer, results []benchResult, first bool) error {
	if first {
		host := runlog.Host()
		fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: github.com/ganbook/ganbook\ncpu: %s\n", host.OS, host.Arch, host.CPU)
		fmt.Fprintf(w, "lowering: %s\n", results[0].Say.Lowering)
	}
	for _, r := range results {
		for _, round := range r.Rounds {
			fmt.Fprintf(w, "BenchmarkStep/work=%s/by=%s-%d\t%d\t%.0f ns/op\t%.6g cpu-s/op\t%.0f peak-MB\t%.6g images/s\n", r.Work,
				strings.NewReplacer(", ", ",", " ", "_").Replace(r.Contender), runtime.GOMAXPROCS(0),
				max(round.Steps, 1), 1e9*median(round.Wall), round.CPU, round.PeakMB, r.Images*r.Median/median(round.Wall))
		}
	}
	return nil
}
