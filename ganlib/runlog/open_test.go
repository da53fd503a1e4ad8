package runlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever gets the lock of a run while it is deleted finds no run: nobody goes on with one that disappears.
func TestDeletedRunCannotBeResumed(t *testing.T) {
	for range 100 {
		r, err := Create(t.TempDir(), Info{Experiment: "dcgan"})
		must(t, err)
		must(t, r.Close())
		deleting, caught := make(chan struct{}), make(chan bool)
		go func() {
			<-deleting
			for {
				f, err := lockExclusive(filepath.Join(r.Dir(), lockFile))
				if err == nil {
					defer f.Close()
					caught <- exists(filepath.Join(r.Dir(), runFile))
					return
				}
				if !errors.Is(err, errHeld) {
					caught <- false
					return
				}
			}
		}()
		l, err := acquire(filepath.Join(r.Dir(), lockFile))
		must(t, err)
		close(deleting)
		must(t, remove(r.Dir(), l))
		if <-caught {
			t.Fatal("the lock of a run being deleted was free")
		}
		if exists(r.Dir()) {
			t.Fatal("the folder is still there")
		}
	}
}

func TestDeleteOfALink(t *testing.T) {
	r := newRun(t)
	must(t, r.Close())
	link := filepath.Join(t.TempDir(), "00001-dcgan")
	must(t, os.Symlink(r.Dir(), link))
	must(t, Delete(link))
	if exists(link) || exists(r.Dir()) {
		t.Errorf("link %v, run %v: want neither", exists(link), exists(r.Dir()))
	}
}

func TestLockNamesItsHolderAndEndsWithIt(t *testing.T) {
	r := newRun(t)
	must(t, r.Close())
	c := child("hold", r.Dir())
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	defer c.Process.Kill()
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	_, err = Resume(r.Dir())
	host, _ := os.Hostname()
	for _, want := range []string{fmt.Sprintf("process %d ", c.Process.Pid), host, r.Dir()} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
	if !errors.Is(err, ErrLocked) || !errors.Is(Delete(r.Dir()), ErrLocked) {
		t.Errorf("Resume and Delete of a held run: %v", err)
	}
	reader, err := Open(r.Dir())
	must(t, err)
	if s := reader.Status(); s != "running" {
		t.Errorf("status %q while it is held", s)
	}
	must(t, c.Process.Kill())
	c.Wait()
	if s := reader.Status(); s != "interrupted" {
		t.Errorf("status %q after the kill", s)
	}
	again, err := Resume(r.Dir())
	must(t, err)
	defer again.Close()
	if _, err := Resume(r.Dir()); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer in the same process: %v", err)
	}
}

// A resumption that fails before the run goes on leaves its result; one that goes on clears it.
func TestResultStaysUntilTheRunGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(*Run) error
		status string
	}{
		"nothing":    {func(*Run) error { return nil }, "done"},
		"settings":   {func(r *Run) error { return r.SetInfo(func(i *Info) { i.Lowering = "direct" }) }, "done"},
		"no rewind":  {func(r *Run) error { return r.Rewind(3) }, "done"},
		"a rewind":   {func(r *Run) error { return r.Rewind(2) }, "interrupted"},
		"a point":    {func(r *Run) error { return r.Point(point(4)) }, "interrupted"},
		"resumption": {func(r *Run) error { return r.SetInfo(func(i *Info) { i.Resumed = append(i.Resumed, Resumption{}) }) }, "interrupted"},
	} {
		r := newRun(t)
		for i := range int64(3) {
			must(t, r.Point(point(i+1)))
		}
		must(t, r.Finish("done", nil))
		must(t, r.Close())
		again, err := Resume(r.Dir())
		must(t, err)
		must(t, c.do(again))
		must(t, again.Close())
		if s := again.Status(); s != c.status {
			t.Errorf("%s: status %q, want %q", name, s, c.status)
		}
	}
}

func TestOpenRefusesWhatIsNoRun(t *testing.T) {
	r := newRun(t)
	must(t, r.Close())
	for name, c := range map[string]struct{ content, want string }{
		"empty": {"", "damaged"}, "torn": {`{"format":1,"id":"0`, "damaged"}, "array": {"[]", "damaged"},
		"no id": {`{"format":1}`, "no id"}, "future": {`{"format":2,"id":"a","experiment":"b"}`, "format 2"},
	} {
		must(t, os.WriteFile(filepath.Join(r.Dir(), runFile), []byte(c.content), 0o666))
		for _, open := range []func(string) (*Run, error){Open, Resume} {
			if _, err := open(r.Dir()); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), r.Dir()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a run folder") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := Delete(t.TempDir()); err == nil {
		t.Error("a folder that is no run was deleted")
	}
}
