package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The README has a place for the table of each suite, between two comments that do not show.
func readmeBegin(suite string) string { return "<!-- ganbook bench " + suite + ": begin -->" }
func readmeEnd(suite string) string   { return "<!-- ganbook bench " + suite + ": end -->" }

// checkReadme refuses a README without a place for the table, before anything is measured for it.
func checkReadme(root, suite string) error {
	file := filepath.Join(root, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--readme: %w", err)
	}
	if _, err := replaceTable(string(text), suite, ""); err != nil {
		return fmt.Errorf("--readme: %s: %w", file, err)
	}
	return nil
}

// writeReadme puts the suite's table in its place.
func writeReadme(root, suite string, results []benchResult, derived []derivedRow) error {
	file := filepath.Join(root, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--readme: %w", err)
	}
	table := readmeTable(describeMachine(runlog.Host()), time.Now(), results, derived)
	replaced, err := replaceTable(string(text), suite, table)
	if err != nil {
		return fmt.Errorf("--readme: %s: %w", file, err)
	}
	return runlog.WriteFile(file, []byte(replaced))
}

// replaceTable puts a table between the suite's comments.
func replaceTable(text, suite, table string) (string, error) {
	return replaceBetween(text, readmeBegin(suite), readmeEnd(suite), table)
}

// replaceBetween puts a table between two comments of a file.
func replaceBetween(text, begin, end, table string) (string, error) {
	if strings.Count(text, begin) != 1 || strings.Count(text, end) != 1 || strings.Index(text, end) < strings.Index(text, begin) {
		return "", fmt.Errorf("the table goes between one line %s and one line %s below it; add them where it should be", begin, end)
	}
	before, rest, _ := strings.Cut(text, begin)
	_, after, _ := strings.Cut(rest, end)
	return before + begin + "\n" + table + end + after, nil
}

// readmeTable is the table in Markdown: every work with ours and the best of each library, then what it is of.
func readmeTable(machine string, day time.Time, results []benchResult, derived []derivedRow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s; %s.\n\n", day.Format("2 January 2006"), machine, describePrograms(results))
	b.WriteString("| work | ganbook, s/step (CPU s) | best peer, s/step (CPU s) | ours / its, rounds | of the minima | peak memory, ours | its | others' CPU |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, ours := range results {
		if ours.Contender != "ganbook" {
			continue
		}
		for _, its := range bestPeers(results, ours.Work) {
			fmt.Fprintf(&b, "| %s | %s (%s) | %s: %s (%s) | **%.2f** (%.2f – %.2f) | %.2f | %s | %s | %.0f %% |\n",
				ours.About, shortSeconds(ours.Median), shortSeconds(ours.CPU), its.Contender, shortSeconds(its.Median), shortSeconds(its.CPU),
				its.Ratio, its.RatioLow, its.RatioHigh, its.RatioOfMin, bytesOf(mebibytes(ours.PeakMB)), bytesOf(mebibytes(its.PeakMB)),
				100*max(ours.Busy.Others, its.Busy.Others))
		}
	}
	b.WriteString(readmeDerived(derived))
	return b.String()
}

// readmeDerived lists our own figures of growing, and the first steps of large batches, which take longest.
func readmeDerived(rows []derivedRow) string {
	var b strings.Builder
	for _, r := range rows {
		if r.Contender == "ganbook" {
			fmt.Fprintf(&b, "| %s | %.2f %s | %s |\n", r.What, r.Value, r.Unit, r.Detail)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n| ganbook | | |\n| --- | --- | --- |\n" + b.String()
}

// bestPeers are, for each library, the variant beside which we look worst.
func bestPeers(results []benchResult, work string) (best []benchResult) {
	for _, r := range results {
		if r.Work != work || r.Failed != "" || r.Contender == "ganbook" {
			continue
		}
		i := slices.IndexFunc(best, func(b benchResult) bool { return library(b.Contender) == library(r.Contender) })
		switch {
		case i < 0:
			best = append(best, r)
		case r.Ratio > best[i].Ratio:
			best[i] = r
		}
	}
	return best
}

// library is the first word of a contender's name.
func library(contender string) string {
	name, _, _ := strings.Cut(contender, ",")
	return name
}

func mebibytes(n float64) uint64 { return uint64(n * (1 << 20)) }
