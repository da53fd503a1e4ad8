package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// A person sees one line of what runs, the document's log lines and where to look.
func TestRunForPeople(t *testing.T) {
	root := t.TempDir()
	out := mustCall(t, "run", "dcgan", "--scale=smoke", "--out", root)
	lines := strings.Split(out, "\n")
	for _, w := range []string{"dcgan", "scale smoke", "backend go:num_executors=", "SIMD ", "faces", "synthetic", "160 images of 64×64", "20 iterations", "seed 999", "00001-dcgan"} {
		if !strings.Contains(lines[0], w) {
			t.Errorf("the first line lacks %q: %s", w, lines[0])
		}
	}
	logLine := regexp.MustCompile(`^\[0/1\]\[\d+/20\]\tLoss_D: \d+\.\d{4}\tLoss_G: \d+\.\d{4}\tD\(x\): 0\.\d{4}\tD\(G\(z\)\): 0\.\d{4} / 0\.\d{4}$`)
	logged := 0
	for _, l := range lines {
		if logLine.MatchString(l) {
			logged++
		}
	}
	if logged != 4 { // batches 0, 5, 10 and 15
		t.Errorf("%d log lines, want 4:\n%s", logged, out)
	}
	dir := filepath.Join(root, "00001-dcgan")
	for _, w := range []string{"done: 160 images", "run folder: " + dir, "losses.png", "progression.gif", "real_vs_fake.png", "./ganbook generate " + dir} {
		if !strings.Contains(out, w) {
			t.Errorf("the end lacks %q:\n%s", w, out)
		}
	}
	for _, f := range []string{"figures/losses.png", "figures/progression.png", "figures/real_vs_fake.png", "samples/00000160.png"} {
		file, err := os.Open(filepath.Join(dir, f))
		if err != nil {
			t.Error(err)
			continue
		}
		if img, err := png.Decode(file); err != nil || img.Bounds().Dx() < 100 {
			t.Errorf("%s is no picture to look at: %v", f, err)
		}
		file.Close()
	}
}

// A program reads one JSON object a line: a start, every point, every sample, an end.
func TestRunForPrograms(t *testing.T) {
	root := t.TempDir()
	out := mustCall(t, "run", "dcgan", "--scale=smoke", "--json", "--seed=5", "--set=lr=0.0001", "--out", root)
	list := events(t, out)
	if n := countEvents(list); n["start"] != 1 || n["point"] != 20 || n["sample"] != 3 || n["done"] != 1 || len(list) != 25 {
		t.Fatalf("events %v", n)
	}
	start, end := list[0], list[len(list)-1]
	settings := start["settings"].(map[string]any)
	if start["event"] != "start" || settings["seed"] != 5.0 || start["iterations"] != 20.0 ||
		settings["game"].(map[string]any)["LearningRate"] != 0.0001 {
		t.Errorf("start: %v", start)
	}
	if end["event"] != "done" || end["run"] != filepath.Join(root, "00001-dcgan") || len(end["figures"].([]any)) < 4 {
		t.Errorf("end: %v", end)
	}
	recorded := points(t, filepath.Join(root, "00001-dcgan"))
	i := 0
	for _, e := range list {
		switch e["event"] {
		case "point":
			if e["values"].(map[string]any)["D/loss"] != recorded[i].Values["D/loss"] || e["images"] != float64(recorded[i].Images) {
				t.Errorf("point %d differs from the record: %v, %v", i, e, recorded[i])
			}
			i++
		case "sample":
			if _, err := os.Stat(e["path"].(string)); err != nil {
				t.Error(err)
			}
		}
	}
}

// cutter is a standard output that ends the run's context when so many points were written.
type cutter struct {
	bytes.Buffer
	after  int
	cancel context.CancelCauseFunc
}

func (c *cutter) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(`"event":"point"`)) {
		if c.after--; c.after == 0 {
			c.cancel(interrupted{os.Interrupt})
		}
	}
	return c.Buffer.Write(p)
}

// An interrupted run keeps a snapshot, says how to go on, and resumed is the run that was never stopped.
func TestInterruptAndResume(t *testing.T) {
	_, whole := smoke(t)
	root := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	out, errOut := &cutter{after: 7, cancel: cancel}, &bytes.Buffer{}
	status := execute(ctx, []string{"run", "dcgan", "--scale=smoke", "--json", "--out", root}, out, errOut)
	if status != statusSignal+2 {
		t.Fatalf("status %d, want %d\n%s", status, statusSignal+2, errOut)
	}
	list := events(t, out.String())
	dir := filepath.Join(root, "00001-dcgan")
	if end := list[len(list)-1]; end["event"] != "stopped" || end["resume"] != "./ganbook resume "+dir {
		t.Errorf("end: %v", end)
	}
	if listed := mustCall(t, "runs", "--runs", root); !strings.Contains(listed, "stopped") {
		t.Errorf("runs:\n%s", listed)
	}
	if n := len(points(t, dir)); n != 7 {
		t.Errorf("%d points before the stop, want 7", n)
	}

	mustCall(t, "resume", "1", "--runs", root)
	a, b := points(t, whole), points(t, dir)
	for i := range a {
		a[i].Seconds, b[i].Seconds = 0, 0
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("the resumed run differs from the whole one:\n%v\n%v", a, b)
	}
	for _, sheet := range []string{"00000008.png", "00000160.png"} {
		x, errX := os.ReadFile(filepath.Join(whole, "samples", sheet))
		y, errY := os.ReadFile(filepath.Join(dir, "samples", sheet))
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("sample sheet %s differs: %v %v", sheet, errX, errY)
		}
	}
	status, _, message := call(t, "resume", dir)
	if status != statusUsage || !strings.Contains(message, "is done") || !strings.Contains(message, "--images") {
		t.Errorf("resuming a finished run: status %d, %s", status, message)
	}
	mustCall(t, "resume", dir, "--images=176")
	if p := points(t, dir); p[len(p)-1].Images != 176 {
		t.Errorf("resumed to %d images, want 176", p[len(p)-1].Images)
	}
	run, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var s experiments.Settings
	if err := run.Info().DecodeConfig(&s); err != nil {
		t.Fatal(err)
	}
	resumed := run.Info().Resumed
	if len(resumed) != 2 || resumed[0].Images != 56 || resumed[1].Images != 160 || len(resumed[0].Changes) != 0 || s.Images != 176 || s.Epochs != 2 {
		t.Errorf("the record says of its resumptions %+v, and %d images in %d epochs", resumed, s.Images, s.Epochs)
	}
}

