// Package nbrun runs a notebook headless with the real kernel, writes its outputs back and checks what was saved.
// It needs no Python, no Jupyter and no browser.
package nbrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/internal/terminal"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// Options of a run; zero durations take the defaults given.
type Options struct {
	Spec        kernelspec.Spec
	Env         []string      // NAME=value, seen by every cell: GANBOOK_SCALE=smoke
	Output      string        // where the notebook with its outputs goes; "": back into the file
	CellTimeout time.Duration // of one cell; 10 minutes
	Timeout     time.Duration // of the notebook; one hour
	KeepFailed  bool          // write the outputs up to the failure, too
	Log         io.Writer     // one line a cell; nil: none
}

// Report says how long things took.
type Report struct {
	Ready time.Duration   // from the kernel's start until it answered
	Cells []time.Duration // each code cell
	Total time.Duration
}

// CellError is the failure of one cell; its text shows the cell's beginning and what the cell said.
type CellError struct {
	Cell   int // counted from 1 over all cells of the notebook
	Source string
	Cause  error
	Shown  string // errors and stderr of the cell
}

func (e *CellError) Error() string {
	text := fmt.Sprintf("cell %d: %v\n%s", e.Cell, e.Cause, quoted("| ", firstLines(e.Source, 6)))
	if e.Shown != "" {
		text += "\n" + strings.TrimSpace(e.Shown)
	}
	return text
}

func (e *CellError) Unwrap() error { return e.Cause }

// Errors of a cell, for errors.Is.
var (
	ErrTimeout = errors.New("timeout")
	ErrKernel  = client.ErrExited
)

// How long a cell may take to end after an interrupt: longer than the minute that the kernel gives a training to save.
const interruptGrace = 65 * time.Second

// Readable says what is wrong with a file that Run could not read as a notebook. It needs no kernel.
func Readable(file string) error {
	if _, err := load(file); err != nil {
		return fmt.Errorf("nbrun: %s: %w", file, err)
	}
	return nil
}

// Run executes every code cell of a notebook in order and writes the outputs back in one step. The first cell
// that fails ends the run, and the file is then left as it was unless KeepFailed is set. When ctx ends or a
// timeout passes, the cell is interrupted, then the kernel and all its programs are killed.
func Run(ctx context.Context, file string, o Options) (Report, error) {
	began := time.Now()
	r := &runner{o: o, outputs: newCollector()}
	err := r.run(ctx, file)
	r.report.Total = time.Since(began)
	if err != nil {
		return r.report, fmt.Errorf("nbrun: %s: %w", file, err)
	}
	r.logf("%s: %d cells in %.1f s", filepath.Base(file), len(r.report.Cells), r.report.Total.Seconds())
	return r.report, nil
}

type runner struct {
	o       Options
	nb      *notebook
	kernel  *client.Client
	outputs *collector
	report  Report
}

func (r *runner) run(ctx context.Context, file string) error {
	var err error
	if r.nb, err = load(file); err != nil {
		return err
	}
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return err
	}
	limit := orDefault(r.o.Timeout, time.Hour)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w: the notebook took longer than %v", ErrTimeout, limit))
	defer cancel()
	began := time.Now()
	if r.kernel, err = client.Start(ctx, r.o.Spec, folder, r.o.Env...); err != nil {
		return err
	}
	defer r.kernel.Close()
	r.report.Ready = time.Since(began)
	r.logf("kernel ready in %.2f s", r.report.Ready.Seconds())
	r.nb.setKernel(r.o.Spec, r.kernel.Language)

	failure := r.runCells(ctx)
	if failure != nil && !r.o.KeepFailed {
		return failure
	}
	if r.o.Output == "" {
		r.o.Output = file
	}
	return errors.Join(failure, r.nb.save(r.o.Output))
}

