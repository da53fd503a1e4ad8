package shared_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ganbook/ganbook/kernelext/internal/shared"
)

// One holds the lock, a second waits and says so, and gets it when it is given back.
func TestLockIsHeldByOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "folder", ".lock")
	first, err := shared.Lock(t.Context(), file, func() { t.Error("nobody else holds it") })
	if err != nil {
		t.Fatal(err)
	}
	var given atomic.Bool
	waiting, second := make(chan struct{}), make(chan error)
	go func() {
		held, err := shared.Lock(context.Background(), file, func() { close(waiting) })
		if err == nil {
			held.Release()
		}
		if err == nil && !given.Load() {
			err = errors.New("two hold the lock")
		}
		second <- err
	}()
	<-waiting
	given.Store(true)
	first.Release()
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

func TestWaitingForALockCanBeStopped(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".lock")
	held, err := shared.Lock(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := shared.Lock(ctx, file, cancel); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want %v", err, context.Canceled)
	}
}

// A program that shares the lock keeps it after the process that took it is gone.
func TestALockIsSharedWithAProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".lock")
	held, err := shared.Lock(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "read line")
	held.Share(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	held.Release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := shared.Lock(ctx, file, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("the lock of a running program: %v, want %v", err, context.Canceled)
	}
	in.Close()
	cmd.Wait()
	again, err := shared.Lock(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}

func TestALockThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Lock(t.Context(), filepath.Join(file, ".lock"), nil); err == nil {
		t.Fatal("a lock below a file")
	}
}

func TestInUse(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "a", "program")
	if err := os.Mkdir(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho started\nread line\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if shared.InUse(program) {
		t.Error("in use before it was started")
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil { // the script runs, not a fork of this process
		t.Fatal(err)
	}
	for path, want := range map[string]bool{program: true, filepath.Dir(program): true, dir + "/a/prog": false, dir + "/b": false} {
		if got := shared.InUse(path); got != want {
			t.Errorf("%s in use: %v, want %v", path, got, want)
		}
	}
	in.Close()
	cmd.Wait()
	if shared.InUse(program) {
		t.Error("in use after it ended")
	}
}
