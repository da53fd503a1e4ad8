package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// How bad a finding is.
const (
	Warning = "warning" // the training may recover by itself
	Failure = "failure" // it will not, or is over
)

// Finding says that something goes wrong in a training, or that it is over: one line of findings.jsonl. An episode has
// one finding when it is noticed and, should it end before the training does, one with Resolved.
type Finding struct {
	Kind     string `json:"kind"`     // which one, as the code that looks for it names them: "collapse", "diverged" …
	Severity string `json:"severity"` // Warning or Failure

	Iteration int64 `json:"iteration"` // at whose end it was noticed, or noticed to be over
	Images    int64 `json:"images"`    // real images shown by then
	Since     int64 `json:"since"`     // iteration at which the episode began, at or before Iteration

	Title   string  `json:"title"`   // the finding in a few words
	Measure string  `json:"measure"` // what Value is
	Value   float64 `json:"value"`   // as measured; may be NaN or infinite
	Limit   float64 `json:"limit"`   // what Value was compared with
	Cause   string  `json:"cause"`   // one sentence
	Remedy  string  `json:"remedy"`  // one sentence, with the option to change

	Resolved bool `json:"resolved,omitempty"`
}

// FindingSink is a [Sink] that also wants to know what goes wrong. A trainer tells those of its sinks that are one.
type FindingSink interface {
	Sink
	// Finding reports that something goes wrong, or that it is over.
	Finding(Finding) error
}

var _ FindingSink = (*Run)(nil)

// RunSink is a [Sink] that also wants to know where the run is kept. A trainer tells those that watch it, before the first point.
type RunSink interface {
	Sink
	// Began hands over the run; it is open for writing by the trainer and for looking at by the sink.
	Began(run *Run)
}

// plainFinding is a Finding without its methods.
type plainFinding Finding

// wireFinding is a Finding whose numbers may be NaN or infinite.
type wireFinding struct {
	plainFinding
	Value number64 `json:"value"`
	Limit number64 `json:"limit"`
}

// MarshalJSON writes NaN and the infinities as [Values] does.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireFinding{plainFinding(f), number64(f.Value), number64(f.Limit)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Finding) UnmarshalJSON(b []byte) error {
	var wire wireFinding
	if err := json.Unmarshal(b, &wire); err != nil {
		return err
	}
	if wire.Kind == "" {
		return errors.New("no kind in it")
	}
	*f = Finding(wire.plainFinding)
	f.Value, f.Limit = float64(wire.Value), float64(wire.Limit)
	return nil
}

// Finding appends a finding to findings.jsonl, as crash-safe as [Run.Point].
func (r *Run) Finding(f Finding) error {
	path := r.path(findingsFile)
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: %s: %w", path, err)
	}
	line, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("runlog: %s: %w", path, err)
	}
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	if r.metrics == nil { // closed meanwhile
		return fmt.Errorf("runlog: %s: %w", path, ErrReadOnly)
	}
	if r.findings == nil { // most runs have none, and no file
		if r.findings, err = openAppender(path); err != nil {
			return err
		}
	}
	return r.findings.append(append(line, '\n'))
}

// Findings returns what went wrong in the run, oldest first; none is the rule. A torn last line is not a finding yet.
// Other unreadable lines are left out and reported by a [*DamagedLines] error, beside which the findings are good.
func (r *Run) Findings() ([]Finding, error) {
	path := r.path(findingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	var findings []Finding
	var damaged *DamagedLines
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		if !whole {
			break
		}
		text = rest
		var f Finding
		if err := json.Unmarshal(line, &f); err == nil {
			findings = append(findings, f)
		} else if damaged == nil {
			damaged = &DamagedLines{path, []int{n}, err}
		} else {
			damaged.Lines = append(damaged.Lines, n)
		}
	}
	if damaged != nil {
		return findings, damaged
	}
	return findings, nil
}

// dropFindings removes the findings of iterations after last.
func (r *Run) dropFindings(last int64) error {
	findings, err := r.Findings()
	var damaged *DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	later := func(f Finding) bool { return f.Iteration > last }
	if !slices.ContainsFunc(findings, later) {
		return nil
	}
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	err = r.findings.close() // it writes to the file that is replaced; the next finding opens the new one
	r.findings = nil
	return errors.Join(err, createAtomic(r.path(findingsFile), func(w io.Writer) error {
		lines := json.NewEncoder(w)
		for _, f := range slices.DeleteFunc(findings, later) {
			if err := lines.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}))
}
