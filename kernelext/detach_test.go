package kernelext

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// cellVariable makes the test binary the program of a cell: its value says which.
const cellVariable = "GANBOOK_TEST_CELL"

func TestMain(m *testing.M) {
	switch cell := os.Getenv(cellVariable); cell {
	case "":
		os.Exit(m.Run())
	case "command": // a training that nobody detached
		ctx, cancel := Context()
		defer cancel()
		fmt.Println(training(ctx))
	default:
		fmt.Println("the cell begins")
		Detach("another", func(context.Context) error { return errors.New("the wrong body") })
		Detach("dcgan", bodies[cell])
		fmt.Println("the cell ends")
		if os.Getenv("GONB_PIPE") != "" { // in the cell, not in the job
			time.Sleep(time.Minute) // until it is killed
		}
	}
}

var bodies = map[string]func(context.Context) error{
	"train": training,
	"fail": func(context.Context) error {
		fmt.Println("about to fail")
		return errors.New("the disk is full of faces")
	},
	"panic": func(context.Context) error { panic("no such layer") },
	"crash": func(ctx context.Context) error {
		go func() { panic("a goroutine of its own") }()
		return training(ctx)
	},
	"environment": func(context.Context) error {
		session, err := syscall.Getpgid(0)
		fmt.Printf("pipe %q, leader %v, folder %v\n", os.Getenv("GONB_PIPE"), session == os.Getpid(), os.Getenv(jobs.Variable) == jobs.Own().Dir())
		return err
	},
}

// training is a body as experiments.Train is one: a point every ten milliseconds until it is stopped, then a snapshot.
// The file "finish" brings it to its goal.
func training(ctx context.Context) error {
	run, err := runlog.Create(jobs.Root, runlog.Info{Experiment: "dcgan", Config: map[string]int{"images": 640_000}})
	if err != nil {
		return err
	}
	defer run.Close()
	runlog.Observe(ctx, run.Dir())
	fmt.Println("training")
	if err := run.Finding(runlog.Finding{Kind: "imbalance", Title: "imbalance", Cause: "D wins."}); err != nil {
		return err
	}
	if err := run.Image("", 0, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		return err
	}
	for i := int64(1); ; i++ {
		if err := run.Point(runlog.Point{Iteration: i, Images: 64 * i, Seconds: float64(i) / 100, Values: runlog.Values{"D/loss": 1}}); err != nil {
			return err
		}
		if _, err := os.Stat("finish"); err == nil {
			return run.Finish("done", nil)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			time.Sleep(200 * time.Millisecond) // saving takes a while
			weights := runlog.Float32s("w", []int{1}, []float32{1})
			return errors.Join(run.Save(64*i, []runlog.Tensor{weights}, nil, 0), run.Finish("stopped", nil), ctx.Err())
		}
	}
}

// startCell starts the program of a cell in the working folder, in a process group of its own as GoNB does.
func startCell(t *testing.T, cell string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), cellVariable+"="+cell, "GONB_PIPE=/nowhere", "GONB_PIPE_BACK=/nowhere")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

// notebookFolder makes a folder the working one, in no checkout; what is left running in it ends with the test.
func notebookFolder(t *testing.T) {
	t.Helper()
	t.Setenv("GANBOOK_ROOT", "")
	t.Chdir(t.TempDir())
	t.Cleanup(func() {
		all, _ := jobs.List(jobs.Root)
		for _, j := range all {
			if j.State() == jobs.Running && j.PID > 0 {
				syscall.Kill(j.PID, syscall.SIGKILL)
				until(t, "the killed job is gone", func() bool { return j.State() != jobs.Running })
			}
		}
	})
}

// until waits for something that other processes bring about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// detached waits for the job's run to have points.
func detached(t *testing.T) *jobs.Training {
	t.Helper()
	var found *jobs.Training
	until(t, "the job has a run with points", func() bool {
		tr, err := jobs.Find(jobs.Root, "dcgan")
		if err != nil || tr.Dir == "" {
			return false
		}
		found = tr
		return pointsOf(t, tr) > 0
	})
	return found
}

func pointsOf(t *testing.T, tr *jobs.Training) int {
	t.Helper()
	run, err := runlog.Open(tr.Dir)
	if err != nil {
		t.Fatal(err)
	}
	points, err := run.Points()
	if err != nil {
		t.Fatal(err)
	}
	return len(points)
}

// watcher attaches in the background; ended gives its error, states what it showed.
func watcher(ctx context.Context, name string) (states *[]string, ended chan error) {
	p := Live("D/loss")
	states, ended = record(p), make(chan error, 1)
	go func() { ended <- attach(ctx, name, p) }()
	return states, ended
}

