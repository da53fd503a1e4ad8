package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/gomlx/compute"
	"github.com/janpfeifer/go-benchmarks"
)

// layers measures the convolutions of works one by one, in this process, and prints quantiles of their times.
func (c *benchCmd) layers(a *app, works []work.Work) error {
	b, err := backend.New(c.Backend)
	if err != nil {
		return err
	}
	defer b.Finalize()
	m := &microBench{backend: b, length: seconds(c.Seconds)}
	defer m.end()
	for _, w := range works {
		for _, convolution := range w.Convolutions() {
			for _, primitive := range work.Primitives {
				if err := m.add(convolution, primitive); err != nil {
					return err
				}
			}
		}
	}
	if len(m.functions) == 0 {
		return usagef("--layers: %v have no convolutions", works)
	}
	text, err := m.run()
	if err != nil {
		return err
	}
	if c.JSON {
		return encodeLines(a.out, m.rows())
	}
	_, err = io.WriteString(a.out, text)
	return err
}

// microBench collects functions for go-benchmarks, which calls them and prints. What it measured it tells nobody, so
// each function keeps its own times, too.
type microBench struct {
	backend   compute.Backend
	length    time.Duration // of each function's measurement
	functions []benchmarks.NamedFunction
	times     [][]float64
	ends      []func()
	failed    error
}

func (m *microBench) add(c work.Convolution, primitive string) error {
	name := fmt.Sprintf("%s, %s", c, primitive)
	for _, have := range m.functions {
		if have.Name == name {
			return nil
		}
	}
	do, end, err := c.Start(m.backend, primitive)
	if err != nil {
		return err
	}
	m.ends = append(m.ends, end)
	i := len(m.functions)
	m.times = append(m.times, nil)
	m.functions = append(m.functions, benchmarks.NamedFunction{Name: name, Func: func() {
		began := time.Now()
		if err := do(); err != nil {
			m.failed = err
		}
		m.times[i] = append(m.times[i], time.Since(began).Seconds())
	}})
	return nil
}

// layerWarmUps come before what counts; the first of them compiles.
const layerWarmUps = 3

// run measures and returns the library's table.
func (m *microBench) run() (string, error) {
	text, err := whatIsPrinted(func() {
		benchmarks.New(m.functions...).WithWarmUps(layerWarmUps).WithDuration(m.length).WithQuantiles(10, 90).Done()
	})
	return text, errors.Join(err, m.failed)
}

// rows are the same figures for programs.
func (m *microBench) rows() (rows []measurement) {
	for i, f := range m.functions {
		rows = append(rows, newRow(f.Name, "s", "warmed up", m.times[i][layerWarmUps:]...))
	}
	return rows
}

func (m *microBench) end() {
	for _, end := range m.ends {
		end()
	}
}

// whatIsPrinted returns what a function prints to the standard output, for a library that prints nowhere else.
func whatIsPrinted(do func()) (string, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer read.Close()
	var text []byte
	done := make(chan error, 1)
	go func() {
		var err error
		text, err = io.ReadAll(read)
		done <- err
	}()
	func() {
		was := os.Stdout
		os.Stdout = write
		defer func() {
			os.Stdout = was
			write.Close()
		}()
		do()
	}()
	err = <-done
	return string(text), err
}
