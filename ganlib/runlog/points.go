package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// DamagedLines is the error of Points on a file with unreadable lines; the points of the other lines come beside it.
type DamagedLines struct {
	Path  string
	Lines []int // from 1
	First error // what is wrong with the first of them
}

// Error names the file and at most ten lines.
func (d *DamagedLines) Error() string {
	var lines []string
	for _, n := range d.Lines[:min(10, len(d.Lines))] {
		lines = append(lines, fmt.Sprint(n))
	}
	if len(d.Lines) > len(lines) {
		lines = append(lines, "…")
	}
	return fmt.Sprintf("runlog: %s: %d damaged, left out: line %s (%v)", d.Path, len(d.Lines), strings.Join(lines, ", "), d.First)
}

// pointCache holds what was read of metrics.jsonl, so that a live view parses only what is new.
type pointCache struct {
	file    os.FileInfo
	offset  int64 // of the first byte not read
	lines   int
	points  []Point
	damaged *DamagedLines
}

// Points returns every point of the run, oldest first; they are shared, so do not change them. A torn last line, as a
// kill or a writer at work leaves it, is not a point yet. Other unreadable lines are left out and reported by
// a *DamagedLines error, beside which the points are good. Reading again reads only what was added.
func (r *Run) Points() ([]Point, error) {
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	f, err := os.Open(r.path(metricsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	defer f.Close()
	if err := r.cache.read(f); err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	if d := r.cache.damaged; d != nil {
		err = &DamagedLines{d.Path, slices.Clone(d.Lines), d.First}
	}
	return slices.Clip(r.cache.points), err
}

func (c *pointCache) read(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if c.file == nil || !os.SameFile(c.file, info) || info.Size() < c.offset {
		*c = pointCache{file: info} // first reading, or Rewind has replaced the file
	}
	b, err := io.ReadAll(io.NewSectionReader(f, c.offset, info.Size()-c.offset))
	if err != nil {
		return err
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return nil // torn, or not yet whole
		}
		c.lines++
		if p, err := parsePoint(b[:end]); err == nil {
			c.points = append(c.points, p)
		} else {
			c.damage(f.Name(), err)
		}
		c.offset += int64(end + 1)
		b = b[end+1:]
	}
	return nil
}

func (c *pointCache) damage(path string, err error) {
	if c.damaged == nil {
		c.damaged = &DamagedLines{Path: path, First: err}
	}
	c.damaged.Lines = append(c.damaged.Lines, c.lines)
}

// Series returns the values of one series and the images shown at each, oldest first. Points without the series are
// passed over; NaN and infinities are returned. Damaged lines are left out, as Points reports.
func (r *Run) Series(name string) (images, values []float64) {
	points, _ := r.Points()
	for _, p := range points {
		if v, ok := p.Values[name]; ok {
			images = append(images, float64(p.Images))
			values = append(values, v)
		}
	}
	return images, values
}

// Names returns the names of all series, sorted.
func (r *Run) Names() []string {
	points, _ := r.Points()
	var names []string
	seen := map[string]bool{}
	for _, p := range points {
		for name := range p.Values {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Point appends a point to metrics.jsonl. It is handed to the operating system at once, so a killed process loses none.
// The first point after Resume clears the result of the sitting before.
func (r *Run) Point(p Point) error {
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: %s: %w", r.path(metricsFile), err)
	}
	if err := r.goesOn(); err != nil {
		return err
	}
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	if r.metrics == nil {
		return fmt.Errorf("runlog: %s: %w", r.path(metricsFile), ErrReadOnly)
	}
	return r.metrics.append(p.line())
}

// Rewind drops what was recorded after an iteration, so that a run resumed from a snapshot does not record it twice:
// the points and findings of later iterations, and the samples and snapshots at or after the images of the first point dropped.
// Snapshots that say they are of another run stay: somebody put them there.
func (r *Run) Rewind(iteration int64) error {
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: rewind %s: %w", r.dir, err)
	}
	if err := r.dropFindings(iteration); err != nil {
		return err
	}
	points, err := r.Points()
	var damaged *DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	first := slices.IndexFunc(points, func(p Point) bool { return p.Iteration > iteration })
	if first < 0 {
		return nil
	}
	if err := r.goesOn(); err != nil { // a result that was reached by what is dropped
		return err
	}
	if err := r.replacePoints(points, iteration); err != nil {
		return err
	}
	return errors.Join(r.dropSamples(points[first].Images), r.dropSnapshots(points[first].Images))
}

func (r *Run) replacePoints(points []Point, last int64) error {
	r.metricsMu.Lock()
	defer r.metricsMu.Unlock()
	if r.metrics == nil {
		return fmt.Errorf("runlog: rewind %s: %w", r.dir, ErrReadOnly)
	}
	path := r.path(metricsFile)
	if err := r.metrics.close(); err != nil { // it writes to the file that is replaced
		return err
	}
	r.cache = pointCache{}
	err := createAtomic(path, func(w io.Writer) error {
		var b []byte
		for _, p := range points {
			if p.Iteration <= last {
				b = append(b, p.line()...)
			}
		}
		_, err := w.Write(b)
		return err
	})
	var openErr error
	r.metrics, openErr = openAppender(path)
	return errors.Join(err, openErr)
}
