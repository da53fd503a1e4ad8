package jobs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// makeJob writes the folder of a job that this process, if holding, keeps alive.
func makeJob(t *testing.T, root, folder string, j Job, holding bool) *Job {
	t.Helper()
	j.dir = filepath.Join(root, jobsDir, folder)
	if err := errors.Join(os.MkdirAll(j.dir, 0o755), j.write()); err != nil {
		t.Fatal(err)
	}
	if holding {
		f, err := lock(filepath.Join(j.dir, lockFile))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
	}
	return &j
}

func TestListAndFind(t *testing.T) {
	root := t.TempDir()
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	makeJob(t, root, "dcgan-1", Job{Name: "dcgan", Started: day, Status: Done}, false)
	makeJob(t, root, "dcgan-10", Job{Name: "dcgan", Started: day.Add(2 * time.Hour)}, false)
	makeJob(t, root, "dcgan-2", Job{Name: "dcgan", Started: day.Add(time.Hour)}, true)
	makeJob(t, root, "a-b-1", Job{Name: "a b", Started: day.Add(3 * time.Hour), Status: Failed}, false)
	damaged := filepath.Join(root, jobsDir, "dcgan-7")
	if err := errors.Join(os.Mkdir(damaged, 0o755), os.WriteFile(filepath.Join(damaged, recordFile), []byte("{"), 0o644)); err != nil {
		t.Fatal(err)
	}
	all, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range all {
		got = append(got, filepath.Base(j.Dir())+" "+j.State())
	}
	if want := "dcgan-1 done, dcgan-2 running, dcgan-10 died, a-b-1 failed"; strings.Join(got, ", ") != want {
		t.Errorf("jobs %s, want %s", strings.Join(got, ", "), want)
	}
	for name, want := range map[string]string{"dcgan": "dcgan-10", "": "a-b-1", "a b": "a-b-1"} {
		if tr, err := Find(root, name); err != nil || filepath.Base(tr.Job.Dir()) != want {
			t.Errorf("%q: %+v, %v; want %s", name, tr, err, want)
		}
	}
	if next, err := nextFolder(filepath.Join(root, jobsDir), "dcgan"); err != nil || filepath.Base(next) != "dcgan-11" {
		t.Errorf("the next folder is %s, %v", next, err)
	}
	if running, err := running(root, "dcgan"); err != nil || running == nil || filepath.Base(running.Dir()) != "dcgan-2" {
		t.Errorf("running: %+v, %v", running, err)
	}
}

func TestStartRefusesNamesWithoutLetters(t *testing.T) {
	if _, _, err := Start(t.TempDir(), "/ -"); err == nil || !strings.Contains(err.Error(), "no letter or digit") {
		t.Errorf("%v", err)
	}
}

func TestStopRefusesAnotherMachine(t *testing.T) {
	root := t.TempDir()
	makeJob(t, root, "dcgan-1", Job{Name: "dcgan", PID: 1, Host: "elsewhere"}, true)
	tr, err := Find(root, "dcgan")
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "on another machine: process 1 on elsewhere") {
		t.Errorf("%v", err)
	}
}

// A job that has not said who it is cannot be stopped, but the wait for it can.
func TestStopOfAJobWithoutProcess(t *testing.T) {
	root := t.TempDir()
	host, _ := os.Hostname()
	makeJob(t, root, "dcgan-1", Job{Name: "dcgan", Host: host}, true)
	tr, err := Find(root, "dcgan")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tr.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "was not told to stop") {
		t.Errorf("%v", err)
	}
	late := make(chan time.Time, 1)
	late <- time.Now()
	if _, _, err := tr.process(t.Context(), late); err == nil || !strings.Contains(err.Error(), "kill -TERM") {
		t.Errorf("%v", err)
	}
}

// Folders of jobs go some time after their end, those that somebody may want to look into later than the others.
func TestTidy(t *testing.T) {
	root := t.TempDir()
	host, _ := os.Hostname()
	now := time.Now()
	weeks := func(n int) time.Time { return now.Add(-time.Duration(n) * 7 * 24 * time.Hour) }
	for folder, j := range map[string]Job{
		"kept-1": {Ended: weeks(1), Status: Done},
		"kept-2": {Ended: weeks(12), Status: Failed},
		"kept-3": {Started: weeks(20), Host: host}, // died: heard of when job.json was written
		"kept-4": {Started: weeks(20), Ended: weeks(1), Status: Stopped},
		"gone-1": {Ended: weeks(3), Status: Done},
		"gone-2": {Ended: weeks(3), Status: Stopped},
		"gone-3": {Ended: weeks(14), Status: Failed},
	} {
		j.Name = folder
		makeJob(t, root, folder, j, false)
	}
	for folder, host := range map[string]string{"gone-4": host, "kept-5": "elsewhere"} { // died long ago
		j := makeJob(t, root, folder, Job{Name: folder, Started: weeks(20), Host: host}, false)
		if err := os.Chtimes(filepath.Join(j.Dir(), recordFile), weeks(14), weeks(14)); err != nil {
			t.Fatal(err)
		}
	}
	alive := makeJob(t, root, "kept-6", Job{Name: "kept-6", Started: weeks(20), Host: host}, true)
	if err := os.Chtimes(filepath.Join(alive.Dir(), recordFile), weeks(20), weeks(20)); err != nil {
		t.Fatal(err)
	}
	tidy(root, now)
	entries, err := os.ReadDir(filepath.Join(root, jobsDir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := "kept-1 kept-2 kept-3 kept-4 kept-5 kept-6"; strings.Join(got, " ") != want {
		t.Errorf("left: %q, want %s", got, want)
	}
}

// What a job starts inherits the variable, and must not take itself for the job.
func TestAProgramStartedByAJobIsNoJob(t *testing.T) {
	j := makeJob(t, t.TempDir(), "dcgan-1", Job{Name: "dcgan", PID: 4242}, true)
	if adopt(j.Dir()) != nil || adopt(t.TempDir()) != nil {
		t.Error("this process takes itself for a job")
	}
}

func TestLogEnd(t *testing.T) {
	j := makeJob(t, t.TempDir(), "dcgan-1", Job{Name: "dcgan"}, false)
	if got := j.LogEnd(100); got != "" {
		t.Errorf("no log: %q", got)
	}
	if err := os.WriteFile(j.Log(), []byte("the first line\nthe second\nthe third\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int64]string{100: "the first line\nthe second\nthe third", 24: "the second\nthe third", 15: "the third"} {
		if got := j.LogEnd(size); got != want {
			t.Errorf("the last %d bytes: %q, want %q", size, got, want)
		}
	}
}

// A job keeps nothing that ends with the cell: neither GoNB's pipes nor the kernel's folder for temporary files.
func TestEnvironment(t *testing.T) {
	got := environment([]string{"A=1", "TMPDIR=/tmp/ganbook-kernel-1", "GONB_PIPE=x", "GONB_PIPE_BACK=y", "GANBOOK_TMPDIR=/tmp", "GANBOOK_DETACHED=/r", "B=2"})
	want := []string{"A=1", "TMPDIR=/tmp/ganbook-kernel-1", "GANBOOK_TMPDIR=/tmp", "B=2", "TMPDIR=/tmp"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