func (r *runner) runCells(ctx context.Context) error {
	type executed struct {
		cell
		*cellOutputs
		count any
	}
	var all []executed
	var failure error
	for i, c := range r.nb.cells {
		if c["cell_type"] != "code" {
			continue
		}
		c.setOutputs(nil, nil)
		if failure != nil || !c.runs() {
			continue
		}
		began := time.Now()
		out, count, err := r.runCell(ctx, c.source())
		r.report.Cells = append(r.report.Cells, time.Since(began))
		all = append(all, executed{c, out, count})
		c.ran()
		if err != nil {
			failure = &CellError{Cell: i + 1, Source: c.source(), Cause: err, Shown: shown(out)}
			continue
		}
		r.logf("cell %d of %d: %.2f s, %d outputs", i+1, len(r.nb.cells), time.Since(began).Seconds(), len(out.list))
	}
	for _, e := range all { // at the end, because a cell may update what an earlier one showed
		e.fold()
		e.setOutputs(e.list, e.count)
	}
	return failure
}

// runCell executes one cell until both its reply and its "idle" are in: output may come after the reply.
func (r *runner) runCell(ctx context.Context, code string) (*cellOutputs, any, error) {
	out := &cellOutputs{}
	id, err := r.kernel.Execute(code)
	if err != nil {
		return out, nil, err
	}
	r.outputs.cells[id] = out
	limit := orDefault(r.o.CellTimeout, 10*time.Minute)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w: the cell took longer than %v", ErrTimeout, limit))
	defer cancel()
	var reply struct {
		Status string `json:"status"`
		Ename  string `json:"ename"`
		Evalue string `json:"evalue"`
		Count  any    `json:"execution_count"`
	}
	done, grace := ctx.Done(), (<-chan time.Time)(nil)
	for !out.idle || reply.Status == "" {
		select {
		case m := <-r.kernel.Replies:
			if m.Parent.ID == id && m.Header.Type == "execute_reply" {
				if err := json.Unmarshal(m.Content, &reply); err != nil {
					return out, nil, fmt.Errorf("execute_reply: %w", err)
				}
			}
		case m := <-r.kernel.Output:
			r.outputs.add(m)
		case <-r.kernel.Exited():
			return out, nil, r.kernel.Err()
		case <-done:
			_ = r.kernel.Interrupt() // a kernel that cannot be told is killed
			done, grace = nil, time.After(interruptGrace)
		case <-grace:
			return out, nil, context.Cause(ctx)
		}
	}
	if done == nil {
		return out, reply.Count, context.Cause(ctx)
	}
	if reply.Status != "ok" {
		return out, reply.Count, fmt.Errorf("%s: %s", orDefault(reply.Ename, reply.Status), reply.Evalue)
	}
	return out, reply.Count, failed(out)
}

// silentFailures are what GoNB writes to stderr while it replies "ok": failed shell commands and unknown magics.
var silentFailures = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|exit status \d+|signal: .*)$|.* unknown or not implemented.*`)

func failed(out *cellOutputs) error {
	if found := silentFailures.FindString(out.text("stderr")); found != "" {
		return errors.New(found)
	}
	for _, o := range out.list {
		if o["output_type"] == "error" {
			return fmt.Errorf("%v: %v", o["ename"], o["evalue"])
		}
	}
	return nil
}

// shown is what a cell said about its failure: its stderr, else the tracebacks.
func shown(out *cellOutputs) string {
	text := terminal.Fold(out.text("stderr"))
	for _, o := range out.list {
		if trace, ok := o["traceback"].([]string); ok && !strings.Contains(text, strings.Join(trace, "\n")) {
			text += strings.Join(trace, "\n")
		}
	}
	return terminal.Plain(text)
}

func (r *runner) logf(format string, args ...any) {
	if r.o.Log != nil {
		fmt.Fprintf(r.o.Log, format+"\n", args...)
	}
}

func orDefault[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

func firstLines(text string, n int) string {
	lines := strings.SplitAfterN(strings.TrimSpace(text), "\n", n+1)
	if len(lines) > n {
		lines[n] = "…"
	}
	return strings.Join(lines, "")
}

func quoted(prefix, text string) string {
	return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix)
}
