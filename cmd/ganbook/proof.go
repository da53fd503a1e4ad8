package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/nbrun"
)

// proofCells are what every installed kernel must be able to do, and what the cells must show: a declaration, a value
// made with it, and the library of the checkout.
var proofCells = []proofCell{
	{"func double(x int) int { return 2 * x }", ""},
	{"double(21)", "42"},
	{"fmt.Println(len(experiments.All()), \"experiments\")", fmt.Sprint(len(experiments.All()), " experiments")},
}

// xlaProofCell is what the kernel with XLA must do besides, where the device is that it computes on.
var xlaProofCell = proofCell{"b, err := backend.New(\"\")\nif err != nil {\n\tpanic(err)\n}\nfmt.Println(b.Name(), \"has started\")", "xla has started"}

// proofCell is a cell and a part of what it must show.
type proofCell struct{ source, want string }

// Limits of the proof; on an idle machine it takes a few seconds.
const (
	proofCellTimeout = 3 * time.Minute
	proofTimeout     = 5 * time.Minute
)

// prove runs a small notebook with a kernel as it is installed.
func (n *notebooks) prove(ctx context.Context, kernel kernelspec.Options, cells []proofCell) error {
	file, err := kernelspec.File(kernel)
	if err != nil {
		return err
	}
	spec, err := kernelspec.Read(file)
	if err != nil {
		return err
	}
	n.log.Line("proof: running a notebook of %d cells with the installed kernel %q (seconds)", len(cells), spec.DisplayName)
	report, err := proveSpec(ctx, spec, cells)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("the installed kernel does not work: %w\n→ %s setup --uninstall, then %s setup, builds everything anew; %s doctor checks the machine",
			err, program, program, program)
	} else if err != nil {
		return err
	}
	n.log.Line("proof: %d cells in %.1f s (kernel ready in %.1f s)", len(report.Cells), report.Total.Seconds(), report.Ready.Seconds())
	return nil
}

func proveSpec(ctx context.Context, spec kernelspec.Spec, cells []proofCell) (nbrun.Report, error) {
	dir, err := os.MkdirTemp("", "ganbook-proof-")
	if err != nil {
		return nbrun.Report{}, fmt.Errorf("proof: %w; choose another folder with TMPDIR", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "proof.ipynb")
	if err := writeProof(file, cells); err != nil {
		return nbrun.Report{}, fmt.Errorf("proof: %w; choose another folder with TMPDIR", err)
	}
	report, err := nbrun.Run(ctx, file, nbrun.Options{Spec: spec, CellTimeout: proofCellTimeout, Timeout: proofTimeout})
	if err != nil {
		return report, err
	}
	return report, checkProof(file, cells)
}

// proofNotebook is a notebook as far as the proof needs it.
type proofNotebook struct {
	Format   int               `json:"nbformat"`
	Minor    int               `json:"nbformat_minor"`
	Metadata struct{}          `json:"metadata"`
	Cells    []json.RawMessage `json:"cells"`
}

func writeProof(file string, cells []proofCell) error {
	nb := proofNotebook{Format: 4, Minor: 5}
	for i, c := range cells {
		cell, err := json.Marshal(map[string]any{"cell_type": "code", "id": fmt.Sprintf("proof-%d", i+1), "metadata": struct{}{},
			"source": c.source, "outputs": []any{}, "execution_count": nil})
		if err != nil {
			return err
		}
		nb.Cells = append(nb.Cells, cell)
	}
	text, err := json.Marshal(nb)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// checkProof looks for what each cell must have shown.
func checkProof(file string, cells []proofCell) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	var nb proofNotebook
	if err := json.Unmarshal(text, &nb); err != nil || len(nb.Cells) != len(cells) {
		return errors.Join(fmt.Errorf("proof: the kernel's notebook has %d cells, want %d", len(nb.Cells), len(cells)), err)
	}
	for i, c := range cells {
		var cell struct {
			Outputs json.RawMessage `json:"outputs"`
		}
		if err := json.Unmarshal(nb.Cells[i], &cell); err != nil {
			return fmt.Errorf("proof: cell %d: %w", i+1, err)
		}
		if !strings.Contains(string(cell.Outputs), c.want) {
			return fmt.Errorf("proof: cell %d, %s, does not show %s but %s", i+1, c.source, c.want, cell.Outputs)
		}
	}
	return nil
}
