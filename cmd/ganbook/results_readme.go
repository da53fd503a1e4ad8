package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/protocol"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// resultsFlags are those of table for evaluations.
type resultsFlags struct {
	Results bool   `help:"The tables of evaluations instead, from their finished cells."`
	From    string `help:"Folder of all results; default: testdata/results of the checkout." placeholder:"DIR"`
	Readme  bool   `help:"Write them into the README of the checkout."`
}

// The README has a place for the tables, between two comments that do not show.
const (
	resultsBegin = "<!-- ganbook results: begin -->"
	resultsEnd   = "<!-- ganbook results: end -->"
)

// resultsFolder is the folder of all results: a wish, or that of the checkout.
func resultsFolder(wish string) string {
	if wish != "" {
		return wish
	}
	folder := filepath.Join("testdata", "results")
	if root, err := moduleRoot(); err == nil {
		return filepath.Join(root, folder)
	}
	return folder
}

// print writes the tables of all evaluations, or of those whose name begins so.
func (f resultsFlags) print(a *app, name string) error {
	all, err := protocol.AllResults(resultsFolder(f.From))
	if err != nil {
		return err
	}
	var tables []*resultTable
	var broken error
	for _, r := range all {
		if !strings.HasPrefix(r.Evaluation.Name, name) {
			continue
		}
		t, err := tabulate(r)
		if t != nil {
			tables = append(tables, t)
		}
		broken = errors.Join(broken, err)
	}
	if f.Readme {
		if broken != nil { // no README says less than was computed
			return broken
		}
		return writeResults(tables)
	}
	if len(tables) == 0 && broken == nil {
		return usagef("there are no results of %s in %s", orDash(name), resultsFolder(f.From))
	}
	for _, t := range tables {
		if err := t.print(a.out); err != nil {
			return err
		}
	}
	return broken
}

// writeResults puts the tables with a finished cell into the README.
func writeResults(tables []*resultTable) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	file := filepath.Join(root, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--readme: %w", err)
	}
	replaced, err := replaceBetween(string(text), resultsBegin, resultsEnd, resultsMarkdown(tables)+"\n")
	if err != nil {
		return fmt.Errorf("--readme: %s: %w", file, err)
	}
	return runlog.WriteFile(file, []byte(replaced))
}

// resultsMarkdown is the tables with a finished cell, and then the sources of all of them, each once.
func resultsMarkdown(tables []*resultTable) string {
	var b strings.Builder
	var sources []string
	for _, t := range tables {
		if t.cells == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s", t.markdown())
		for _, s := range t.sources {
			if !slices.Contains(sources, s) {
				sources = append(sources, s)
			}
		}
	}
	if b.Len() == 0 {
		return "\nNo cell of any evaluation is finished yet.\n"
	}
	if len(sources) > 0 {
		fmt.Fprintf(&b, "\nPublished:\n\n* %s\n", strings.Join(sources, "\n* "))
	}
	return b.String()
}

func experimentIDs() (list []string) {
	for _, e := range experiments.All() {
		list = append(list, e.ID)
	}
	return list
}
