package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// Info describes a run: everything needed to repeat it and to know whether a repetition can be equal to the bit.
type Info struct {
	ID         string            `json:"id"`         // name of the folder, "00001-dcgan"; set by Create
	Experiment string            `json:"experiment"` // "dcgan/radford2015"
	Scale      string            `json:"scale"`      // "full", "lecture", "smoke"
	Command    string            `json:"command"`    // the command line that started it
	Seed       int64             `json:"seed"`       // master seed of every random stream
	Config     any               `json:"config"`     // the model's settings; after Open a json.RawMessage, see DecodeConfig
	Data       DataInfo          `json:"data"`       //
	Modules    map[string]string `json:"modules"`    // module path → version; filled by Create when nil
	Host       HostInfo          `json:"host"`       // filled by Create when empty
	Backend    string            `json:"backend"`    // "go", "xla:cpu", "xla:cuda"
	Lowering   string            `json:"lowering"`   // how the layers were lowered for the backend
	Executors  int               `json:"executors"`  // parallel executors of the backend
	Memory     Memory            `json:"memory"`     // estimated before the training; measured: "peak memory, MB" of the results
	Started    time.Time         `json:"started"`    // set by Create when zero
	Resumed    []Resumption      `json:"resumed,omitempty"`

	// Commit is [Commit] of the program that created the run, filled by Create when empty; older records have none.
	Commit string `json:"commit,omitempty"`
}

// Memory is what a training was estimated to need, in bytes, and what its machine had available; 0: unknown.
type Memory struct {
	Needed    int64 `json:"needed"`
	Available int64 `json:"available"`
}

// DataInfo names the training images.
type DataInfo struct {
	Name     string `json:"name"`
	Hash     string `json:"hash"`           // SHA-256 of name, shape, pixels and labels
	Official bool   `json:"official"`       // every file had its published checksum; a part of the set is named as such
	Note     string `json:"note,omitempty"` // which part of a set it is, or why it is not the official one
	Images   int    `json:"images"`
	Height   int    `json:"height"`
	Width    int    `json:"width"`
	Channels int    `json:"channels"`
}

// Resumption is one continuation of a run.
type Resumption struct {
	Time    time.Time `json:"time"`
	Images  int64     `json:"images"` // images shown at the snapshot it went on from
	Command string    `json:"command"`
	Changes []string  `json:"changes,omitempty"` // Info.Changes: why it is not equal to the bit
}

// DecodeConfig fills into, a pointer, from the settings recorded in run.json.
func (i Info) DecodeConfig(into any) error {
	b, err := json.Marshal(i.Config)
	if err != nil {
		return fmt.Errorf("runlog: settings of run %s: %w", i.ID, err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("runlog: settings of run %s do not fit %T: %w", i.ID, into, err)
	}
	return nil
}

// Goal is how many images the run is to be shown in all, from the "images" of its settings; 0 where they do not say it.
func (i Info) Goal() int64 {
	var settings struct {
		Images int64 `json:"images"`
	}
	if i.DecodeConfig(&settings) != nil {
		return 0
	}
	return settings.Images
}

// Changes lists what differs between the recorded circumstances and those of now as far as they can change the last bit
// of a number: processor and its features, Go version, SIMD, backend, lowering, executors, module versions, and the commit
// of the program where both are known. No entry means that a resumed run on the Go backend is equal to the bit, unless
// unknown or uncommitted programs differ.
func (i Info) Changes(now Info) []string {
	var changes []string
	add := func(what string, was, is any) {
		if fmt.Sprint(was) != fmt.Sprint(is) {
			changes = append(changes, fmt.Sprintf("%s: was %v, is %v", what, was, is))
		}
	}
	add("backend", i.Backend, now.Backend)
	add("lowering", i.Lowering, now.Lowering)
	add("executors", i.Executors, now.Executors)
	add("architecture", i.Host.Arch, now.Host.Arch)
	add("processor", i.Host.CPU, now.Host.CPU)
	add("processor features", i.Host.Features, now.Host.Features)
	add("SIMD build", i.Host.SIMD, now.Host.SIMD)
	add("Go", i.Host.Go, now.Host.Go)
	for _, p := range slices.Sorted(maps.Keys(i.Modules)) {
		add("module "+p, i.Modules[p], now.Modules[p])
	}
	if i.Commit != "" && now.Commit != "" {
		add("program", i.Commit, now.Commit)
	}
	return changes
}

// Result is how a run ended.
type Result struct {
	Status   string    `json:"status"`   // "done", "stopped" or "failed: …"
	Finished time.Time `json:"finished"` //
	Final    Values    `json:"final,omitempty"`
}

// record is the content of run.json.
type record struct {
	Format int `json:"format"`
	Info
	Result *Result `json:"result,omitempty"`
}

const recordFormat = 1

// parseRecord reads the bytes of run.json.
func parseRecord(b []byte) (record, error) {
	var rec record
	// The settings are kept as their own text, so that rewriting run.json cannot change a number in them.
	rec.Config = new(json.RawMessage)
	if err := json.Unmarshal(b, &rec); err != nil {
		return record{}, err
	}
	if rec.Format != recordFormat {
		return record{}, fmt.Errorf("format %d is not %d, the one this program reads", rec.Format, recordFormat)
	}
	if rec.ID == "" || rec.Experiment == "" {
		return record{}, errors.New("it names no id and experiment")
	}
	rec.Config = settings(rec.Config)
	return rec, nil
}

// settings turns what was decoded into a json.RawMessage, or nil for null.
func settings(decoded any) any {
	raw, ok := decoded.(*json.RawMessage)
	if !ok || raw == nil || len(*raw) == 0 {
		return nil
	}
	return *raw
}

func readRecord(path string) (record, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return record{}, fmt.Errorf("runlog: %w", err)
	}
	rec, err := parseRecord(b)
	if err != nil {
		return record{}, fmt.Errorf("runlog: %s is damaged or not a run of ganbook: %w; restore it from a copy or delete the run", path, err)
	}
	return rec, nil
}

