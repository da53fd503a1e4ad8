package runlog

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCreateNumbersFolders(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs [a]*")
	for i, c := range []struct{ experiment, folder string }{
		{"dcgan", "00001-dcgan"},
		{"dcgan/radford2015", "00002-dcgan-radford2015"},
		{"../Über uns", "00003-ber-uns"},
	} {
		r, err := Create(root, Info{Experiment: c.experiment})
		must(t, err)
		if got := filepath.Base(r.Dir()); got != c.folder || r.Info().ID != c.folder {
			t.Errorf("run %d: folder %s, id %s, want %s", i, got, r.Info().ID, c.folder)
		}
		must(t, r.Close())
		must(t, r.Close())
	}
	if _, err := Create(root, Info{Experiment: "//"}); err == nil {
		t.Error("an experiment without letters was accepted")
	}
	must(t, Delete(filepath.Join(root, "00002-dcgan-radford2015")))
	must(t, os.MkdirAll(filepath.Join(root, "00007-empty"), 0o777))
	r, err := Create(root, Info{Experiment: "next"})
	must(t, err)
	defer r.Close()
	if r.Info().ID != "00008-next" {
		t.Errorf("after 00007 came %s", r.Info().ID)
	}
	runs, err := List(root)
	if len(runs) != 3 || err == nil || !strings.Contains(err.Error(), "00007-empty") {
		t.Errorf("List: %d runs, error %v; want 3 and one that names 00007-empty", len(runs), err)
	}
	if runs, err := List(filepath.Join(root, "none")); len(runs) != 0 || err != nil {
		t.Errorf("List of a missing root: %v, %v", runs, err)
	}
}

// Only names of our form take a number: looking for others' would never end.
func TestCreateBesideOtherFiles(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"000010.jpg", "00001.zip", "00001_old", "notes.txt", "99999999999999999999-x"} {
		must(t, os.WriteFile(filepath.Join(root, name), nil, 0o666))
	}
	ids := make(chan string, 2)
	go func() {
		defer close(ids)
		for range 2 {
			r, err := Create(root, Info{Experiment: "dcgan"})
			if err != nil {
				t.Error(err)
				return
			}
			ids <- r.Info().ID
			r.Close()
		}
	}()
	for _, want := range []string{"00001-dcgan", "00002-dcgan"} {
		select {
		case id := <-ids:
			if id != want {
				t.Errorf("run %s, want %s", id, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("Create does not find a number")
		}
	}
}

func TestCreateRemovesWhatKilledOnesLeft(t *testing.T) {
	root := t.TempDir()
	old := time.Now().Add(-2 * staleAfter)
	for _, name := range []string{".00001", ".00002", ".00003", deleted + "00004-dcgan"} {
		dir := filepath.Join(root, name)
		must(t, os.Mkdir(dir, 0o777))
		must(t, os.WriteFile(filepath.Join(dir, runFile), nil, 0o666))
		must(t, os.WriteFile(filepath.Join(dir, temporary+"run.json-1"), nil, 0o666))
		if name == ".00002" {
			must(t, os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o666))
		}
		if name != ".00003" { // another process may be at it
			must(t, os.Chtimes(dir, old, old))
		}
	}
	r, err := Create(root, Info{Experiment: "dcgan"})
	must(t, err)
	defer r.Close()
	left, _ := filepath.Glob(filepath.Join(root, ".*"))
	if want := []string{filepath.Join(root, ".00002"), filepath.Join(root, ".00003")}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	if !exists(filepath.Join(root, ".00002", "mine.txt")) || r.Info().ID != "00004-dcgan" {
		t.Errorf("run %s; a file of somebody else's was removed or a reserved number taken", r.Info().ID)
	}
}

