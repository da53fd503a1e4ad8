// Package runlog is the record of a training run on disk. It is how a training process, a notebook and a plot
// talk to each other: one process writes a run, any number of others read it, also while it is being written.
//
//	runs/00001-dcgan/
//	  run.json                 what was run, on what, and how it ended
//	  metrics.jsonl            one Point a line, appended
//	  findings.jsonl           one Finding a line, appended; absent while there is none
//	  samples/00064000.png     sample sheets by images shown; samples/<name>-00064000.png for named ones
//	  snapshots/00064000/      weights.safetensors and state.json
//	  lock                     held by the writer
//
// Everything but the two .jsonl files is written to a temporary name, synced and renamed, so a reader finds a whole
// file or none. A process may be killed at any moment: at worst the last line of a .jsonl file is torn, which readers
// pass over and the next writer cuts off, and a temporary folder is left, which Resume removes.
//
// The package imports the standard library only.
package runlog

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"sync"
)

// Names inside a run folder.
const (
	runFile      = "run.json"
	metricsFile  = "metrics.jsonl"
	findingsFile = "findings.jsonl"
	lockFile     = "lock"
	samplesDir   = "samples"
	snapshotDir  = "snapshots"
)

// Sink receives what a training run reports. A trainer knows nothing else about files, notebooks or terminals.
type Sink interface {
	// Point reports the numbers of one iteration.
	Point(Point) error
	// Image reports a picture drawn after that many images shown; name is "" for the sample sheet of the run.
	Image(name string, images int64, img image.Image) error
	// Close ends the reporting.
	Close() error
}

// ErrReadOnly is wrapped by every writing method of a run opened with Open.
var ErrReadOnly = errors.New("the run was opened for reading; open it with Resume to write")

// Run is one run folder, open for reading (Open) or for writing (Create, Resume).
// All methods may be called from several goroutines.
type Run struct {
	dir  string
	lock *lock // nil: reading

	recordMu sync.Mutex
	record   record

	metricsMu sync.Mutex
	metrics   *appender // nil: reading
	findings  *appender // nil: reading, or there was none yet
	cache     pointCache

	snapshotMu sync.Mutex
	files      files // how snapshots reach the disk; replaced in tests
}

var _ Sink = (*Run)(nil)

// Dir returns the run folder.
func (r *Run) Dir() string { return r.dir }

// Info returns what run.json says about the run.
func (r *Run) Info() Info {
	r.recordMu.Lock()
	defer r.recordMu.Unlock()
	return r.record.Info
}

// Close ends the writing and releases the lock. It does not say how the run ended; Finish does. Closing twice is harmless.
func (r *Run) Close() error {
	r.metricsMu.Lock()
	err := errors.Join(r.metrics.close(), r.findings.close())
	r.metrics, r.findings = nil, nil
	r.metricsMu.Unlock()
	r.recordMu.Lock()
	defer r.recordMu.Unlock()
	err = errors.Join(err, r.lock.release())
	r.lock = nil
	return err
}

// writable returns nil when the run may be written.
func (r *Run) writable() error {
	r.recordMu.Lock()
	defer r.recordMu.Unlock()
	if r.lock == nil {
		return ErrReadOnly
	}
	return nil
}

func (r *Run) path(elements ...string) string {
	return filepath.Join(append([]string{r.dir}, elements...)...)
}

// exists reports whether a file or folder is there.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
