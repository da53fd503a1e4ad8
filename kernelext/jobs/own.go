package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// lockDescriptor is the job's lock in its process: the first file after the standard three.
const lockDescriptor = 3

// own is the job that this process is, nil in every other; untilStopped ends when it is told to stop.
var (
	own          *Job
	untilStopped context.Context
)

// A job takes itself up before the cell's own code, which may take its time or fail, is run.
func init() {
	if dir := os.Getenv(Variable); dir != "" {
		own = adopt(dir)
	}
}

// Own returns the job that this process is, nil when it is none.
func Own() *Job { return own }

// adopt makes this process the job of a folder, unless it only inherited the variable from the job that started it.
func adopt(dir string) *Job {
	j, err := Open(dir)
	if err != nil || j.PID != 0 {
		return nil
	}
	syscall.CloseOnExec(lockDescriptor) // what the job starts must not seem to be the job
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	// From now on, not only from Main: told to stop while it prepares, the job still ends as one that was stopped.
	untilStopped, _ = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	j.PID = os.Getpid()
	if err := j.write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return j
}

// Main runs the body of this process's job, records how it ended and exits. SIGTERM and SIGINT end the context; the
// body is then expected to save and return, and has all the time it needs.
func (j *Job) Main(body func(context.Context) error) {
	var mu sync.Mutex
	ctx := runlog.WithObserver(untilStopped, func(dir string) {
		mu.Lock()
		defer mu.Unlock()
		if path, err := filepath.Abs(dir); err == nil {
			dir = path
		}
		j.Run = dir
		if err := j.write(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	err := protect(ctx, body)
	mu.Lock()
	defer mu.Unlock()
	j.Ended, j.Status = time.Now().UTC(), j.outcome(ctx, err)
	code := 0
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		j.Error = err.Error()
	}
	if j.Status == Failed {
		code = 1
	}
	if err := j.write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Remove(filepath.Join(j.dir, programFile))
	os.Exit(code)
}

// outcome is how a body ended that returned err. A run says itself whether it was stopped with everything kept.
func (j *Job) outcome(ctx context.Context, err error) string {
	if err == nil {
		return Done
	}
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return Failed
	}
	if j.Run != "" {
		if run, err := runlog.Open(j.Run); err != nil || run.Status() != "stopped" {
			return Failed
		}
	}
	return Stopped
}

// protect makes a panic of the body its error; the stack goes into the job's log.
func protect(ctx context.Context, body func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			debug.PrintStack()
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return body(ctx)
}