func last(states *[]string) string { return (*states)[len(*states)-1] }

func TestDetachedTrainingOutlivesItsCell(t *testing.T) {
	notebookFolder(t)
	cell := startCell(t, "train")
	tr := detached(t)
	if tr.Job == nil || tr.Job.PID == cell.Process.Pid || tr.Job.State() != jobs.Running {
		t.Fatalf("job %+v of cell %d", tr.Job, cell.Process.Pid)
	}
	// The stop button, a lost terminal and a killed kernel reach the cell, and at most these the job.
	syscall.Kill(-cell.Process.Pid, syscall.SIGINT)
	syscall.Kill(tr.Job.PID, syscall.SIGHUP)
	syscall.Kill(-cell.Process.Pid, syscall.SIGKILL)
	cell.Wait()
	before := pointsOf(t, tr)
	until(t, "the training goes on", func() bool { return pointsOf(t, tr) > before+5 })

	ctx, stopButton := context.WithCancel(t.Context())
	left, leftEnd := watcher(ctx, "dcgan")
	_, end := watcher(t.Context(), "1") // by its number, in another notebook
	first, firstEnd := watcher(t.Context(), "")
	until(t, "three watchers see the run", func() bool { return len(leftEnd)+len(end)+len(firstEnd) == 0 && pointsOf(t, tr) > before+50 })
	stopButton()
	if err := <-leftEnd; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"the training goes on", `kernelext.Attach(&#34;dcgan&#34;)`, `kernelext.Stop(&#34;dcgan&#34;)`, "./ganbook runs stop " + tr.Dir, "of 640,000 images", "data:image/png", "<b>imbalance</b>"} {
		if !strings.Contains(last(left), want) {
			t.Errorf("after the stop button the panel lacks %q:\n%s", want, last(left))
		}
	}
	if strings.Contains(last(left), "stopped after") {
		t.Error("the panel says that the training was stopped")
	}
	if tr.Job.State() != jobs.Running {
		t.Fatal("the stop button ended the training, not only the watching")
	}
	if err := os.WriteFile("finish", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-end, <-firstEnd); err != nil {
		t.Error(err)
	}
	again, againEnd := watcher(t.Context(), "dcgan")
	if err := <-againEnd; err != nil {
		t.Error(err)
	}
	for _, states := range []*[]string{first, again} {
		if want := "00001-dcgan is done."; !strings.Contains(last(states), want) {
			t.Errorf("the last state lacks %q:\n%s", want, last(states))
		}
	}
	if err := tr.Refresh(); err != nil || tr.Job.Status != jobs.Done || tr.Job.Ended.IsZero() {
		t.Errorf("job %+v, %v", tr.Job, err)
	}
	if _, err := os.Stat(filepath.Join(tr.Job.Dir(), "program")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy of the program is still there: %v", err)
	}
}

func TestStopEndsATrainingWithASnapshot(t *testing.T) {
	notebookFolder(t)
	startCell(t, "train")
	tr := detached(t)
	other, err := jobs.Find(jobs.Root, "1")
	if err != nil {
		t.Fatal(err)
	}
	// Asked twice at once: the second request must not cut the saving short.
	twice := make(chan error, 1)
	go func() { twice <- other.Stop(t.Context()) }()
	if err := errors.Join(tr.Stop(t.Context()), <-twice); err != nil && !errors.Is(err, jobs.ErrNotRunning) {
		t.Fatal(err)
	}
	if images, ok := tr.Saved(); !ok || images == 0 || tr.Job.Status != jobs.Stopped {
		t.Errorf("saved at %d images (%v), job %+v", images, ok, tr.Job)
	}
	states, ended := watcher(t.Context(), "dcgan")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := "./ganbook resume " + tr.Dir; !strings.Contains(last(states), "was stopped; go on") || !strings.Contains(last(states), want) {
		t.Errorf("the panel lacks %q:\n%s", want, last(states))
	}
	if err := tr.Stop(t.Context()); !errors.Is(err, jobs.ErrNotRunning) {
		t.Errorf("stopped once more: %v", err)
	}
}

func TestTrainingOfTheCommandLineIsWatchedAndStopped(t *testing.T) {
	notebookFolder(t)
	startCell(t, "command")
	tr := detached(t)
	if tr.Job != nil {
		t.Fatalf("nobody detached it, and yet there is the job %+v", tr.Job)
	}
	states, ended := watcher(t.Context(), tr.Dir)
	if err := tr.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || !strings.Contains(last(states), "was stopped") {
		t.Errorf("%v\n%s", err, last(states))
	}
	if _, ok := tr.Saved(); !ok {
		t.Error("no snapshot")
	}
}

