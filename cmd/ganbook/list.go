package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/experiments"
)

// listCmd lists the experiments.
type listCmd struct{}

func (*listCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EXPERIMENT\tWHAT\tDOCUMENT\tNOTEBOOK")
	for _, e := range experiments.All() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.ID, e.Title, e.Document, orDash(e.Notebook))
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
