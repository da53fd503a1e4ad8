package kernelext

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ganbook/ganbook/kernelext/jobs"
)

// Detach runs body in a process of its own, which goes on when the cell is interrupted, the kernel restarted or the
// browser closed, and returns at once:
//
//	kernelext.Detach("dcgan", func(ctx context.Context) error {
//		_, err := experiments.Train(ctx, "dcgan", Options())
//		return err
//	})
//	kernelext.Attach("dcgan", "G/loss", "D/loss")
//
// While a body of that name runs, Detach starts no other and says so; the same cell run again therefore only watches.
// ctx ends when the training is stopped; body then saves and returns.
//
// The process is a copy of the cell's own program, so everything the cell declares is there. It runs the cell from its
// beginning up to this call: variables of earlier cells are made anew by their initialisers, and statements before
// Detach are executed a second time, so put it first. In it other calls of Detach, Attach and Stop do nothing, and
// nothing is displayed: what it prints goes into runs/.jobs/NAME-1/run.log. That folder stays for two weeks after the end,
// for three months after a failure; the run itself stays until you delete it.
//
// Detach panics, so that the cell fails, when the process cannot be started.
func Detach(name string, body func(ctx context.Context) error) {
	if own := jobs.Own(); own != nil {
		if own.Name == name {
			own.Main(body) // does not return
		}
		return
	}
	j, started, err := jobs.Start(jobs.Root, name)
	if err != nil {
		panic(fmt.Errorf("kernelext: detach: %w", err))
	}
	if !started {
		fmt.Printf("%s is running already, since %s: nothing was started.\n", name, clock(j.Started))
		return
	}
	fmt.Printf("%s runs in a process of its own now. kernelext.Attach(%q) shows it in any cell, kernelext.Stop(%q) ends it with a snapshot.\n", name, name, name)
}

// Stop ends a training with a snapshot and waits until it is saved. The name is that of Detach, or a run as in Attach.
// A training that has ended already is left as it is.
//
// Stop panics, so that the cell fails, when there is no such training, when it runs on another machine, and when it does
// not end within two minutes. The stop button ends only the waiting.
func Stop(name string) {
	if jobs.Own() != nil {
		return
	}
	ctx, cancel := Context()
	defer cancel()
	t, err := jobs.Look(jobs.Root, name)
	if err == nil {
		err = t.Stop(ctx)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Println(err)
		leave()
	case errors.Is(err, jobs.ErrNotRunning):
		fmt.Println(err)
	case err != nil:
		panic(fmt.Errorf("kernelext: stop: %w", err))
	default:
		fmt.Printf("%s has ended (%s); %s.\n", t.Name(), t.Status(), snapshot(t))
	}
}

// snapshot says where a training can be gone on from.
func snapshot(t *jobs.Training) string {
	if images, ok := t.Saved(); ok {
		return fmt.Sprintf("its newest snapshot is that after %s images, in %s", thousands(images), t.Dir)
	}
	return "it has no snapshot"
}

// clock is a time of this day, or with its day.
func clock(t time.Time) string {
	t = t.Local()
	if now := time.Now(); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 January 15:04")
}