func TestKilledJob(t *testing.T) {
	notebookFolder(t)
	startCell(t, "train")
	tr := detached(t)
	states, ended := watcher(t.Context(), "dcgan")
	syscall.Kill(tr.Job.PID, syscall.SIGKILL)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "its process ended without finishing") || !strings.Contains(err.Error(), "training") {
		t.Errorf("the watching cell ended with %v", err)
	}
	if !strings.Contains(last(states), "its process died without finishing") {
		t.Errorf("the panel does not say so:\n%s", last(states))
	}
	if tr.Job.State() != jobs.Died {
		t.Errorf("state %s", tr.Job.State())
	}
	startCell(t, "train")
	until(t, "the next one of that name runs", func() bool {
		next, err := jobs.Find(jobs.Root, "dcgan")
		return err == nil && next.Job.Dir() != tr.Job.Dir() && next.Dir != ""
	})
	if _, err := os.Stat(filepath.Join(tr.Job.Dir(), "program")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy of the killed program is still there: %v", err)
	}
}

func TestTwoCellsOfOneName(t *testing.T) {
	notebookFolder(t)
	for range 4 {
		startCell(t, "train")
	}
	tr := detached(t)
	until(t, "every cell has asked", func() bool { return pointsOf(t, tr) > 100 })
	all, err := jobs.List(jobs.Root)
	if err != nil {
		t.Fatal(err)
	}
	running := 0
	for _, j := range all {
		if j.Name == "dcgan" && j.State() == jobs.Running {
			running++
		}
	}
	if runs, err := runlog.List(jobs.Root); running != 1 || len(runs) != 1 || err != nil {
		t.Errorf("%d jobs and %d runs, %v; want one of each", running, len(runs), err)
	}
}

func TestBodyThatFails(t *testing.T) {
	for cell, wants := range map[string][]string{
		"fail":  {"dcgan failed: the disk is full of faces", "about to fail"},
		"panic": {"dcgan failed: panic: no such layer", "detach_test.go"},
		"crash": {"its process ended without finishing", "panic: a goroutine of its own"},
	} {
		t.Run(cell, func(t *testing.T) {
			notebookFolder(t)
			startCell(t, cell)
			until(t, "the job is there", func() bool { _, err := jobs.Find(jobs.Root, "dcgan"); return err == nil })
			_, ended := watcher(t.Context(), "dcgan")
			err := <-ended
			for _, want := range wants {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the cell fails with %v, which lacks %q", err, want)
				}
			}
		})
	}
}

func TestJobHasNoNotebookAndASessionOfItsOwn(t *testing.T) {
	notebookFolder(t)
	startCell(t, "environment")
	until(t, "the job is there", func() bool { _, err := jobs.Find(jobs.Root, "dcgan"); return err == nil })
	_, ended := watcher(t.Context(), "dcgan")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	tr, err := jobs.Find(jobs.Root, "dcgan")
	if err != nil {
		t.Fatal(err)
	}
	if printed := tr.Job.LogEnd(1000); !strings.Contains(printed, `pipe "", leader true, folder true`) || strings.Contains(printed, "the cell ends") {
		t.Errorf("it printed %q", printed)
	}
}

// A notebook finds what the command line trains in the checkout, and "" is what was started last of all.
func TestTrainingsOfTheCheckout(t *testing.T) {
	notebookFolder(t)
	checkout := t.TempDir()
	t.Setenv("GANBOOK_ROOT", checkout)
	makeRun := func(root, experiment string, started time.Time) {
		t.Helper()
		run, err := runlog.Create(root, runlog.Info{Experiment: experiment, Started: started})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	makeRun(jobs.Root, "dcgan", day)
	makeRun(filepath.Join(checkout, "runs"), "wgan", day.Add(2*time.Hour))
	makeRun(filepath.Join(checkout, "notebooks", "runs"), "progan", day.Add(time.Hour))
	for name, want := range map[string]string{"": "00001-wgan", "1": "00001-dcgan", "dcgan": "00001-dcgan", "progan": "00001-progan", "00001-wgan": "00001-wgan"} {
		if tr, err := jobs.Look(jobs.Root, name); err != nil || tr.Name() != want {
			t.Errorf("%q: %+v, %v; want %s", name, tr, err, want)
		}
	}
}

func TestUnknownTraining(t *testing.T) {
	notebookFolder(t)
	for _, name := range []string{"", "dcgan", "3", "nowhere/00001-dcgan"} {
		if _, err := jobs.Look(jobs.Root, name); err == nil || !strings.Contains(err.Error(), "there is no training") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