// A loss that is no number ends the run: which network, which iteration, and that there is nothing to go on from.
func TestARunThatDiverges(t *testing.T) {
	root := t.TempDir()
	status, out, errOut := call(t, "run", "dcgan", "--scale=smoke", "--set=lr=1e35", "--out", root)
	if status != statusFailure || !strings.Contains(errOut, "step G") || !strings.Contains(errOut, "NaN at iteration 1") ||
		!strings.Contains(errOut, "no snapshot") || !strings.Contains(out, "00001-dcgan") || strings.Contains(out, "resume") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if listed := mustCall(t, "runs", "--runs", root); !strings.Contains(listed, "failed: train: dcgan") {
		t.Errorf("runs:\n%s", listed)
	}
}

// A real process: the first signal stops with a snapshot and says how to go on, a closed pipe does not stop it.
func TestSignalsOfAProcess(t *testing.T) {
	root := t.TempDir()
	cmd := exec.Command(os.Args[0], "run", "dcgan", "--scale=smoke", "--images=1000000", "--out", root)
	cmd.Env = append(os.Environ(), "GANBOOK_TEST_AS_PROGRAM=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	head := make([]byte, 200)
	if _, err := pipe.Read(head); err != nil {
		t.Fatal(err)
	}
	pipe.Close() // from now on every line it writes fails
	dir := filepath.Join(root, "00001-dcgan")
	waitUntil(t, func() bool { return len(points(t, dir)) > 30 })
	if status, _, message := call(t, "resume", dir, "--images=2000000"); status != statusFailure || !strings.Contains(message, fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("resumed while process %d trains: status %d, %s", cmd.Process.Pid, status, message)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("it did not end within half a minute of a SIGTERM")
	}
	if status := cmd.ProcessState.ExitCode(); status != statusSignal+15 {
		t.Errorf("status %d, want %d", status, statusSignal+15)
	}
	if shown := mustCall(t, "runs", "show", "1", "--runs", root); !strings.Contains(shown, "stopped") {
		t.Errorf("the run is not stopped:\n%s", shown)
	}
	snapshots, err := filepath.Glob(filepath.Join(dir, "snapshots", "*", "weights.safetensors"))
	if err != nil || len(snapshots) == 0 {
		t.Errorf("no snapshot: %v", err)
	}
}

func waitUntil(t *testing.T, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ready() {
			return
		}
	}
	t.Fatal("waited half a minute for nothing")
}

// A stop whose snapshot cannot be written is a failure and says so: nothing claims that a snapshot is kept.
func TestAStopThatKeepsNoSnapshot(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		root := t.TempDir()
		dir := filepath.Join(root, "00001-dcgan")
		ctx, cancel := context.WithCancelCause(t.Context())
		out, errOut := &spoiler{dir: dir, cancel: cancel}, &bytes.Buffer{}
		args := []string{"run", "dcgan", "--scale=smoke", "--out", root}
		if asJSON {
			args = append(args, "--json")
		}
		if status := execute(ctx, args, out, errOut); status != statusFailure {
			t.Errorf("status %d, want %d", status, statusFailure)
		}
		if text := out.String(); strings.Contains(text, "is kept") || strings.Contains(text, `"event":"stopped"`) || asJSON != strings.Contains(text, `"event":"failed"`) {
			t.Errorf("it claims to be stopped:\n%s", text)
		}
		if !strings.Contains(errOut.String(), "the last snapshot failed") {
			t.Errorf("message: %s", errOut)
		}
		if listed := mustCall(t, "runs", "--runs", root); !strings.Contains(listed, "failed: ") || strings.Contains(listed, "stopped  ") {
			t.Errorf("runs:\n%s", listed)
		}
	}
}

// spoiler is a standard output that, at the first number of a run, puts a file where its snapshots go and ends it.
type spoiler struct {
	bytes.Buffer
	dir    string
	cancel context.CancelCauseFunc
}

func (s *spoiler) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("Loss_D")) || bytes.Contains(p, []byte(`"event":"point"`)) {
		_ = os.WriteFile(filepath.Join(s.dir, "snapshots"), nil, 0o644)
		s.cancel(interrupted{os.Interrupt})
	}
	return s.Buffer.Write(p)
}
