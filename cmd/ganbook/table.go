package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/testdata/papers"
)

// tableCmd prints networks as documents print them, counted in freshly built ones, with the document's own numbers
// beside them.
type tableCmd struct {
	Experiment string            `arg:"" optional:"" help:"Which one: dcgan, dcgan/radford2015 … (see: list). With --results an evaluation, or none for all."`
	Width      *int              `help:"Maps of both networks (ngf, ndf)." placeholder:"N"`
	ImageSize  *int              `help:"Side of the images: 32, 64, 128." placeholder:"N"`
	Set        map[string]string `help:"Any setting by its name in the document." placeholder:"KEY=VALUE"`
	resultsFlags
}

func (c *tableCmd) Run(a *app) error {
	if c.Results || c.Readme {
		return c.resultsFlags.print(a, c.Experiment)
	}
	if c.Experiment == "" {
		return usagef("table needs an experiment; there are %s", strings.Join(experimentIDs(), ", "))
	}
	o, err := settingFlags{Scale: string(experiments.Full), Width: c.Width, ImageSize: c.ImageSize, Set: c.Set}.options(c.Experiment)
	if err != nil {
		return usage(err)
	}
	e, err := experiments.Find(c.Experiment)
	if err != nil {
		return usage(err)
	}
	tables, err := experiments.Networks(c.Experiment, o)
	if err != nil {
		return err
	}
	var printed papers.Paper
	asPrinted := c.Width == nil && c.ImageSize == nil && len(c.Set) == 0 // other settings have no printed table
	if e.Paper != "" && asPrinted {
		if printed, err = papers.Load(e.Paper); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.out, "%s\n%s\n", e.Title, e.Document)
	for _, t := range tables {
		i := slices.IndexFunc(printed.Networks, func(n papers.Network) bool { return n.Name == t.Name })
		if i < 0 {
			err = printNetwork(a, t, nil)
		} else {
			err = printNetwork(a, t, &printed.Networks[i])
		}
		if err != nil {
			return err
		}
	}
	printNotes(a, printed)
	return printPublished(a, e.Published)
}

// printNetwork prints one table; printed is the document's, nil when it has none.
func printNetwork(a *app, t experiments.NetworkTable, printed *papers.Network) error {
	fmt.Fprintf(a.out, "\n%s\n", t.Name)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) {
		if printed == nil {
			cells = cells[:len(cells)-1]
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	line("block", "operation", "k,s,p", "output", "kernel", "parameters", "batch norm", "activation", "in the document")
	conv, norm := 0, 0
	for i, r := range t.Rows {
		conv, norm = conv+r.Conv, norm+r.Norm
		line(fmt.Sprint(i+1), r.Op, steps(r.Layer), shape(r.Out), kernel(r.Weights), grouped(r.Conv), count(r.Norm), r.Activation, beside(r, printed, i))
	}
	total := ""
	if printed != nil {
		total = fmt.Sprintf("%s %s", grouped(printed.Total), verdict(printed.Total == t.Total))
	}
	line("total", "", "", "", "", grouped(conv), count(norm), "= "+grouped(t.Total), total)
	return w.Flush()
}

// beside is what the document prints for a row.
func beside(r experiments.NetworkRow, printed *papers.Network, i int) string {
	if printed == nil || i >= len(printed.Rows) {
		return ""
	}
	p := printed.Rows[i]
	same := p.Op == r.Op && p.Kernel == r.Kernel && p.Stride == r.Stride && p.Padding == r.Padding && p.OutputPadding == r.OutputPadding &&
		slices.Equal(p.Out, []int{r.Out.Channels, r.Out.Height, r.Out.Width}) &&
		p.Conv == r.Conv && p.Norm == r.Norm && p.Activation == r.Activation
	text := grouped(p.Conv)
	if p.Norm > 0 {
		text += " + " + grouped(p.Norm)
	}
	return text + " " + verdict(same)
}

func verdict(same bool) string {
	if same {
		return "(same)"
	}
	return "(DIFFERS)"
}

func steps(l ganlib.Layer) string {
	text := fmt.Sprintf("%d,%d,%d", l.Kernel, l.Stride, l.Padding)
	if l.OutputPadding > 0 {
		text += fmt.Sprintf("+%d", l.OutputPadding)
	}
	return text
}

// shape and kernel print channels first, as the documents do.
func shape(i ganlib.Image) string { return fmt.Sprintf("%d×%d×%d", i.Channels, i.Height, i.Width) }

func kernel(w []int) string {
	if len(w) != 4 {
		return ""
	}
	return fmt.Sprintf("%d,%d,%d,%d", w[0], w[3], w[1], w[2])
}

func count(n int) string {
	if n == 0 {
		return "–"
	}
	return grouped(n)
}

// printNotes prints what is known to be wrong in a document, and where its sources disagree.
func printNotes(a *app, p papers.Paper) {
	if len(p.Errata) > 0 {
		fmt.Fprintln(a.out, "\nknown misprints")
	}
	for _, e := range p.Errata {
		fmt.Fprintf(a.out, "  %s: printed %q; right: %s\n", e.Where, e.Printed, e.Right)
	}
	if len(p.Differences) > 0 {
		fmt.Fprintln(a.out, "\nwhere the paper's figure differs from the code")
	}
	for _, d := range p.Differences {
		fmt.Fprintf(a.out, "  %s: paper %s; code %s\n", d.What, d.Paper, d.Code)
	}
}

func printPublished(a *app, numbers []experiments.Number) error {
	if len(numbers) == 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "published\tvalue\twhere\tours")
	for _, n := range numbers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", n.Name, n.Value, n.Where, orDash(n.Ours))
	}
	return w.Flush()
}
