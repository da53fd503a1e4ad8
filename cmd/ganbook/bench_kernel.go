package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// kernelBench measures the kernel as people who work in a notebook meet it. Everything it makes lies in a temporary
// folder.
type kernelBench struct {
	spec     kernelspec.Spec
	dir      string
	run      string // folder of a trained run
	rounds   int
	patience time.Duration  // until gopls knows the types of the module
	kernel   *client.Client // of all rows but those of starts
}

// kernel measures the kernel that setup installs, gopls included.
func (c *benchCmd) kernel(a *app) error {
	dir, err := os.MkdirTemp("", "ganbook-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &kernelBench{dir: dir, rounds: c.Rounds, patience: time.Minute}
	if b.spec, err = kernelspec.Install(a.ctx, kernelspec.Options{DataDir: filepath.Join(dir, "jupyter"), Log: a.err}); err != nil {
		return err
	}
	rows, err := b.measure(a.ctx)
	if err != nil {
		return fmt.Errorf("bench: kernel: %w", err)
	}
	return c.printRows(a.out, rows)
}

func (b *kernelBench) measure(ctx context.Context) ([]measurement, error) {
	if err := b.train(ctx); err != nil {
		return nil, err
	}
	rows, err := b.starts(ctx)
	if err != nil {
		return nil, err
	}
	if b.kernel, err = client.Start(ctx, b.spec, b.dir); err != nil {
		return nil, err
	}
	defer b.kernel.Close()
	for _, measure := range []func(context.Context) ([]measurement, error){b.cells, b.opening, b.completion, b.interrupts, b.memory} {
		more, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// train makes the run that cells open: the practice's networks, with both moments of Adam.
func (b *kernelBench) train(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out := filepath.Join(b.dir, "runs")
	if _, err := firstStep(ctx, self, "run", "dcgan", "--scale=full", "--data=faces", "--batch=16", "--json", "--out", out); err != nil {
		return err
	}
	runs, err := filepath.Glob(filepath.Join(out, "*-dcgan*"))
	if err != nil || len(runs) != 1 {
		return fmt.Errorf("the training left %v in %s: %w", runs, out, err)
	}
	b.run = runs[0]
	return nil
}

// starts times kernels from their start, each with its first cell.
func (b *kernelBench) starts(ctx context.Context) ([]measurement, error) {
	var ready, first, both []float64
	for i := range b.rounds {
		began := time.Now()
		k, err := client.Start(ctx, b.spec, b.dir)
		if err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(began).Seconds())
		said, err := runCell(ctx, k, notebookImports+b.edited(-i))
		both = append(both, time.Since(began).Seconds())
		k.Close()
		if err != nil {
			return nil, err
		}
		first = append(first, said.first)
	}
	return []measurement{
		newRow("start to ready", "s", "the kernel answers and its output is seen", ready...),
		newRow("first cell to first output", "s", "imports ganlib and opens a run", first...),
		newRow("start to the end of the first cell", "s", "the two above and the rest of the cell", both...),
	}, nil
}

// said is what a cell printed and when, in seconds after it was sent.
type said struct {
	first, whole float64
	text         string
}

// runCell runs a cell; a cell that fails is an error.
func runCell(ctx context.Context, k *client.Client, code string) (said, error) {
	var s said
	began := time.Now()
	reply, err := k.Do(ctx, "execute_request", client.Code(code), func(m wire.Message) {
		if !slices.Contains([]string{"stream", "display_data", "execute_result"}, m.Header.Type) {
			return
		}
		if s.first == 0 {
			s.first = time.Since(began).Seconds()
		}
		var c struct{ Text string }
		if json.Unmarshal(m.Content, &c) == nil {
			s.text += c.Text
		}
	})
	s.whole = time.Since(began).Seconds()
	if err != nil {
		return s, err
	}
	var c struct {
		Status, Ename, Evalue string
	}
	if err := json.Unmarshal(reply.Content, &c); err != nil {
		return s, err
	}
	if c.Status != "ok" || s.first == 0 {
		return s, fmt.Errorf("a cell ended with %s (%s: %s), having said %q:\n%s", c.Status, c.Ename, c.Evalue, s.text, code)
	}
	return s, nil
}

// notebookImports are those of a notebook's first cell.
const notebookImports = `import (
	"context"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
)

`

// edited is a cell that differs from every other by its number.
func (b *kernelBench) edited(n int) string {
	return fmt.Sprintf(`fmt.Println("edit", %d)
if run, err := experiments.Open(%q); err != nil {
	panic(err)
} else {
	fmt.Println(run.State)
}
`, n, b.run)
}
