package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// list prints works without measuring them.
func (c *benchCmd) list(w io.Writer, works []work.Work) error {
	if c.JSON {
		encoder := json.NewEncoder(w)
		for _, one := range works {
			line := map[string]any{"work": one.String(), "about": one.About(), "batch": one.Batch(), "multiplications": one.Multiplications()}
			if err := encoder.Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "work\t10⁹ multiplications a step\t")
	for _, one := range works {
		fmt.Fprintf(table, "%s\t%.3g\t%s\n", one, float64(one.Multiplications())/1e9, one.About())
	}
	return table.Flush()
}