// TestCreateFromManyProcesses wants 4 processes × 5 runs + 4 goroutines × 5 runs with 40 different numbers.
func TestCreateFromManyProcesses(t *testing.T) {
	root := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if out, err := child("create", root).CombinedOutput(); err != nil {
				t.Errorf("child: %v: %s", err, out)
			}
		})
		wg.Go(func() {
			for range 5 {
				r, err := Create(root, Info{Experiment: "dcgan"})
				if err != nil {
					t.Error(err)
					return
				}
				r.Close()
			}
		})
	}
	wg.Wait()
	runs, err := List(root)
	must(t, err)
	for i, r := range runs {
		if number(filepath.Base(r.Dir())) != i+1 {
			t.Fatalf("run %d of %d is %s", i+1, len(runs), r.Dir())
		}
	}
	if len(runs) != 40 {
		t.Errorf("%d runs, want 40", len(runs))
	}
	if left, _ := filepath.Glob(filepath.Join(root, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func child(mode, dir string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childMode+"="+mode, "GANBOOK_RUNLOG_DIR="+dir)
	return c
}

type config struct {
	Z    int
	Rate float64
	Big  int64
}

func TestRunFileRoundTrip(t *testing.T) {
	want := config{Z: 100, Rate: 2e-4, Big: 1<<62 + 1}
	r, err := Create(t.TempDir(), Info{
		Experiment: "dcgan", Scale: "smoke", Seed: -1 << 63, Config: want,
		Data: DataInfo{Name: "celeba", Images: 1112, Height: 64, Width: 64, Channels: 3}, Backend: "go", Executors: 2,
	})
	must(t, err)
	must(t, r.SetInfo(func(i *Info) { i.Lowering = "direct"; i.ID = "other" }))
	must(t, r.Finish("done", map[string]float64{"D/loss": nan, "fid": 12.5}))
	must(t, r.Close())

	reader, err := Open(r.Dir())
	must(t, err)
	if s := reader.Status(); s != "done" {
		t.Errorf("status %q", s)
	}
	result, ok := reader.Result()
	if !ok || result.Final["fid"] != 12.5 || result.Final["D/loss"] == result.Final["D/loss"] {
		t.Errorf("result %v", result)
	}
	for _, forbidden := range []error{
		reader.Point(Point{}), reader.Finish("done", nil), reader.Save(1, nil, nil, nan), reader.Rewind(0), reader.Image("", 1, nil),
	} {
		if !errors.Is(forbidden, ErrReadOnly) {
			t.Errorf("writing a run opened for reading: %v", forbidden)
		}
	}
	again, err := Resume(r.Dir()) // rewrites run.json
	must(t, err)
	defer again.Close()
	if reader, err = Open(r.Dir()); err != nil {
		t.Fatal(err)
	}
	var got config
	must(t, reader.Info().DecodeConfig(&got))
	a, b := r.Info(), reader.Info()
	a.Config, b.Config = nil, nil
	if got != want || !reflect.DeepEqual(a, b) || b.ID != "00001-dcgan" || b.Lowering != "direct" {
		t.Errorf("settings %+v, info %+v\nwant %+v, %+v", got, b, want, a)
	}
	if c := a.Changes(b); len(c) != 0 {
		t.Errorf("no change, but %v", c)
	}
	b.Executors, b.Host.Features = 8, []string{"avx2"}
	if c := a.Changes(b); len(c) != 2 || c[0] != "executors: was 2, is 8" {
		t.Errorf("changes %v", c)
	}
	b = a
	if b.Commit = "b"; len(a.Changes(b)) != 0 {
		t.Errorf("a program of an unknown commit changed: %v", a.Changes(b))
	}
	if a.Commit = "a"; !slices.Equal(a.Changes(b), []string{"program: was a, is b"}) {
		t.Errorf("another program: %v", a.Changes(b))
	}
}

func TestHost(t *testing.T) {
	h := Host()
	if h.OS == "" || h.Arch == "" || h.Cores < 1 || !strings.HasPrefix(h.Go, "go1.") || strings.ContainsAny(h.Go, " -") {
		t.Errorf("host %+v", h)
	}
	t.Logf("%+v, %d modules", h, len(Modules()))
}

func FuzzRunFile(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"00001-dcgan","experiment":"dcgan","config":{"z":100},"result":{"status":"done","final":{"fid":"NaN"}}}`))
	f.Add([]byte(`{"format":1,"id":"a","experiment":"b","config":null,"started":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := parseRecord(b)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), runFile)
		must(t, rec.write(path))
		again, err := readRecord(path)
		if err != nil || again.ID != rec.ID || again.Seed != rec.Seed {
			t.Fatalf("%+v was read back as %+v, %v", rec, again, err)
		}
	})
}
