package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// cells times cells of a kernel that is in use: edited each time, and run again as they are.
func (b *kernelBench) cells(ctx context.Context) ([]measurement, error) {
	if _, err := runCell(ctx, b.kernel, notebookImports+b.edited(0)); err != nil {
		return nil, err
	}
	times := func(number func(i int) int) (first, whole []float64, err error) {
		for i := range b.rounds {
			s, err := runCell(ctx, b.kernel, b.edited(number(i)))
			if err != nil {
				return nil, nil, err
			}
			first, whole = append(first, s.first), append(whole, s.whole)
		}
		return first, whole, nil
	}
	edited, editedWhole, err := times(func(i int) int { return i + 1 })
	if err != nil {
		return nil, err
	}
	same, sameWhole, err := times(func(int) int { return b.rounds })
	if err != nil {
		return nil, err
	}
	return []measurement{
		newRow("edited cell to first output", "s", "uses ganlib, imported by an earlier cell", edited...),
		newRow("edited cell to its end", "s", "opens a run, too", editedWhole...),
		newRow("unchanged cell to first output", "s", "the same cell again", same...),
		newRow("unchanged cell to its end", "s", "the same cell again", sameWhole...),
	}, nil
}

// opening lets a cell say how long it took to open a run's newest snapshot, and its data.
func (b *kernelBench) opening(ctx context.Context) ([]measurement, error) {
	code := fmt.Sprintf(`began := time.Now()
run, err := experiments.Open(%q)
if err != nil {
	panic(err)
}
opened := time.Since(began)
if _, err := run.Data(context.Background()); err != nil {
	panic(err)
}
fmt.Println(opened.Seconds(), time.Since(began).Seconds())
`, b.run)
	var opened, both []float64
	for range b.rounds {
		s, err := runCell(ctx, b.kernel, code)
		if err != nil {
			return nil, err
		}
		var o, d float64
		if _, err := fmt.Sscan(s.text, &o, &d); err != nil {
			return nil, fmt.Errorf("the cell that opens a run said %q: %w", s.text, err)
		}
		opened, both = append(opened, o), append(both, d)
	}
	megabytes, err := sizeOf(filepath.Join(b.run, "snapshots"))
	if err != nil {
		return nil, err
	}
	return []measurement{
		newRow("opening a run", "s", fmt.Sprintf("its newest snapshot; %.0f MB of snapshots", megabytes), opened...),
		newRow("opening a run and its data", "s", "synthetic faces", both...),
	}, nil
}

// completion times completion of a name of ganlib once gopls has answered.
func (b *kernelBench) completion(ctx context.Context) ([]measurement, error) {
	ask := func(i int) (took float64, matches []string, err error) {
		code := fmt.Sprintf("run%d, err := experiments.Op", i)
		began := time.Now()
		reply, err := b.kernel.Do(ctx, "complete_request", map[string]any{"code": code, "cursor_pos": len(code)}, nil)
		took = time.Since(began).Seconds()
		var c struct{ Matches []string }
		if err == nil {
			err = json.Unmarshal(reply.Content, &c)
		}
		return took, c.Matches, err
	}
	var matches []string
	for began := time.Now(); !knows(matches, "Open") && time.Since(began) < b.patience; time.Sleep(100 * time.Millisecond) {
		var err error
		if _, matches, err = ask(0); err != nil {
			return nil, err
		}
	}
	detail := "experiments.Op → " + strings.Join(matches, ", ")
	if !knows(matches, "Open") {
		detail = fmt.Sprintf("experiments.Op → [%s] still after %v: is gopls installed?", strings.Join(matches, " "), b.patience)
	}
	var took []float64
	for i := range b.rounds {
		s, _, err := ask(i + 1)
		if err != nil {
			return nil, err
		}
		took = append(took, s)
	}
	return []measurement{newRow("completion", "s", detail, took...)}, nil
}

func knows(matches []string, name string) bool {
	return slices.ContainsFunc(matches, func(m string) bool { return m == name || strings.HasSuffix(m, "."+name) })
}

// interrupts stops a cell that does nothing about it, from the request to the end of the cell.
func (b *kernelBench) interrupts(ctx context.Context) ([]measurement, error) {
	var took []float64
	for range b.rounds {
		var pressed time.Time
		var failed error
		_, err := b.kernel.Do(ctx, "execute_request", client.Code("fmt.Println(\"running\")\ntime.Sleep(time.Hour)"), func(m wire.Message) {
			if m.Header.Type == "stream" && pressed.IsZero() {
				pressed = time.Now()
				failed = b.kernel.Interrupt()
			}
		})
		if err := errors.Join(err, failed); err != nil {
			return nil, err
		}
		if pressed.IsZero() {
			return nil, errors.New("the cell to be interrupted ended by itself")
		}
		took = append(took, time.Since(pressed).Seconds())
	}
	return []measurement{newRow("interrupt", "s", "of a cell that does not catch it, to its end", took...)}, nil
}

// memory adds up the resident memory of the kernel's processes.
func (b *kernelBench) memory(ctx context.Context) ([]measurement, error) {
	text, err := exec.CommandContext(ctx, "ps", "-axo", "pid=,ppid=,rss=,comm=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	total, parts, err := resident(text, b.kernel.Pid())
	if err != nil {
		return nil, err
	}
	return []measurement{newRow("memory between cells", "MB", strings.Join(parts, ", "), total)}, nil
}

// resident reads what ps prints (process, parent, kilobytes, program) and adds up a process and all below it.
func resident(ps []byte, root int) (megabytes float64, parts []string, err error) {
	type process struct {
		parent int
		mb     float64
		name   string
	}
	all := map[int]process{}
	for line := range bytes.Lines(ps) {
		fields := strings.Fields(string(line))
		if len(fields) < 4 {
			continue
		}
		pid, err1 := strconv.Atoi(fields[0])
		parent, err2 := strconv.Atoi(fields[1])
		kilobytes, err3 := strconv.ParseFloat(fields[2], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return 0, nil, fmt.Errorf("ps: %q: %w", line, err)
		}
		all[pid] = process{parent, kilobytes * 1024 / 1e6, filepath.Base(fields[3])}
	}
	byName := map[string]float64{}
	for pid, p := range all {
		for at, steps := pid, 0; at != 0 && steps < len(all); at, steps = all[at].parent, steps+1 {
			if at == root {
				byName[p.name] += p.mb
				megabytes += p.mb
				break
			}
		}
	}
	for name, mb := range byName {
		parts = append(parts, fmt.Sprintf("%s %.0f", name, mb))
	}
	if len(parts) == 0 {
		return 0, nil, fmt.Errorf("ps lists no process %d", root)
	}
	slices.Sort(parts)
	return megabytes, parts, nil
}
