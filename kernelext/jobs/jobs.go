// Package jobs runs a cell's code in a process of its own that outlives the cell, the kernel and the browser, finds
// trainings by name wherever they were started, and ends them with a snapshot.
//
// A job is a folder beside the runs, runs/.jobs/dcgan-1: a copy of the program, what it prints (run.log), what it is
// (job.json) and a lock that its process holds as long as it lives, so that nobody has to guess from a process number
// whether it does.
//
// Folders of ended jobs do not stay for ever. When a job is started, those of jobs that ended well or were stopped are
// removed two weeks after their end, those of jobs that failed or died, whose log somebody may want to read, after three
// months. Their runs stay; Attach then finds these by their ids.
//
// The package imports the standard library and runlog only.
package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Root is the folder of all runs, relative to the working folder: that of the notebook in a cell.
const Root = "runs"

// Variable is the environment variable that names its folder to the process of a job. Whoever ends the processes of a
// kernel must leave alone those that have it.
const Variable = "GANBOOK_DETACHED"

// Names in a folder of runs and in that of a job.
const (
	jobsDir     = ".jobs"
	startLock   = "lock"
	recordFile  = "job.json"
	lockFile    = "lock"
	logFile     = "run.log"
	programFile = "program"
)

// How a job ended.
const (
	Done    = "done"
	Stopped = "stopped" // told to stop, and everything is kept
	Failed  = "failed"
	Died    = "died" // its process was killed or crashed and could not say how it ended
	Running = "running"
)

// Job is what job.json says of a job.
type Job struct {
	Name    string    `json:"name"`
	PID     int       `json:"pid"` // 0: the process has not begun yet
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	From    string    `json:"from"`             // notebook or folder that it was started from
	Run     string    `json:"run,omitempty"`    // folder of the run it trains, "" before there is one
	Ended   time.Time `json:"ended,omitzero"`   //
	Status  string    `json:"status,omitempty"` // Done, Stopped or Failed; "" while it runs and when it died
	Error   string    `json:"error,omitempty"`

	dir string
}

// Dir is the folder of the job.
func (j *Job) Dir() string { return j.dir }

// Log is the file with what the job printed.
func (j *Job) Log() string { return filepath.Join(j.dir, logFile) }

// State is Running while the job's process lives, else how it ended.
func (j *Job) State() string {
	switch {
	case held(filepath.Join(j.dir, lockFile)):
		return Running
	case j.Status == "":
		return Died
	}
	return j.Status
}

// LogEnd returns the last lines of what the job printed, at most so many bytes.
func (j *Job) LogEnd(size int64) string {
	f, err := os.Open(j.Log())
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	start := max(0, info.Size()-size)
	b, _ := io.ReadAll(io.NewSectionReader(f, start, size))
	text := strings.ToValidUTF8(string(b), "�")
	if start > 0 { // not from the middle of a line
		_, text, _ = strings.Cut(text, "\n")
	}
	return strings.TrimSpace(text)
}

// Open reads the job of a folder.
func Open(dir string) (*Job, error) {
	path := filepath.Join(dir, recordFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	j := &Job{dir: dir}
	if err := json.Unmarshal(b, j); err != nil {
		return nil, fmt.Errorf("jobs: %s is damaged: %w; delete its folder", path, err)
	}
	return j, nil
}

// end is when a job that does not run any more ended: of one that died, when it was last heard of.
func (j *Job) end() time.Time {
	if !j.Ended.IsZero() {
		return j.Ended
	}
	last := j.Started
	for _, name := range []string{logFile, recordFile} {
		if info, err := os.Stat(filepath.Join(j.dir, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// Refresh reads again what job.json says. The state must be asked for before: a job that ended since has written it.
func (j *Job) Refresh() error {
	now, err := Open(j.dir)
	if err == nil {
		*j = *now
	}
	return err
}

func (j *Job) write() error {
	b, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("jobs: %s: %w", j.dir, err)
	}
	return runlog.WriteFile(filepath.Join(j.dir, recordFile), append(b, '\n'))
}

// folderName matches the folder of a job: its name, made fit for a folder, and a number.
var (
	folderName = regexp.MustCompile(`^(.+)-([0-9]+)$`)
	unusable   = regexp.MustCompile(`[^A-Za-z0-9._]+`)
)

// folder is a job's name as part of a folder's.
func folder(name string) string { return strings.Trim(unusable.ReplaceAllString(name, "-"), "-.") }

// List returns the jobs of a folder of runs, oldest first. Folders without a readable job.json are left out.
func List(root string) ([]*Job, error) {
	root = filepath.Join(root, jobsDir)
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	var jobs []*Job
	for _, e := range entries {
		if !folderName.MatchString(e.Name()) {
			continue
		}
		if j, err := Open(filepath.Join(root, e.Name())); err == nil {
			jobs = append(jobs, j)
		}
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int { return a.Started.Compare(b.Started) })
	return jobs, nil
}

// nextFolder is the folder for a new job of that name.
func nextFolder(root, name string) (string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return "", fmt.Errorf("jobs: %w", err)
	}
	last := 0
	for _, e := range entries {
		if m := folderName.FindStringSubmatch(e.Name()); m != nil && m[1] == folder(name) {
			n, _ := strconv.Atoi(m[2])
			last = max(last, n)
		}
	}
	return filepath.Join(root, fmt.Sprintf("%s-%d", folder(name), last+1)), nil
}