func (rec record) write(path string) error {
	rec.Format = recordFormat
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("runlog: %s: the settings cannot be written as JSON: %w", path, err)
	}
	return WriteFile(path, append(b, '\n'))
}

// update changes run.json on disk and in memory, or neither.
func (r *Run) update(change func(*record)) error {
	if err := r.writable(); err != nil {
		return fmt.Errorf("runlog: %s: %w", r.path(runFile), err)
	}
	r.recordMu.Lock()
	defer r.recordMu.Unlock()
	next := r.record
	change(&next)
	if err := next.write(r.path(runFile)); err != nil {
		return err
	}
	r.record = next
	return nil
}

// SetInfo changes what run.json says, for what is known only after Create. The ID stays. A Resumption added to Resumed
// clears the result of the sitting before.
func (r *Run) SetInfo(change func(*Info)) error {
	return r.update(func(rec *record) {
		id, before := rec.ID, len(rec.Resumed)
		rec.Resumed = slices.Clone(rec.Resumed)
		change(&rec.Info)
		rec.ID = id
		if len(rec.Resumed) > before {
			rec.Result = nil
		}
	})
}

// goesOn clears the result of the sitting before, if there is one.
func (r *Run) goesOn() error {
	if _, ended := r.Result(); !ended {
		return nil
	}
	return r.update(func(rec *record) { rec.Result = nil })
}

// Finish writes into run.json how the run ended: "done", "stopped" or "failed: …", with its final numbers.
func (r *Run) Finish(status string, final map[string]float64) error {
	return r.update(func(rec *record) {
		rec.Result = &Result{Status: status, Finished: time.Now().UTC(), Final: maps.Clone(final)}
	})
}

// Result returns how the run ended; ok is false while it runs and after it was killed.
func (r *Run) Result() (result Result, ok bool) {
	r.recordMu.Lock()
	defer r.recordMu.Unlock()
	if r.record.Result == nil {
		return Result{}, false
	}
	return *r.record.Result, true
}

// Status returns "running" while a process writes the run, else the status of Finish, or "interrupted" when the
// writer was killed. It looks at the disk, so a run opened for reading stays current.
func (r *Run) Status() string {
	if r.writable() == nil || held(r.path(lockFile)) {
		return "running"
	}
	rec, err := readRecord(r.path(runFile))
	switch {
	case err != nil:
		return "damaged"
	case rec.Result == nil:
		return "interrupted"
	}
	return strings.TrimSpace(rec.Result.Status)
}
